"""What a consent says about itself."""

import pytest

from consent.models import Consent


@pytest.mark.parametrize(
    ("scopes", "words"),
    [
        (["balance"], "Balance"),
        (["balance", "transactions"], "Balance and transactions"),
        (["balance", "transactions", "details"], "Balance, transactions and account details"),
    ],
)
def test_clusters_are_one_phrase(scopes, words):
    assert Consent(scopes=scopes).clusters_in_words == words

"""A share that ends while it is used."""

import threading

from django.db import connection
from django.utils import timezone

from banking import ledger
from banking.models import Share, Transfer
from banking.sharing import services as sharing
from banking.tests.conftest import open_funded
from banking.tests.test_sharing import PIN, pay, share
from biometrics import pins
from fintrust.core.errors import NotFound
from fintrust.core.models import User


def test_a_payment_and_a_revocation_at_once_are_one_after_the_other(bank):
    """Whoever is second sees what the first did: a payment, or no right to one."""
    ada = User.objects.create_user("ada@example.org", "correct horse battery", name="Ada Byron")
    ben = User.objects.create_user("ben@example.org", "correct horse battery", name="Ben Okri")
    hers, his = open_funded(ada, 100_00), open_funded(ben, 0)
    pins.set_pin(user=ada, pin=PIN, password_ok=True)
    made = share(hers, ben)
    outcomes, start = [], threading.Barrier(2)

    def run(verb):
        start.wait()
        try:
            verb()
            outcomes.append("done")
        except NotFound:
            outcomes.append("gone")
        finally:
            connection.close()

    deeds = [lambda: sharing.revoke(share=made, by=ada), lambda: pay(ben, hers, his, 1_00)]
    threads = [threading.Thread(target=run, args=[deed]) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = Share.objects.get().ended_at
    paid = Transfer.objects.filter(kind="transfer").first()
    assert sorted(outcomes) == (["done", "done"] if paid else ["done", "gone"])
    assert ended
    assert paid is None or (paid.settled_at and paid.settled_at <= ended)
    assert ledger.balance_at(hers, timezone.now()).minor == (99_00 if paid else 100_00)

"""Two tabs say what a payment was for, with commits that are commits."""

from functools import partial
from itertools import pairwise

import pytest

from audit.models import Record
from banking.insights import selectors
from banking.insights.services import choose_category
from banking.models import CategoryChoice
from banking.tests.conftest import open_funded
from banking.tests.test_ledger_concurrency import at_once
from banking.transfers import services
from fintrust.core.models import User
from fintrust.core.money import Money

pytestmark = pytest.mark.usefixtures("bank")


def test_tabs_that_choose_at_once_leave_one_choice_and_an_unbroken_record():
    ada = User.objects.create_user("ada@example.org", name="Ada Byron")
    ben = User.objects.create_user("ben@example.org", name="Ben Okri")
    mine, his = open_funded(ada, 100_00), open_funded(ben, 0)
    amount = Money(10_00, "EUR")
    lunch = services.send_transfer(
        by=ada, source=mine, target=his, amount=amount, request_id="lunch"
    )
    flow = selectors.flow_of(ada, lunch)
    choose = partial(choose_category, customer=ada, flow=flow, everyone=False)
    names = ("gifts", "health", "cash", "groceries")
    at_once(*(partial(choose, category=name) for name in names))

    records = Record.objects.filter(action="banking.category.chosen").order_by("pk")
    chain = [(record.before["category"], record.after["category"]) for record in records]
    assert len(chain) == len(names)
    assert (chain[0][0], chain[-1][1]) == ("", CategoryChoice.objects.get().category)
    assert all(earlier[1] == later[0] for earlier, later in pairwise(chain))

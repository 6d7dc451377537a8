"""The mail that says that limits are about to get looser: to the customer, once, and unreadable as
anybody else's words."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.db import transaction
from django.urls import reverse

from fintrust.core.models import User
from fraud.limits.mail import mail_what_waits
from fraud.limits.own import CustomerPolicies
from fraud.limits.services import cancel_pending, set_policies
from fraud.models import LimitsMail
from fraud.tasks import mail_limits
from fraud.tests.factories import customer

pytestmark = pytest.mark.usefixtures("own_database")
START = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)


@pytest.fixture
def own_database(request):
    """Commits are commits where something is rolled back; elsewhere all is."""
    request.getfixturevalue("bank" if "bank" in request.fixturenames else "db")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(START, tick=False) as found:
        yield found


@pytest.fixture
def ada():
    return customer()


@pytest.fixture
def write(ada):
    def do(*, stepped_up=False, **own):
        asked = CustomerPolicies(**{"timezone": "Europe/London", **own})
        return set_policies(customer=ada, asked=asked, by=ada, stepped_up=stepped_up)

    return do


def test_looser_that_waits_is_mailed_once_to_its_customer(ada, write):
    write(max_transaction_amount={"EUR": 100_00})
    assert mail_limits() == 0
    write(max_transaction_amount={"EUR": 900_00})
    assert [mail_limits(), mail_limits()] == [1, 0]
    [letter] = mail.outbox
    assert letter.to == [ada.email]
    assert letter.subject == "FinTrust: your limits are about to get looser"
    assert "On 27 March 2026 at 09:00" in letter.body
    assert "From Saturday 28 March, 09:00:" in letter.body
    assert "- Largest payment: €900.00 (until then: €100.00)" in letter.body


def test_it_says_where_to_take_it_back_and_carries_no_key_to_it(write):
    write(max_transaction_amount={"EUR": 100_00})
    write()
    mail_what_waits()
    body = mail.outbox[0].body
    links = [word for word in body.split() if "://" in word]
    assert links == [f"{settings.SITE_URL}{reverse('limits')}"]


def test_times_are_on_the_customers_clock(ada, write):
    User.objects.filter(pk=ada.pk).update(timezone="Asia/Tokyo")
    write(max_transaction_amount={"EUR": 100_00})
    write()
    mail_what_waits()
    assert "at 18:00" in mail.outbox[0].body


@pytest.mark.parametrize(
    "change, stepped_up, mails",
    [
        ({"max_transaction_amount": {"EUR": 99_00}}, False, 0),
        ({"max_transaction_amount": {"EUR": 100_00}}, False, 0),
        ({"max_transaction_amount": {"EUR": 101_00}}, False, 1),
        ({"max_transaction_amount": {"EUR": 101_00}}, True, 0),  # it waits for nothing
        ({"max_transaction_amount": {"EUR": 101_00}, "daily_payments": 3}, False, 1),
    ],
)
def test_only_what_waits_is_mailed(write, change, stepped_up, mails):
    write(max_transaction_amount={"EUR": 100_00})
    write(stepped_up=stepped_up, **change)
    assert mail_what_waits() == mails


def test_what_is_tightened_meanwhile_needs_no_second_mail(write):
    write(max_transaction_amount={"EUR": 100_00})
    write(max_transaction_amount={"EUR": 900_00})
    write(max_transaction_amount={"EUR": 900_00}, daily_payments=3)
    assert mail_what_waits() == 1


def test_a_second_loosening_is_mailed_with_both_steps(write, clock):
    write(max_transaction_amount={"EUR": 100_00})
    write(max_transaction_amount={"EUR": 500_00})
    mail_what_waits()
    clock.shift(timedelta(hours=1))
    write(max_transaction_amount={"EUR": 900_00})
    mail_what_waits()
    body = mail.outbox[1].body
    assert "€500.00 (until then: €100.00)" in body and "€900.00 (until then: €500.00)" in body


def test_several_changes_between_two_sweeps_are_one_mail_that_names_all(write, clock):
    write(max_transaction_amount={"EUR": 100_00})
    for amount in (500_00, 900_00):
        write(max_transaction_amount={"EUR": amount})
        clock.shift(timedelta(seconds=1))
    assert [mail_what_waits(), mail_what_waits()] == [1, 0]
    assert "€500.00 (until then: €100.00)" in mail.outbox[0].body
    assert "€900.00 (until then: €500.00)" in mail.outbox[0].body
    assert not LimitsMail.objects.filter(mailed_at=None).exists()


def test_what_was_taken_back_at_once_is_told_all_the_same(ada, write):
    """Somebody was there."""
    write(max_transaction_amount={"EUR": 100_00})
    write()
    cancel_pending(customer=ada, by=ada)
    assert mail_what_waits() == 1


def test_names_of_places_are_not_repeated(write):
    write(allowed_locations=("Lisbon, PT",))
    write(allowed_locations=("Lisbon, PT", "Call +44 20 7946 0000 to cancel"))
    mail_what_waits()
    body = mail.outbox[0].body
    assert "7946" not in body and "Places: 2 you named (until then: 1 you named)" in body


def test_a_change_that_is_rolled_back_is_not_mailed(bank):
    ada = customer()
    with pytest.raises(RuntimeError), transaction.atomic():
        for limits in ({"EUR": 100_00}, {"EUR": 900_00}):
            asked = CustomerPolicies(timezone="Europe/London", max_transaction_amount=limits)
            set_policies(customer=ada, asked=asked, by=ada)
        raise RuntimeError
    assert not LimitsMail.objects.exists() and mail_what_waits() == 0


def test_an_address_that_takes_no_mail_does_not_keep_others_waiting(settings, write):
    write(max_transaction_amount={"EUR": 100_00})
    write()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens
    assert mail_what_waits() == 0
    assert LimitsMail.objects.get().mailed_at is None

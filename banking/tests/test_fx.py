"""Money across currencies: exact, balanced in each currency, and nobody gains by going around."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from audit.models import Record
from banking import ledger, selectors
from banking.errors import InsufficientFunds, ReversalOfReversal, UnknownCurrency
from banking.fx import quotes, terms
from banking.fx.errors import (
    InvalidRate,
    NoRate,
    QuoteExpired,
    QuoteMismatch,
    RateMoved,
    RateTooOld,
)
from banking.fx.selectors import middle_rate
from banking.fx.services import set_rate
from banking.models import Account, FxRate, Movement, Transfer
from banking.policy import FX, FeePolicy, FxPolicy
from banking.returns.errors import NotReturnable
from banking.returns.services import return_transfer, reverse_transfer
from banking.tests.conftest import open_funded
from banking.tests.test_api import ask, client_of
from banking.tests.test_pages import draft_of
from banking.transfers import services
from banking.verify import verify_ledger
from fintrust.core import roles
from fintrust.core.errors import Forbidden
from fintrust.core.ids import uuid7
from fintrust.core.money import AmountTooLarge, CurrencyMismatch, InvalidAmount, Money, exponent
from fintrust.tests.builders import person

CURRENCIES = ("EUR", "USD", "JPY", "BHD", "GBP", "INR")


@pytest.fixture
def rate(treasurer):
    def do(base, quote, value, **more):
        return set_rate(
            base=base, quote=quote, rate=Decimal(value), source="test", by=treasurer, **more
        )

    return do


@pytest.fixture
def dollars(ben, rate):
    """Ben's, and a euro is 1.10 dollars."""
    rate("EUR", "USD", "1.10")
    return open_funded(ben, 100_00, "USD")


@pytest.fixture
def cross(ada, hers, dollars):
    def do(minor=100_00, currency="EUR", **changes):
        request = {
            "by": ada,
            "source": hers,
            "target": dollars,
            "amount": Money(minor, currency),
            "request_id": str(uuid7()),
            "target_currency": "USD",
            **changes,
        }
        return services.send_transfer(**request)

    return do


def balance(account):
    account.refresh_from_db()
    return account.balance_minor


def sums():
    """What all accounts of each currency add up to: nothing, always."""
    rows = Account.objects.values_list("currency").annotate(total=Sum("balance_minor"))
    return {currency: total for currency, total in rows if total}


def counts():
    return [model.objects.count() for model in (Transfer, Movement, Record)]


# --- the arithmetic -------------------------------------------------------------------------

rates = st.decimals("0.000001", "1000000", places=6)
amounts = st.integers(1, 10**12)
pairs = st.permutations(CURRENCIES).map(lambda codes: codes[:2])


@given(pairs, rates, amounts)
def test_what_arrives_is_the_exact_product_rounded_down(pair, value, minor):
    source, target = pair
    exact = (
        Fraction(minor) * Fraction(value) * Fraction(10) ** (exponent(target) - exponent(source))
    )
    if not 1 <= exact < 10**18:
        return
    found = terms.across(Money(minor, source), source, target, value)
    assert 0 <= exact - found.arrives.minor < 1
    assert 0 <= found.fee.minor - minor * Fraction("0.003") < 1


@given(pairs, rates, amounts)
def test_who_names_what_arrives_pays_the_least_that_brings_it(pair, value, minor):
    source, target = pair
    try:
        found = terms.across(Money(minor, target), source, target, value)
    except (InvalidAmount, AmountTooLarge):
        return
    worth = Fraction(value) * Fraction(10) ** (exponent(target) - exponent(source))
    assert found.arrives.minor == minor <= found.amount.minor * worth
    assert (found.amount.minor - 1) * worth < minor


@given(pairs, rates, amounts, st.booleans())
def test_a_round_trip_never_gains_not_even_without_a_spread(pair, value, minor, naming_arrival):
    here, there = pair
    free = FxPolicy(spread=Decimal(0))
    out = terms.customer_rate(Fraction(value), policy=free)
    back = terms.customer_rate(1 / Fraction(value), policy=free)
    try:
        first = terms.across(Money(minor, here), here, there, out)
        second = terms.across(first.arrives, there, here, back)
    except (InvalidAmount, AmountTooLarge):
        return
    assert second.arrives.minor <= minor
    assert terms.customer_rate(Fraction(value)) <= out


@given(pairs, rates, st.lists(amounts, min_size=2, max_size=5))
def test_small_pieces_never_bring_more_or_cost_less_than_the_whole(pair, value, pieces):
    source, target = pair
    try:
        whole = terms.across(Money(sum(pieces), source), source, target, value)
    except (InvalidAmount, AmountTooLarge):
        return
    arrived = fees = sent = 0
    for piece in pieces:
        try:
            one = terms.across(Money(piece, source), source, target, value)
        except InvalidAmount:
            continue
        arrived, fees, sent = (arrived + one.arrives.minor, fees + one.fee.minor, sent + piece)
    assert arrived <= whole.arrives.minor
    assert sent < sum(pieces) or fees >= whole.fee.minor


def test_an_amount_in_neither_currency_and_one_too_small_are_refused():
    with pytest.raises(CurrencyMismatch):
        terms.across(Money(1_00, "GBP"), "EUR", "USD", Decimal("1.1"))
    with pytest.raises(InvalidAmount):
        terms.across(Money(1, "JPY"), "JPY", "BHD", Decimal("0.0000000001"))
    with pytest.raises(AmountTooLarge):
        terms.across(Money(9 * 10**17, "EUR"), "EUR", "JPY", Decimal(160))


@pytest.mark.parametrize(
    "rate, text", [("150.000000000000", "150"), ("1.0978", "1.0978"), ("0.00000002", "0.00000002")]
)
def test_a_rate_is_spelled_as_people_write_it(rate, text):
    assert terms.spelled(Decimal(rate)) == text


# --- rates ----------------------------------------------------------------------------------


@pytest.mark.django_db
class TestRates:
    def test_the_newest_valid_rate_counts_and_an_inverse_is_turned_over(self, rate):
        rate("EUR", "USD", "1.10")
        rate("EUR", "USD", "1.20")
        rate("EUR", "USD", "1.30", valid_from=timezone.now() + timedelta(hours=1))
        assert middle_rate("EUR", "USD") == Fraction(6, 5)
        assert middle_rate("USD", "EUR") == Fraction(5, 6)
        rate("USD", "EUR", "0.5")
        assert middle_rate("EUR", "USD") == 2

    def test_a_pair_without_a_rate_goes_through_the_pivot(self, rate):
        rate("EUR", "USD", "1.10")
        rate("EUR", "JPY", "165")
        assert middle_rate("USD", "JPY") == 150
        with pytest.raises(NoRate):
            middle_rate("USD", "GBP")
        rate("USD", "JPY", "151")
        assert middle_rate("JPY", "USD") == Fraction(1, 151)

    @pytest.mark.parametrize("late, works", [(0, True), (1, False)])
    def test_a_rate_is_used_up_to_its_age(self, rate, settings, late, works):
        settings.DEMO_FUNDING = False
        made = rate("EUR", "USD", "1.10")
        rate("EUR", "JPY", "165", valid_from=made.valid_from + timedelta(days=2))
        at = made.valid_from + FX.rate_age_max + timedelta(microseconds=late)
        if works:
            assert middle_rate("USD", "EUR", at=at)
        else:
            # Not around it either: a source that fell silent must be noticed.
            for pair in (("EUR", "USD"), ("USD", "JPY")):
                with pytest.raises(RateTooOld):
                    middle_rate(*pair, at=at)

    @pytest.mark.parametrize(
        "change, problem",
        [
            ({"rate": Decimal(0)}, InvalidRate),
            ({"rate": Decimal(-1)}, InvalidRate),
            ({"rate": Decimal("NaN")}, InvalidRate),
            ({"rate": Decimal("Infinity")}, InvalidRate),
            ({"rate": Decimal(10) ** 12}, InvalidRate),
            ({"rate": Decimal("1.0000000000001")}, InvalidRate),
            ({"quote": "EUR"}, InvalidRate),
            ({"quote": "XXX"}, UnknownCurrency),
            ({"source": " "}, InvalidRate),
            ({"source": "x" * 61}, InvalidRate),
            ({"valid_from": timezone.now() + timedelta(days=400)}, InvalidRate),
        ],
    )
    def test_a_wrong_rate_is_refused_and_not_kept(self, treasurer, change, problem):
        good = {"base": "EUR", "quote": "USD", "rate": Decimal("1.1"), "source": "s"}
        with pytest.raises(problem), transaction.atomic():
            set_rate(by=treasurer, **good | change)
        assert not FxRate.objects.exists()

    def test_only_who_may_sets_rates_and_every_one_is_recorded(self, rate, ben, treasurer):
        with pytest.raises(Forbidden):
            set_rate(base="EUR", quote="USD", rate=Decimal(1), source="s", by=ben)
        rate("EUR", "USD", "1.10")
        record = Record.objects.get(action="banking.rate.set")
        assert record.after
        assert (record.subject, record.after["rate"]) == ("EUR/USD", "1.10")
        with pytest.raises(DatabaseError), transaction.atomic():
            FxRate.objects.update(rate=2)


# --- transfers ------------------------------------------------------------------------------


@pytest.mark.django_db
class TestTransfers:
    def test_two_legs_and_a_fee_in_one_journal_balanced_in_each_currency(
        self, cross, hers, dollars
    ):
        done = cross(100_00)
        assert done.status == Transfer.Status.POSTED
        assert done.rate == Decimal("1.0978")  # 1.10 less 0.2 %
        assert (done.arrives, done.fee) == (Money(109_78, "USD"), Money(30, "EUR"))
        assert balance(hers) == 1_000_00 - 100_30
        assert balance(dollars) == 100_00 + 109_78
        legs = Movement.objects.filter(journal_id=done.pk)
        assert sorted((leg.kind, str(leg.amount)) for leg in legs) == [
            ("fee", "0.30 EUR"),
            ("transfer", "100.00 EUR"),
            ("transfer", "109.78 USD"),
        ]
        assert done.movement in legs
        assert ledger.internal_balance("fx-position", "EUR") == Money(100_00, "EUR")
        assert ledger.internal_balance("fx-position", "USD") == Money(-109_78, "USD")
        assert sums() == {} and verify_ledger() == []
        record = Record.objects.get(action="banking.transfer.posted", subject=done.public_id)
        assert record.after
        assert (record.after["arrives"], record.after["fee"]) == ("109.78 USD", "0.30 EUR")

    def test_the_amount_may_be_what_arrives(self, cross, hers, dollars):
        done = cross(50_00, "USD")
        assert done.arrives == Money(50_00, "USD")
        assert done.amount == Money(45_55, "EUR")  # 50 / 1.0978 = 45.546…, rounded up
        assert balance(dollars) == 150_00

    def test_money_does_not_cross_unless_its_owner_says_so(self, cross):
        before = counts()
        for changes in (
            {"target_currency": ""},
            {"target_currency": "GBP"},
            {"amount": Money(1_00, "GBP")},
        ):
            with pytest.raises(CurrencyMismatch), transaction.atomic():
                cross(**changes)
        assert counts() == before

    @pytest.mark.parametrize("minor, works", [(997_00, True), (997_01, False)])
    def test_an_account_pays_amount_and_fee_up_to_its_balance(self, cross, hers, minor, works):
        # Both cost 3.00 more: 2.991, rounded up.
        if works:
            assert cross(minor).status in {"posted", "held"}
        else:
            with pytest.raises(InsufficientFunds), transaction.atomic():
                cross(minor)

    def test_the_same_request_is_one_transfer_even_when_the_rates_are_gone(self, cross, rate, hers):
        first = cross(request_id="r")
        rate("EUR", "USD", "2")
        again = cross(request_id="r")
        assert (again.pk, again.replayed, again.rate) == (first.pk, True, first.rate)
        assert balance(hers) == 899_70

    def test_the_receiver_sees_what_arrived_and_who_sent_it(self, cross, client, ben, dollars):
        done = cross()
        client.force_login(ben)
        page = client.get(reverse("account", args=[dollars.public_id])).content.decode()
        assert "Ada Byron" in page and "$109.78" in page
        page = client.get(reverse("transfer", args=[done.public_id])).content.decode()
        assert "$109.78" in page and "€100.00" not in page

    def test_the_database_keeps_the_price_whole(self, cross):
        done = cross()
        for columns in ("target_minor", "target_currency", "rate"):
            with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    f"""INSERT INTO banking_transfer (id, kind, source_id, target_id, amount_minor,
                            currency, fee_minor, target_minor, target_currency, rate, note,
                            requested_by_id, request_id, fingerprint, channel, decision_id, status,
                            asked_at, settled_at, reason)
                        SELECT gen_random_uuid(), kind, source_id, target_id, amount_minor,
                               currency, fee_minor, {_but("target_minor", columns)},
                               {_but("target_currency", columns)}, {_but("rate", columns)}, note,
                               requested_by_id, 'x', fingerprint, channel, decision_id, 'refused',
                               asked_at, settled_at, reason
                          FROM banking_transfer WHERE id = %s""",
                    [done.pk],
                )

    def test_a_transfer_fee_of_the_policy_is_its_own_movement(self, send, hers, his):
        done = send(10_00, fees=FeePolicy(transfer_major=Decimal("0.25")))
        assert (balance(hers), balance(his)) == (989_75, 60_00)
        assert ledger.internal_balance("fees", "EUR") == Money(25, "EUR")
        assert Movement.objects.filter(journal_id=done.pk).count() == 2


def _but(column, null):
    return "NULL" if column == null else column


# --- quotes ---------------------------------------------------------------------------------


@pytest.mark.django_db
class TestQuotes:
    def test_a_quote_holds_the_bank_to_its_price_for_a_minute(
        self, ada, hers, dollars, cross, rate
    ):
        now = timezone.now().replace(microsecond=0) + timedelta(seconds=1)
        with time_machine.travel(now, tick=False):
            quote = quotes.make(ada, hers, dollars, Money(100_00, "EUR"))
            late = quotes.make(ada, hers, dollars, Money(100_00, "EUR"))
            rate("EUR", "USD", "1.00")
        with time_machine.travel(now + FX.quote_max - timedelta(seconds=1), tick=False):
            assert cross(quote=quote.token, target_currency="").arrives.minor == 109_78
        with time_machine.travel(now + FX.quote_max, tick=False):
            before = counts()
            with pytest.raises(QuoteExpired), transaction.atomic():
                cross(quote=late.token)
            assert counts() == before
            assert cross().arrives.minor == 99_80

    def test_a_quote_is_good_for_its_own_transfer_only(self, ada, ben, hers, his, dollars, cross):
        quote = quotes.make(ada, hers, dollars, Money(100_00, "EUR")).token
        others = open_funded(ada, 500_00)
        theirs = quotes.make(ben, hers, dollars, Money(100_00, "EUR")).token
        for changes in (
            {"minor": 100_01},
            {"source": others},
            {"target": open_funded(ben, 0, "USD")},
            {"quote": theirs},
            {"quote": quote[:-2]},
            {"quote": "x"},
        ):
            with pytest.raises(QuoteMismatch), transaction.atomic():
                cross(**{"quote": quote, **changes})
        with pytest.raises(QuoteMismatch), transaction.atomic():
            cross(target=his, target_currency="", quote=quote)


# --- held money -----------------------------------------------------------------------------


@pytest.fixture
def held(cross, hers):
    """Most of what Ada has."""
    transfer = cross(950_00)
    assert transfer.status == Transfer.Status.HELD, transfer.decision.reasons
    return transfer


@pytest.mark.django_db
class TestHeld:
    def test_the_fee_is_set_aside_too_and_all_of_it_moves_in_one_journal(
        self, held, hers, dollars, olga
    ):
        hers.refresh_from_db()
        assert hers.held_minor == 952_85
        done = services.release_transfer(transfer=held, by=olga, reason="called back")
        assert (balance(hers), hers.held_minor) == (47_15, 0)
        assert balance(dollars) == 100_00 + 1_042_91
        assert Movement.objects.filter(journal_id=done.pk).count() == 3
        assert sums() == {} and verify_ledger() == []

    def test_it_goes_at_the_rate_of_the_moment_it_goes(self, held, dollars, olga, rate):
        rate("EUR", "USD", "1.20")
        done = services.release_transfer(transfer=held, by=olga, reason="called back")
        assert done.rate == Decimal("1.1976")
        done.refresh_from_db()
        assert done.target_minor == 1_137_72
        assert balance(dollars) == 100_00 + 1_137_72

    @pytest.mark.parametrize("now, works", [("1.0891", True), ("1.0890", False)])
    def test_a_hundredth_less_than_agreed_is_the_most(self, held, olga, rate, dollars, now, works):
        rate("EUR", "USD", now)
        if works:
            assert services.release_transfer(transfer=held, by=olga, reason="called back")
        else:
            before = counts()
            with pytest.raises(RateMoved), transaction.atomic():
                services.release_transfer(transfer=held, by=olga, reason="called back")
            assert counts() == before and balance(dollars) == 100_00
            held.refresh_from_db()
            assert held.is_held

    def test_cancelled_it_gives_back_amount_and_fee(self, held, ada, hers):
        services.cancel_transfer(transfer=held, by=ada)
        hers.refresh_from_db()
        assert (hers.balance_minor, hers.held_minor) == (1_000_00, 0)

    def test_the_database_refuses_other_terms_while_it_waits_or_when_nothing_moves(self, held):
        for change in ({"rate": 2}, {"target_minor": 1}, {"rate": 2, "status": "cancelled"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Transfer.objects.filter(pk=held.pk).update(**change)


# --- back again -----------------------------------------------------------------------------


@pytest.mark.django_db
class TestReversal:
    def test_all_legs_and_the_fee_go_back_once(self, cross, olga, hers, dollars):
        done = cross()
        back = reverse_transfer(transfer=done, by=olga, reason="sent twice by mistake")
        assert (balance(hers), balance(dollars)) == (1_000_00, 100_00)
        assert (back.amount, back.arrives) == (done.arrives, done.cost)
        again = reverse_transfer(transfer=done, by=olga, reason="sent twice by mistake")
        assert (again.pk, again.replayed) == (back.pk, True)
        with pytest.raises(ReversalOfReversal), transaction.atomic():
            reverse_transfer(transfer=back, by=olga, reason="it was right after all")
        assert [len(selectors.movements_of(one)) for one in (done, back)] == [3, 3]
        assert sums() == {} and verify_ledger() == []

    def test_the_receiver_cannot_give_back_what_came_through_an_exchange(self, cross, ben):
        with pytest.raises(NotReturnable), transaction.atomic():
            return_transfer(transfer=cross(), by=ben, request_id="back")

    def test_a_plain_transfer_goes_back_too(self, send, olga, hers, his):
        reverse_transfer(transfer=send(10_00), by=olga, reason="sent by mistake")
        assert (balance(hers), balance(his)) == (1_000_00, 50_00)

    def test_neither_leg_goes_back_when_one_cannot(self, cross, olga, ben, hers, dollars):
        done = cross()
        amount = Money(150_00, "USD")
        services.withdraw(by=ben, account=dollars, amount=amount, request_id="w")
        before = counts()
        with pytest.raises(InsufficientFunds), transaction.atomic():
            reverse_transfer(transfer=done, by=olga, reason="sent by mistake")
        assert counts() == before and balance(hers) == 899_70

    def test_what_has_not_moved_cannot_go_back(self, held, olga):
        with pytest.raises(NotReturnable), transaction.atomic():
            reverse_transfer(transfer=held, by=olga, reason="sent by mistake")


# --- the API --------------------------------------------------------------------------------


@pytest.mark.django_db
class TestApi:
    def body(self, hers, target, **changes):
        return {
            "source": hers.public_id,
            "target": target.public_id,
            "amount": "100.00",
            "currency": "EUR",
            **changes,
        }

    def quote(self, client, **body):
        return client.post("/api/v1/transactions/quote", body, format="json")

    def test_from_a_quote_to_the_transfer(self, ada, hers, dollars):
        adas = client_of(ada)
        before = counts()[:2]
        offered = self.quote(adas, **self.body(hers, dollars)).json()
        assert counts()[:2] == before
        assert offered["total"] == {"amount": "100.30", "currency": "EUR"}
        assert offered["arrives"] == {"amount": "109.78", "currency": "USD"}
        assert offered["rate"] == "1.0978"
        sent = ask(adas, "transfer", **self.body(hers, dollars, quote=offered["quote"]))
        assert sent.status_code == 201
        assert (sent.json()["arrives"], sent.json()["fee"]) == (offered["arrives"], "0.30")
        theirs = client_of(dollars.owner).get(f"/api/v1/transactions/{sent.json()['id']}").json()
        assert (theirs["amount"], theirs["currency"]) == ("109.78", "USD")
        assert (theirs["rate"], theirs["fee"], theirs["arrives"]) == (None, None, None)

    def test_within_a_currency_there_is_a_price_and_no_quote(self, ada, hers, his):
        offered = self.quote(client_of(ada), **self.body(hers, his)).json()
        assert offered["arrives"] == {"amount": "100.00", "currency": "EUR"}
        assert (offered["quote"], offered["rate"]) == (None, None)

    @pytest.mark.parametrize(
        "changes, code",
        [
            ({}, "currency-mismatch"),
            ({"target_currency": "GBP"}, "currency-mismatch"),
            ({"target_currency": "usd"}, "invalid"),
            ({"quote": "nonsense"}, "quote-mismatch"),
            ({"quote": "x" * 601}, "invalid"),
            ({"quote": 5}, "invalid"),
            ({"currency": "GBP", "target_currency": "USD"}, "currency-mismatch"),
            ({"amount": "0.00", "target_currency": "USD"}, "invalid-amount"),
        ],
    )
    def test_what_is_refused_moves_nothing(self, ada, hers, dollars, changes, code):
        before = counts()[:2]
        answer = ask(client_of(ada), "transfer", **self.body(hers, dollars, **changes))
        assert (400 <= answer.status_code < 500, answer.json()["code"]) == (True, code)
        assert counts()[:2] == before

    def test_the_history_finds_it_in_either_currency(self, cross, ada, dollars):
        done = cross()
        base = "/api/v1/transactions/?kind=transfer&currency="
        for client in (client_of(ada), client_of(dollars.owner)):
            found = lambda query, c=client: [  # noqa: E731
                row["id"] for row in c.get(base + query).json()["results"]
            ]
            assert found("USD") == found("EUR") == [done.public_id]
            assert found("USD&min_amount=109.78") == found("EUR&max_amount=100") == [done.public_id]
            assert found("USD&max_amount=100") == found("GBP") == []

    def test_no_rate_is_said_by_name(self, ada, ben, hers):
        yen = open_funded(ben, 0, "JPY")
        adas = client_of(ada)
        body = self.body(hers, yen)
        assert self.quote(adas, **body).json()["code"] == "no-rate"
        assert ask(adas, "transfer", **body, target_currency="JPY").json()["code"] == "no-rate"


# --- the pages ------------------------------------------------------------------------------


@pytest.mark.django_db
class TestPages:
    @pytest.fixture
    def online(self, client, ada):
        client.force_login(ada)
        return client

    def form(self, hers, dollars):
        return {"source": hers.public_id, "payee": dollars.number, "amount": "100", "note": "Trip"}

    def test_the_preview_says_rate_fee_and_what_arrives(self, online, hers, dollars):
        answer = online.post(reverse("send"), self.form(hers, dollars))
        page = online.get(answer.url).content.decode()
        for shown in ("1 EUR = 1.0978 USD", "€0.30", "US$109.78", "€100.30"):
            assert shown in page, shown
        answer = online.post(reverse("send-preview"), {"draft": draft_of(answer)}, follow=True)
        page = answer.content.decode()
        assert "Done" in page and "US$109.78" in page and "€0.30" in page
        assert balance(hers) == 899_70

    def test_an_old_price_is_shown_anew_and_agreed_to_again(self, online, hers, dollars, rate):
        answer = online.post(reverse("send"), self.form(hers, dollars))
        draft = draft_of(answer)
        rate("EUR", "USD", "1.00")
        with time_machine.travel(timezone.now() + timedelta(minutes=2)):
            again = online.post(reverse("send-preview"), {"draft": draft})
            assert again.status_code == 302 and not Transfer.objects.filter(note="Trip").exists()
            page = online.get(again.url).content.decode()
            assert "1 EUR = 0.998 USD" in page and "new rate" in page
            online.post(reverse("send-preview"), {"draft": draft_of(again)})
            assert Transfer.objects.get(note="Trip").arrives == Money(99_80, "USD")
            # The first tab, still open, finds what the second one sent.
            online.post(reverse("send-preview"), {"draft": draft})
        assert Transfer.objects.filter(note="Trip").count() == 1

    def test_a_currency_without_a_rate_is_said_at_the_payee(self, online, ben, hers):
        yen = open_funded(ben, 0, "JPY")
        answer = online.post(reverse("send"), self.form(hers, yen))
        assert answer.status_code == 422
        assert "no rate" in answer.context["form"].errors["payee"][0]

    def test_held_money_says_that_its_rate_may_change(self, online, held):
        page = online.get(reverse("transfer", args=[held.public_id])).content.decode()
        assert "rate of the moment" in page


@pytest.mark.django_db
class TestConsole:
    def test_a_compliance_officer_reverses_once_with_a_reason(self, cross, client, hers):
        done = cross()
        olga = person(roles.COMPLIANCE)
        client.force_login(olga)
        address = reverse("admin:banking_transfer_reverse", args=[done.pk])
        assert "US$109.78 arrived" in client.get(address).content.decode()
        assert "characters" in client.post(address, {"reason": "x"}).content.decode()
        assert balance(hers) == 899_70
        client.post(address, {"reason": "sent by mistake"})
        assert balance(hers) == 1_000_00
        assert client.post(address, {"reason": "sent by mistake"}).status_code == 403

    @pytest.mark.parametrize(
        "name", ["fxrate", "interestterms", "accrualrun", "interestmonth", "accountlimit"]
    )
    def test_what_was_set_and_counted_can_be_read(self, client, treasurer, rate, hers, name):
        from banking.interest.services import set_terms
        from banking.limits.services import set_account_limit

        rate("EUR", "USD", "1.10")
        today = timezone.now().date()
        set_terms(
            product="savings", currency="EUR", valid_from=today, day_count="act/365",
            tiers=[(0, Decimal("0.02"))], by=treasurer,
        )  # fmt: skip
        set_account_limit(account=hers, by=treasurer, reason="asked by phone", day_minor=5)
        client.force_login(treasurer)
        page = client.get(reverse(f"admin:banking_{name}_changelist"))
        assert page.status_code == 200

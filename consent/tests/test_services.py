"""Granting, stopping, running out; reading before, between and after."""

import threading
from datetime import timedelta

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.models import Record
from consent import masking, selectors, services
from consent.errors import (
    ConsentEnded,
    ConsentExists,
    ConsentMissing,
    EndInvalid,
    NotAPartner,
    PartnerInvalid,
    PartnerSuspended,
    PartnerUnavailable,
    PurposeInvalid,
    ScopeNotGranted,
    ScopesInvalid,
)
from consent.models import Consent, ConsentEvent, Disclosure, Partner, Refusal
from fintrust.core import live
from fintrust.core.errors import NotFound
from fintrust.core.ids import to_public, uuid7
from fintrust.core.models import User


def _read(partner, account, scope="balance", **page):
    return services.deliver(
        partner_user=partner.user, account_public_id=account.public_id, scope=scope, **page
    )


def _actions(customer):
    records = Record.objects.about(customer).filter(action__startswith="consent.")
    return list(records.order_by("id").values_list("action", flat=True))


# --- reading -------------------------------------------------------------------------------------


def test_a_partner_is_refused_before_and_after_and_sees_masked_data_between(
    account, clearview, shop
):
    with pytest.raises(ConsentMissing):
        _read(clearview, account)
    consent = shop.grant(account, clearview)
    seen = _read(clearview, account).document
    assert seen["balance"] == {"amount": "1234.00", "currency": "EUR"}
    assert seen["number"] == f"{masking.HIDDEN} {account.number[-4:]}"
    services.revoke_consent(consent=consent, by=account.owner)
    with pytest.raises(ConsentEnded):
        _read(clearview, account)
    assert _actions(account.owner) == [
        "consent.granted",
        "consent.data.disclosed",
        "consent.revoked",
        "consent.data.refused",
    ]


@pytest.mark.parametrize("scope", ["balance", "transactions", "details"])
def test_every_read_is_one_disclosure_and_one_record(account, clearview, shop, scope):
    consent = shop.grant(account, clearview)
    for number in (1, 2):
        _read(clearview, account, scope)
        assert Disclosure.objects.count() == number
        assert Record.objects.filter(action="consent.data.disclosed").count() == number
    disclosure = Disclosure.objects.latest("id")
    assert (disclosure.consent, disclosure.scope, disclosure.rows) == (consent, scope, 1)
    assert disclosure.masks == dict(masking.FIELDS[scope])
    record = Record.objects.filter(action="consent.data.disclosed").latest("id")
    assert (record.owner_id, record.actor_id) == (account.owner_id, clearview.user_id)
    assert (record.subject, record.purpose) == (disclosure.public_id, "budgeting")


def test_every_refused_read_is_one_refusal_and_one_record(account, clearview, shop):
    shop.grant(account, clearview, scopes=["balance"])
    with pytest.raises(ScopeNotGranted) as refused:
        _read(clearview, account, "transactions")
    assert refused.value.extra == {"scopes": ["balance"]}
    refusal = Refusal.objects.get()
    assert (refusal.code, refusal.scope) == ("scope-not-granted", "transactions")
    assert Record.objects.get(action="consent.data.refused").owner_id == account.owner_id
    assert not Disclosure.objects.exists()


def test_a_refusal_is_remembered_for_good(bank, shop):
    account, partner = shop.account(shop.customer()), shop.partner()
    with pytest.raises(ConsentMissing):
        _read(partner, account)
    connection.close()  # what was not committed is gone now
    assert Refusal.objects.count() == 1
    assert Record.objects.filter(action="consent.data.refused").count() == 1


def test_a_read_inside_a_transaction_is_a_programming_error(bank, shop):
    account, partner = shop.account(shop.customer()), shop.partner()
    with transaction.atomic(), pytest.raises(RuntimeError):
        _read(partner, account)


def test_the_customer_hears_of_every_look(bank, shop):
    account, partner = shop.account(shop.customer()), shop.partner()
    consent = shop.grant(account, partner)
    _read(partner, account)
    events = [event for _, event in live.after(live.START, f"user:{account.owner_id}")]
    assert [event.kind for event in events] == ["consent.granted", "consent.data.disclosed"]
    assert events[-1].data == {
        "consent": consent.public_id,
        "partner": "Clearview Limited",
        "scope": "balance",
        "rows": 1,
    }


def test_a_consent_ends_by_itself_at_its_last_moment(account, clearview, shop, time_machine):
    time_machine.move_to("2026-11-20T12:00:00Z", tick=False)
    consent = shop.grant(account, clearview, days=30)
    time_machine.move_to("2026-12-20T11:59:59Z", tick=False)
    _read(clearview, account)
    assert consent.state == "granted"
    time_machine.move_to("2026-12-20T12:00:00Z", tick=False)
    with pytest.raises(ConsentEnded):
        _read(clearview, account)
    assert consent.state == "expired"
    assert list(selectors.shared_with(clearview.user)) == []


def test_another_partner_is_refused_as_if_there_were_no_account(account, clearview, shop):
    shop.grant(account, clearview)
    other = shop.partner("nosy")
    with pytest.raises(ConsentMissing) as of_a_real_account:
        _read(other, account)
    with pytest.raises(ConsentMissing) as of_an_invented_one:
        services.deliver(
            partner_user=other.user, account_public_id=to_public("acc", uuid7()), scope="balance"
        )
    assert of_a_real_account.value.message == of_an_invented_one.value.message


@pytest.mark.parametrize("text", ["", "acc_", "acc_1", "trf_01kahkf19qf7wa2mgdb9wkbn4w", "x" * 500])
def test_what_is_no_account_is_missing(clearview, text):
    with pytest.raises(ConsentMissing):
        services.deliver(partner_user=clearview.user, account_public_id=text, scope="balance")
    assert Refusal.objects.get().code == "consent-missing"


def test_another_account_of_the_same_customer_stays_closed(account, clearview, shop):
    shop.grant(account, clearview)
    savings = shop.account(account.owner)
    with pytest.raises(ConsentMissing):
        _read(clearview, savings)


def test_a_suspended_partner_reads_nothing_until_it_is_active_again(account, clearview, shop):
    shop.grant(account, clearview)
    _set(clearview, status=Partner.Status.SUSPENDED)
    with pytest.raises(PartnerSuspended):
        _read(clearview, account)
    with pytest.raises(PartnerSuspended):
        selectors.shared_with(clearview.user)
    _set(clearview, status=Partner.Status.ACTIVE)
    _read(clearview, account)


def test_a_narrowed_partner_reads_less_at_once(account, clearview, shop):
    shop.grant(account, clearview)
    _set(clearview, scopes=["balance"])
    _read(clearview, account, "balance")
    with pytest.raises(ScopeNotGranted):
        _read(clearview, account, "details")


def test_somebody_who_is_no_partner_reads_nothing(account):
    with pytest.raises(NotAPartner):
        services.deliver(
            partner_user=account.owner, account_public_id=account.public_id, scope="balance"
        )


def test_nothing_unmasked_leaves(account, clearview, shop):
    mia = account.owner
    noah = shop.account(shop.customer("noah", "Noah Fulbright"))
    shop.pay(account, noah, 650_00)
    shop.grant(account, clearview)
    documents = [_read(clearview, account, scope) for scope in ("balance", "details")]
    rows = _read(clearview, account, "transactions").rows
    everything = repr([document.document for document in documents] + rows).lower()
    secrets = [mia.name, mia.email, mia.phone, account.number, noah.number, "Noah Fulbright"]
    secrets += ["Sophie", "Example Sophie", "Fulbright", "Ottilie", "Grünwald", mia.phone[-6:]]
    secrets += [account.number.replace(" ", ""), noah.number.replace(" ", ""), str(mia.pk)]
    for secret in secrets:
        assert secret.lower() not in everything
    assert "n. f." in everything  # or the counterparty would not be there at all


def test_transactions_come_in_pages_newest_first_without_gaps(account, clearview, shop):
    noah = shop.account(shop.customer("noah", "Noah Fulbright"))
    for cents in range(1, 8):
        shop.pay(account, noah, cents)
    shop.grant(account, clearview)
    seen, page = [], None
    while page is None or page.next_cursor:
        cursor = page.next_cursor if page else ""
        page = _read(clearview, account, "transactions", cursor=cursor, limit=3)
        seen += [row["amount"]["amount"] for row in page.rows]
    assert seen == [f"-0.0{cents}" for cents in range(7, 0, -1)] + ["1234.00"]
    assert list(Disclosure.objects.order_by("id").values_list("rows", flat=True)) == [3, 3, 2]


def test_history_before_the_window_is_not_shared(account, clearview, shop, time_machine):
    in_time, too_old = timezone.now() + timedelta(days=90), timezone.now() + timedelta(days=91)
    time_machine.move_to(in_time, tick=False)
    shop.grant(account, clearview)
    assert len(_read(clearview, account, "transactions").rows) == 1
    other = shop.partner("later")
    time_machine.move_to(too_old, tick=False)
    shop.grant(account, other)
    assert _read(other, account, "transactions").rows == []


# --- granting and stopping -----------------------------------------------------------------------


def _set(partner, **changes):
    names = ("name", "trading_name", "contact", "status", "scopes")
    values = {name: getattr(partner, name) for name in names} | changes
    services.change_partner(partner=partner, by=User.objects.get(is_staff=True), **values)


def test_only_an_own_account_can_be_shared(account, clearview, shop):
    stranger = shop.customer("noah", "Noah Fulbright")
    with pytest.raises(NotFound):
        services.grant_consent(
            customer=stranger,
            partner=clearview,
            account=account,
            scopes=["balance"],
            purpose="budgeting",
            ends_at=timezone.now() + timedelta(days=1),
        )


@pytest.mark.parametrize(
    ("seconds", "works"),
    [(-1, False), (0, False), (1, True), (7_776_000, True), (7_776_001, False)],
)
def test_a_consent_ends_in_the_future_and_within_ninety_days(
    account, clearview, time_machine, seconds, works
):
    time_machine.move_to("2026-11-20T12:00:00Z", tick=False)
    terms = {
        "customer": account.owner,
        "partner": clearview,
        "account": account,
        "scopes": ["balance"],
        "purpose": "budgeting",
        "ends_at": timezone.now() + timedelta(seconds=seconds),
    }
    if works:
        assert services.grant_consent(**terms).state == "granted"
    else:
        with pytest.raises(EndInvalid):
            services.grant_consent(**terms)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"scopes": []}, ScopesInvalid),
        ({"scopes": ["everything"]}, ScopesInvalid),
        ({"scopes": ["balance", "details"]}, ScopesInvalid),
        ({"purpose": ""}, PurposeInvalid),
        ({"purpose": "curiosity"}, PurposeInvalid),
    ],
)
def test_nothing_can_be_granted_that_is_not_offered(account, shop, changes, problem):
    partner = shop.partner(scopes=["balance"])
    terms = {"scopes": ["balance"], "purpose": "budgeting"} | changes
    with pytest.raises(problem):
        services.grant_consent(
            customer=account.owner,
            partner=partner,
            account=account,
            ends_at=timezone.now() + timedelta(days=1),
            **terms,
        )
    assert not Consent.objects.exists()


def test_a_suspended_partner_gets_no_new_consent(account, clearview, shop):
    _set(clearview, status=Partner.Status.SUSPENDED)
    with pytest.raises(PartnerUnavailable):
        shop.grant(account, clearview)
    assert clearview not in selectors.listed_partners()


def test_an_account_is_shared_with_a_partner_once_at_a_time(account, clearview, shop):
    first = shop.grant(account, clearview)
    with pytest.raises(ConsentExists):
        shop.grant(account, clearview)
    services.revoke_consent(consent=first, by=account.owner)
    assert shop.grant(account, clearview).pk != first.pk


def test_a_consent_that_ran_out_unmarked_makes_room(account, clearview, shop, time_machine):
    time_machine.move_to("2026-11-20T12:00:00Z", tick=False)
    first = shop.grant(account, clearview, days=1)
    time_machine.move_to("2026-11-22T12:00:00Z", tick=False)
    shop.grant(account, clearview)
    first.refresh_from_db()
    assert first.status == "expired"


def test_only_the_customer_stops_and_twice_is_once(account, clearview, shop):
    consent = shop.grant(account, clearview)
    with pytest.raises(NotFound):
        services.revoke_consent(consent=consent, by=shop.customer("noah", "Noah Fulbright"))
    services.revoke_consent(consent=consent, by=account.owner)
    services.revoke_consent(consent=consent, by=account.owner)
    kinds = ConsentEvent.objects.order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["granted", "revoked"]


def test_stopping_what_has_run_out_does_not_rewrite_why_it_ended(
    account, clearview, shop, time_machine
):
    time_machine.move_to("2026-11-20T12:00:00Z", tick=False)
    consent = shop.grant(account, clearview, days=1)
    time_machine.move_to("2026-11-22T12:00:00Z", tick=False)
    assert services.revoke_consent(consent=consent, by=account.owner).status == "expired"


def test_the_sweep_marks_what_ran_out_once(account, clearview, shop, time_machine):
    time_machine.move_to("2026-11-20T12:00:00Z", tick=False)
    shop.grant(account, clearview, days=1)
    shop.grant(account, shop.partner("other"), days=10)
    time_machine.move_to("2026-11-22T12:00:00Z", tick=False)
    assert services.expire_consents() == 1
    assert services.expire_consents() == 0
    assert ConsentEvent.objects.filter(kind="expired").count() == 1
    assert _actions(account.owner).count("consent.expired") == 1


# --- partners ------------------------------------------------------------------------------------


def test_a_partners_login_is_nobody_elses(account, clearview):
    for user in (account.owner, clearview.user, User.objects.get(is_staff=True)):
        with pytest.raises(PartnerInvalid):
            services.onboard_partner(
                user=user, name="Again", scopes=["balance"], by=User.objects.get(is_staff=True)
            )


@pytest.mark.parametrize(
    "changes",
    [{"name": " "}, {"trading_name": ""}, {"status": "great"}, {"scopes": []}, {"scopes": ["all"]}],
)
def test_a_partner_keeps_a_name_a_status_and_something_to_receive(clearview, changes):
    with pytest.raises(PartnerInvalid):
        _set(clearview, **changes)


def test_a_change_of_a_partner_is_recorded_with_what_differs(clearview):
    _set(clearview, scopes=["details", "balance"])
    record = Record.objects.get(action="consent.partner.changed")
    assert record.before == {"scopes": ["balance", "transactions", "details"]}
    assert record.after == {"scopes": ["balance", "details"]}


# --- the database's own law ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_consent SET ends_at = ends_at + interval '1 year'",
        "UPDATE consent_consent SET scopes = '{balance}'",
        "UPDATE consent_consent SET status = 'granted'",
        "DELETE FROM consent_consent",
        "UPDATE consent_consentevent SET kind = 'granted'",
        "DELETE FROM consent_disclosure",
        "UPDATE consent_disclosure SET rows = 0",
        "DELETE FROM consent_refusal",
        "DELETE FROM consent_partner",
        "TRUNCATE consent_consent CASCADE",
    ],
)
@pytest.mark.parametrize("role", ["app_sql", "owner_sql"])
def test_what_was_agreed_and_what_left_cannot_be_rewritten(bank, shop, request, role, statement):
    account, partner = shop.account(shop.customer()), shop.partner()
    consent = shop.grant(account, partner)
    _read(partner, account)
    with pytest.raises(ConsentMissing):
        _read(shop.partner("nosy"), account)
    services.revoke_consent(consent=consent, by=account.owner)
    with pytest.raises(psycopg.Error):
        request.getfixturevalue(role)(statement)


def test_two_open_consents_for_one_account_cannot_be_stored(account, clearview, shop):
    consent = shop.grant(account, clearview)
    consent.pk = uuid7()
    with pytest.raises(IntegrityError), transaction.atomic():
        consent.save(force_insert=True)


def test_stopping_waits_for_a_read_under_way_and_no_read_starts_behind_it(bank, shop):
    """Revoke while a read holds the consent: the read finishes first, the next one is refused."""
    account, partner = shop.account(shop.customer()), shop.partner()
    consent = shop.grant(account, partner)
    reading, stopped = threading.Event(), threading.Event()

    def stop() -> None:
        reading.wait(10)
        services.revoke_consent(consent=consent, by=account.owner)
        stopped.set()
        connection.close()

    thread = threading.Thread(target=stop)
    thread.start()
    with transaction.atomic():
        assert selectors.newest_consent(partner, account.uuid) == consent
        reading.set()
        assert not stopped.wait(0.5)
    assert stopped.wait(10)
    thread.join()
    with pytest.raises(ConsentEnded):
        _read(partner, account)


def test_a_reader_of_reports_sees_consents_and_changes_none(bank, shop, reader_sql):
    account, partner = shop.account(shop.customer()), shop.partner()
    shop.grant(account, partner)
    assert reader_sql("SELECT status FROM consent_consent") == [("granted",)]
    with pytest.raises(psycopg.Error):
        reader_sql("UPDATE consent_consent SET status = 'revoked'")


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ("status = 'revoked'", True),
        ("status = 'expired'", True),
        ("status = 'paused'", False),
        ("status = 'revoked', ends_at = ends_at + interval '1 day'", False),
        ("status = 'revoked', scopes = '{balance}'", False),
        ("ends_at = ends_at - interval '1 day'", False),
    ],
)
def test_an_open_consent_can_only_end_even_for_the_owner_of_the_table(
    bank, shop, owner_sql, changes, allowed
):
    shop.grant(shop.account(shop.customer()), shop.partner())
    if allowed:
        owner_sql(f"UPDATE consent_consent SET {changes}")
    else:
        with pytest.raises(psycopg.errors.IntegrityError):
            owner_sql(f"UPDATE consent_consent SET {changes}")

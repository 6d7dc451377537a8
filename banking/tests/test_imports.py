"""Imports: brought along, looked at, corrected, confirmed, added once, undone as a whole."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.models import Record
from banking.errors import UnknownCurrency
from banking.imports import errors, selectors, services
from banking.models import Import, ImportChunk, Movement, OutsideAccount, OutsideEntry
from banking.policy import IMPORTS
from banking.selectors import InvalidCursor
from banking.tests import import_files as files
from fintrust.core.errors import NotFound
from fintrust.core.models import Event, User
from fintrust.core.money import AmountTooLarge, CurrencyMismatch, Money
from fintrust.testing import servers

LATER = replace(IMPORTS, check_at_once_bytes=0)  # nothing is read at once: the worker does all


def outside(owner, currency="EUR", **changes):
    asked = {"name": "Girokonto", "bank": "Sparkasse", "currency": currency} | changes
    return services.open_outside_account(owner=owner, **asked)


def bring(owner, account, data, name="export.csv", policy=IMPORTS):
    return services.upload_import(
        by=owner, account=account, filename=name, file=io.BytesIO(data), policy=policy
    )


def take_over(owner, account, data, policy=IMPORTS):
    """From the upload to the end, as the pages and the worker do it."""
    item = bring(owner, account, data, policy=policy)
    services.work_on_imports(policy=policy)
    item.refresh_from_db()
    services.confirm_import(item=item, by=owner, revision=item.revision, policy=policy)
    services.work_on_imports(policy=policy)
    item.refresh_from_db()
    account.refresh_from_db()
    return item


@pytest.fixture
def account(ada):
    return outside(ada, opening=Money(1_000_00, "EUR"))


@pytest.fixture
def ready(ada, account):
    return bring(ada, account, files.GERMAN)


def amounts(account):
    found = OutsideEntry.objects.filter(account=account).order_by("number")
    return list(found.values_list("amount_minor", flat=True))


# --- the way of a file ----------------------------------------------------------------------


def test_a_file_is_shown_first_and_nothing_is_added_before_its_owner_says_so(ready, account):
    assert ready.status == Import.Status.READY
    report = ready.report
    assert (report["lines"], report["fresh"], report["duplicates"]) == (4, 4, 0)
    assert (report["in_minor"], report["out_minor"]) == (2_850_00, -1_243_56)
    assert (report["first"], report["last"]) == ("2024-01-02", "2024-01-31")
    assert report["sample"][0]["counterparty"] == "Bäckerei Müller"
    assert services.work_on_imports() == 0
    assert not OutsideEntry.objects.exists()


def test_a_confirmed_file_becomes_lines_that_are_not_money_here(ada, account, ready):
    before = Movement.objects.count()
    services.confirm_import(item=ready, by=ada, revision=ready.revision)
    assert services.work_on_imports() == 1
    ready.refresh_from_db()
    account.refresh_from_db()
    assert (ready.status, ready.added, ready.duplicates) == (Import.Status.DONE, 4, 0)
    assert amounts(account) == [-4_50, -4_50, 2_850_00, -1_234_56]
    assert (account.seq, account.lines) == (4, 4)
    assert account.balance == Money(1_000_00 + 1_606_44, "EUR")
    assert Movement.objects.count() == before
    assert not ImportChunk.objects.exists(), "the file has served"


def test_every_deed_leaves_a_record_and_the_owner_hears_of_it(ada, account, ready):
    services.confirm_import(item=ready, by=ada, revision=ready.revision)
    services.work_on_imports()
    services.undo_import(item=ready, by=ada)
    services.delete_outside_account(account=account, by=ada)
    found = Record.objects.filter(owner_id=ada.pk, action__contains=".import.").order_by("id")
    assert list(found.values_list("action", "actor_kind")) == [
        ("banking.import.uploaded", "customer"),
        ("banking.import.confirmed", "customer"),
        ("banking.import.done", "system"),
        ("banking.import.undone", "customer"),
    ]
    heard = Event.objects.filter(topic=f"user:{ada.pk}", kind__startswith="import.")
    assert list(heard.order_by("id").values_list("kind", flat=True)) == [
        "import.ready",
        "import.adding",
        "import.done",
    ]
    gone = Record.objects.get(action="banking.outside_account.deleted")
    assert gone.subject == account.public_id


@pytest.mark.parametrize(
    "data, currency, lines",
    [
        (files.OFX1, "USD", 2),
        (files.OFX2, "EUR", 2),
        (files.camt("02"), "EUR", 2),
        (files.camt("08"), "EUR", 2),
        (files.AMERICAN, "USD", 2),
        (files.BRITISH, "GBP", 2),
        (files.DUTCH, "EUR", 2),
        (files.SWISS, "CHF", 2),
    ],
)
def test_every_kind_of_file_goes_the_same_way(ada, data, currency, lines):
    item = take_over(ada, outside(ada, currency), data)
    assert (item.status, item.added) == (Import.Status.DONE, lines)


# --- the same line twice --------------------------------------------------------------------


@pytest.mark.parametrize("data", [files.GERMAN, files.OFX2, files.camt("08")])
def test_the_same_file_again_adds_nothing(ada, account, data):
    first = take_over(ada, account, data)
    again = bring(ada, account, data)
    assert again.report["fresh"] == 0
    assert again.report["added_before"] == first.ended_at.isoformat()
    again = take_over(ada, account, data)
    assert (again.added, again.duplicates) == (0, first.added)
    assert account.lines == first.added


def test_an_overlapping_export_adds_only_what_is_new(ada, account):
    day = "31.01.2024;-2,50;Café\n"
    head = "Datum;Betrag;Name\n"
    take_over(ada, account, (head + "30.01.2024;-1,00;Kiosk\n" + day * 2).encode())
    later = take_over(ada, account, (head + day * 3 + "01.02.2024;-7,00;Kino\n").encode())
    assert (later.added, later.duplicates) == (2, 2)
    assert amounts(account) == [-1_00, -2_50, -2_50, -2_50, -7_00]


def test_a_reference_twice_in_one_file_is_one_line(ada, account):
    item = take_over(
        ada, account, files.OFX2.replace(b">A2<", b">A1<").replace(b"1250.00", b"-4.75")
    )
    assert item.report["duplicates"] == 1
    assert (item.added, item.duplicates) == (1, 1)


def test_other_accounts_and_other_people_do_not_make_duplicates(ada, ben, account):
    take_over(ada, account, files.GERMAN)
    assert take_over(ada, outside(ada), files.GERMAN).added == 4
    assert take_over(ben, outside(ben), files.GERMAN).added == 4


def test_the_same_file_while_it_waits_is_the_same_import(ada, account, ready):
    again = bring(ada, account, files.GERMAN, name="copy.csv")
    assert (again.pk, again.replayed) == (ready.pk, True)
    assert Import.objects.count() == 1


# --- what the preview tells -----------------------------------------------------------------


def test_wrong_lines_are_told_with_their_place_and_the_others_are_added(ada, account):
    data = b"Datum;Betrag;Name\n31.01.2024;-1,00;a\n31.01.2024;NaN;b\n30.01.2024;-2,00;c\n"
    item = take_over(ada, account, data)
    assert [(f["number"], f["code"]) for f in item.report["faults"]] == [(3, "amount-unreadable")]
    assert (item.added, item.position) == (2, 3)


def test_told_faults_are_bounded_and_all_are_counted(ada, account):
    policy = replace(IMPORTS, faults_kept=5)
    bad = b"Datum;Betrag;Name\n" + b"31.01.2024;-1,00;a\n" * 30 + b"31.01.2024;x;b\n" * 20
    report = bring(ada, account, bad, policy=policy).report
    assert (report["faulty"], len(report["faults"])) == (20, 5)


@pytest.mark.parametrize("closing, gap", [("1245.25", 0), ("1245.26", 1)])
def test_the_balances_of_a_file_are_compared_with_its_lines(ada, account, closing, gap):
    report = bring(ada, account, files.camt("08", closing=closing)).report or {}
    assert (report["balanced"], report["balance_gap_minor"]) == (gap == 0, gap)


def test_a_column_of_balances_is_followed_in_either_direction(ada):
    dollars = outside(ada, "USD")
    assert bring(ada, dollars, files.AMERICAN).report["balanced"], "newest first"
    pounds = outside(ada, "GBP")
    assert bring(ada, pounds, files.BRITISH).report["balanced"], "oldest first"
    wrong = files.BRITISH.replace('£2,688.50"\n'.encode("cp1252"), '£2,688.51"\n'.encode("cp1252"))
    report = bring(ada, pounds, wrong).report
    assert (report["balanced"], report["balance_where"]) == (False, 7)


# --- corrections ----------------------------------------------------------------------------


def test_what_the_owner_corrects_is_read_anew(ada, account, ready):
    said = services.correct_import(item=ready, by=ada, changes={"flip": True})
    assert (said.status, said.revision) == (Import.Status.READY, ready.revision + 1)
    assert said.report and said.report["in_minor"] == 1_243_56
    assert said.layout["roles"] == ready.layout["roles"], "what was not corrected stays"


def test_another_delimiter_is_another_set_of_columns(ada, account):
    data = b"Date;Amount;Text\n01.02.2024;1,00;a|b\n13.02.2024;2,00;c|d\n"
    item = bring(ada, account, data)
    item = services.correct_import(item=item, by=ada, changes={"delimiter": "|"})
    assert item.layout["roles"] == ["text", ""] or "booked" not in item.layout["roles"]
    with pytest.raises(errors.ImportColumnsUnclear):
        services.confirm_import(item=item, by=ada, revision=item.revision)
    item = services.correct_import(item=item, by=ada, changes={"delimiter": ";"})
    assert item.report and item.report["fresh"] == 2


def test_an_old_preview_cannot_be_confirmed(ada, account, ready):
    old = ready.revision
    services.correct_import(item=ready, by=ada, changes={"flip": True})
    with pytest.raises(errors.ImportChanged):
        services.confirm_import(item=ready, by=ada, revision=old)
    assert services.work_on_imports() == 0


def test_confirming_twice_is_confirming_once(ada, account, ready):
    services.confirm_import(item=ready, by=ada, revision=ready.revision)
    again = services.confirm_import(item=ready, by=ada, revision=ready.revision)
    assert again.replayed
    services.work_on_imports()
    services.confirm_import(item=ready, by=ada, revision=ready.revision)
    assert services.work_on_imports() == 0
    assert len(amounts(account)) == 4


def test_what_is_being_added_cannot_be_corrected(ada, account, ready):
    services.confirm_import(item=ready, by=ada, revision=ready.revision)
    with pytest.raises(errors.ImportNotReady):
        services.correct_import(item=ready, by=ada, changes={"flip": True})


# --- undoing --------------------------------------------------------------------------------


def test_an_import_is_undone_as_a_whole_and_can_be_made_again(ada, account):
    kept = take_over(ada, account, b"Datum;Betrag;Name\n31.03.2024;-1,00;Kiosk\n")
    item = take_over(ada, account, files.GERMAN)
    assert services.undo_import(item=item, by=ada) == 4
    account.refresh_from_db()
    assert (account.lines, account.balance) == (1, Money(999_00, "EUR"))
    assert amounts(account) == [-1_00]
    assert Import.objects.get() == kept
    assert take_over(ada, account, files.GERMAN).added == 4


def test_in_the_middle_an_import_is_cancelled_and_leaves_nothing(ada, account):
    policy = replace(LATER, batch_lines=10, turn=timedelta(0))
    item = bring(ada, account, files.many_lines(100), policy=policy)
    services.check_import(item, policy=policy)
    services.confirm_import(item=item, by=ada, revision=item.revision)
    services.work_on_imports(policy=policy)
    assert 0 < len(amounts(account)) < 100
    services.undo_import(item=item, by=ada)
    account.refresh_from_db()
    assert (account.lines, int(account.total_minor), amounts(account)) == (0, 0, [])
    services.add_lines(item, policy=policy)  # a hand that had begun finds nothing to do
    assert amounts(account) == []


def test_an_outside_account_goes_with_all_that_belongs_to_it(ada, account):
    take_over(ada, account, files.GERMAN)
    bring(ada, account, files.DUTCH)
    services.delete_outside_account(account=account, by=ada)
    for model in (OutsideAccount, Import, ImportChunk, OutsideEntry):
        assert not model.objects.exists()
    with pytest.raises(NotFound):
        services.delete_outside_account(account=account, by=ada)


def test_a_file_that_nobody_confirms_is_forgotten(ada, account, ready):
    services.work_on_imports()
    assert Import.objects.exists()
    Import.objects.update(touched_at=timezone.now() - IMPORTS.keep_waiting - timedelta(minutes=1))
    services.work_on_imports()
    assert not Import.objects.exists()
    assert not ImportChunk.objects.exists()
    assert Record.objects.filter(action="banking.import.forgotten").exists()


# --- fences ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE banking_outsideentry SET amount_minor = 1",
        "DELETE FROM banking_outsideentry",
        "TRUNCATE banking_outsideentry",
        "UPDATE banking_importchunk SET data = ''",
        "UPDATE banking_import SET filename = 'x'",
        "UPDATE banking_outsideaccount SET owner_id = owner_id",
    ],
)
def test_the_application_changes_no_line(ada, account, statement):
    take_over(ada, account, files.GERMAN)
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(statement)


@pytest.mark.parametrize(
    "statement, why",
    [
        ("UPDATE banking_outsideentry SET amount_minor = 1", "append-only"),
        ("DELETE FROM banking_outsideentry", "goes only with its import"),
        ("TRUNCATE banking_outsideentry", "append-only"),
    ],
)
def test_nor_does_the_owner_of_the_tables(bank, owner_sql, statement, why):
    ada = User.objects.create_user("ada@example.org", "correct horse battery", name="Ada Byron")
    take_over(ada, outside(ada), files.GERMAN)
    with pytest.raises(psycopg.errors.IntegrityError, match=why):
        owner_sql(statement)
    owner_sql("DELETE FROM banking_import")
    assert not OutsideEntry.objects.exists()


def test_somebody_elses_things_do_not_exist(ada, ben, account, ready):
    with pytest.raises(NotFound):
        bring(ben, account, files.GERMAN)
    for verb in (
        lambda: services.confirm_import(item=ready, by=ben, revision=ready.revision),
        lambda: services.correct_import(item=ready, by=ben, changes={}),
        lambda: services.undo_import(item=ready, by=ben),
        lambda: services.delete_outside_account(account=account, by=ben),
        lambda: selectors.import_for(ben, ready.public_id),
        lambda: selectors.outside_account_for(ben, account.public_id),
        lambda: selectors.outside_account_for(ada, ready.public_id),
    ):
        with pytest.raises(NotFound):
            verb()
    assert not selectors.imports_of(ben).exists()


# --- limits ---------------------------------------------------------------------------------


def test_a_file_that_is_too_large_leaves_nothing(ada, account):
    policy = replace(IMPORTS, file_bytes_max=len(files.GERMAN) - 1)
    with pytest.raises(errors.ImportFileTooLarge):
        bring(ada, account, files.GERMAN, policy=policy)
    assert not Import.objects.exists()
    bring(ada, account, files.GERMAN, policy=replace(policy, file_bytes_max=len(files.GERMAN)))


def test_a_file_with_too_many_lines_says_so(ada, account):
    policy = replace(IMPORTS, lines_max=99)
    item = bring(ada, account, files.many_lines(100), policy=policy)
    assert (item.status, item.problem) == (Import.Status.FAILED, "import-too-many-lines")
    assert bring(ada, account, files.many_lines(99), policy=policy).status == Import.Status.READY


def test_a_file_that_takes_too_long_to_look_at_is_given_up(ada, account):
    item = bring(ada, account, files.GERMAN, policy=replace(IMPORTS, look=timedelta(0)))
    assert (item.status, item.problem) == (Import.Status.FAILED, "import-file-broken")


def test_only_so_many_files_wait_at_once(ada, account):
    for number in range(IMPORTS.waiting_max):
        bring(ada, account, files.GERMAN + b"\n" * number)
    with pytest.raises(errors.ImportsWaiting):
        bring(ada, account, files.DUTCH)
    services.undo_import(item=Import.objects.first(), by=ada)
    bring(ada, account, files.DUTCH)


def test_an_outside_account_takes_so_many_lines_and_no_more(ada, account, ready):
    with pytest.raises(errors.OutsideAccountFull):
        services.confirm_import(
            item=ready, by=ada, revision=1, policy=replace(IMPORTS, account_lines_max=3)
        )
    services.confirm_import(
        item=ready, by=ada, revision=1, policy=replace(IMPORTS, account_lines_max=4)
    )


def test_a_customer_has_so_many_outside_accounts_and_no_more(ada):
    policy = replace(IMPORTS, accounts_max=2)
    outside(ada, policy=policy)
    outside(ada, policy=policy)
    with pytest.raises(errors.OutsideAccountsExhausted):
        outside(ada, policy=policy)


@pytest.mark.parametrize(
    "changes, problem",
    [
        ({"name": "  "}, errors.OutsideNameMissing),
        ({"bank": "x" * 81}, errors.OutsideNameMissing),
        ({"name": "a\x00b"}, errors.OutsideNameMissing),
        ({"currency": "XXX"}, UnknownCurrency),
        ({"opening": Money(1, "USD")}, CurrencyMismatch),
        ({"opening": Money(10**18, "EUR")}, AmountTooLarge),
    ],
)
def test_an_outside_account_needs_sound_particulars(ada, changes, problem):
    with pytest.raises(problem):
        outside(ada, **changes)
    assert not OutsideAccount.objects.exists()


@pytest.mark.parametrize(
    "name, kept",
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Ada\\umsätze.csv", "umsätze.csv"),
        ("a<b>\r\n\x00\u202egpj.csv", "abgpj.csv"),
        ("..", "file"),
        ("", "file"),
        ("x" * 300 + ".csv", "x" * 116 + ".csv"),
    ],
)
def test_a_name_is_kept_without_what_could_mislead(ada, account, name, kept):
    assert bring(ada, account, files.GERMAN, name=name).filename == kept


@pytest.mark.parametrize(
    "data, problem",
    [
        (b"", errors.ImportFileEmpty),
        (b"PK\x03\x04", errors.ImportFormatUnknown),
        (files.camt("02")[:-300], errors.ImportFileBroken),
        (b"<!DOCTYPE x>" + files.camt("02")[39:], errors.ImportFileDeclares),
    ],
)
def test_a_file_that_cannot_be_read_never_becomes_an_import(ada, account, data, problem):
    with pytest.raises(problem):
        bring(ada, account, data)
    assert not Import.objects.exists()
    assert not ImportChunk.objects.exists()


def test_a_large_file_that_breaks_off_late_is_kept_as_failed(ada, account):
    item_at = files.entry("1.00", "DBIT", "2024-01-13", "<Nm>x</Nm>", "<Sts>{}</Sts>")
    data = files.camt("02", entries=item_at * 1_500)[:-300]
    item = bring(ada, account, data, policy=replace(IMPORTS, batch_lines=100))
    if item.status == Import.Status.CHECKING:
        services.work_on_imports()
        item.refresh_from_db()
    assert (item.status, item.problem) == (Import.Status.FAILED, "import-file-broken")
    assert isinstance(services.as_problem(item), errors.ImportFileBroken)


# --- history --------------------------------------------------------------------------------


def test_a_history_is_read_page_by_page_and_searched(ada, account):
    take_over(ada, account, files.GERMAN)
    seen, cursor = [], None
    while cursor != "":
        page = selectors.outside_entries_page(account, before=cursor, size=3)
        seen += [entry.amount_minor for entry in page.rows]
        cursor = page.next
    assert seen == [-4_50, -4_50, 2_850_00, -1_234_56]
    found = selectors.outside_entries_page(account, before=None, size=3, text="müller")
    assert len(found.rows) == 2
    for wrong in ("x", "2024-13-01.1", "2024-01-01", "2024-01-01.9999999999999999999"):
        with pytest.raises(InvalidCursor):
            selectors.outside_entries_page(account, before=wrong, size=3)


# --- hands ----------------------------------------------------------------------------------


@pytest.fixture
def ada_banks(bank):
    return User.objects.create_user("ada@example.org", "correct horse battery", name="Ada Byron")


def confirmed(owner, data, policy):
    account = outside(owner)
    item = bring(owner, account, data, policy=policy)
    services.check_import(item, policy=policy)
    services.confirm_import(item=item, by=owner, revision=item.revision)
    item.refresh_from_db()
    return account, item


HAND = """
import os, django
django.setup()
from dataclasses import replace
from banking.imports import services
from banking.policy import IMPORTS
services.work_on_imports(policy=replace(IMPORTS, batch_lines=50))
"""


def test_a_hand_that_is_killed_anywhere_loses_and_repeats_nothing(ada_banks):
    policy = replace(IMPORTS, batch_lines=50)
    account, item = confirmed(ada_banks, files.many_lines(4_000), policy)
    kills = 0
    for more in (1, 700):
        hand = _hand()
        target = item.position + more
        while item.position < target and hand.poll() is None:
            time.sleep(0.005)
            item.refresh_from_db()
        kills += hand.poll() is None
        hand.send_signal(signal.SIGKILL)
        hand.wait()
        item.refresh_from_db()
        account.refresh_from_db()
        assert len(amounts(account)) == item.added == account.lines
    assert kills == 2, "a hand was killed in the middle of it"
    while item.status != Import.Status.DONE:  # the dead hand's lock ends with its connection
        services.work_on_imports(policy=policy)
        item.refresh_from_db()
    account.refresh_from_db()
    assert (item.position, item.added, account.lines, account.seq) == (4_000,) * 4
    expected = sum(-2_50 if n % 7 == 0 else n * 100 + 1 for n in range(4_000))
    assert sum(amounts(account)) == int(account.total_minor) == expected


def _hand():
    addresses = servers.current().addresses(servers.current_database())
    environment = os.environ | dict(addresses) | {"DJANGO_SETTINGS_MODULE": "fintrust.settings"}
    return subprocess.Popen([sys.executable, "-c", HAND], env=environment, cwd=settings.BASE_DIR)


def test_two_hands_at_one_import_add_it_once(ada_banks):
    policy = replace(IMPORTS, batch_lines=20)
    account, item = confirmed(ada_banks, files.many_lines(1_000), policy)
    start = Barrier(2)

    def work():
        mine = Import.objects.select_related("account").get(pk=item.pk)
        start.wait()
        services.add_lines(mine, policy=policy)
        connection.close()

    hands = [Thread(target=work) for _ in range(2)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    item.refresh_from_db()
    while item.status != Import.Status.DONE:
        services.add_lines(item, policy=policy)
        item.refresh_from_db()
    assert item.added == len(amounts(account)) == 1_000


def test_two_tabs_with_one_file_make_one_import(ada_banks):
    account, start, made = outside(ada_banks), Barrier(2), []

    def tab():
        start.wait()
        made.append(bring(ada_banks, account, files.GERMAN, policy=LATER).pk)
        connection.close()

    tabs = [Thread(target=tab) for _ in range(2)]
    for one in tabs:
        one.start()
    for one in tabs:
        one.join()
    assert len(set(made)) == 1
    assert ImportChunk.objects.count() == 1


def test_an_import_is_undone_while_it_is_being_added(ada_banks):
    policy = replace(IMPORTS, batch_lines=10)
    account, item = confirmed(ada_banks, files.many_lines(3_000), policy)

    def work():
        services.work_on_imports(policy=policy)
        connection.close()

    hand = Thread(target=work)
    hand.start()
    while item.position == 0:
        item.refresh_from_db()
    services.undo_import(item=item, by=ada_banks)
    hand.join()
    account.refresh_from_db()
    assert (account.lines, int(account.total_minor), amounts(account)) == (0, 0, [])


def test_a_turn_ends_and_the_next_one_goes_on(ada, account):
    policy = replace(LATER, batch_lines=10, turn=timedelta(0))
    item = bring(ada, account, files.many_lines(45), policy=policy)
    services.work_on_imports(policy=policy)
    item.refresh_from_db()
    services.confirm_import(item=item, by=ada, revision=item.revision)
    places = []
    while item.status != Import.Status.DONE:
        services.work_on_imports(policy=policy)
        item.refresh_from_db()
        places.append(item.position)
    assert places == [10, 20, 30, 40, 45, 45]
    assert len(amounts(account)) == 45


def test_a_second_worker_leaves_imports_to_the_first(ada_banks):
    confirmed(ada_banks, files.GERMAN, IMPORTS)
    with services._only_hand() as mine:
        assert mine
        assert _elsewhere(services.work_on_imports) == 0
    assert _elsewhere(services.work_on_imports) == 1


def _elsewhere(verb):
    answers = []

    def run():
        answers.append(verb())
        connection.close()

    other = Thread(target=run)
    other.start()
    other.join()
    return answers[0]


def test_a_hundred_thousand_lines_are_added_in_flat_memory(ada, account):
    item = bring(ada, account, files.many_lines(100_000), policy=LATER)
    # As if looked at and confirmed: that look reads the same way and keeps less.
    layout = services._layout(item, IMPORTS)
    Import.objects.filter(pk=item.pk).update(status=Import.Status.ADDING, layout=layout)
    item.refresh_from_db()
    before = _largest_memory(reset=True)
    services.add_lines(item, policy=replace(IMPORTS, turn=timedelta(seconds=300)))
    grown = _largest_memory() - before
    item.refresh_from_db()
    assert (item.status, item.added) == (Import.Status.DONE, 100_000)
    assert grown < 40_000_000


def _largest_memory(*, reset=False):
    """Bytes that this process held at most, since it was told to count anew."""
    process = Path("/proc/self")
    if reset:
        (process / "clear_refs").write_text("5")
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())
    return int(kilobytes) * 1024

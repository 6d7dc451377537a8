"""From alert to outcome: who may do what with a case, and what it leaves behind."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.models import Record
from fintrust.core import roles
from fintrust.core.errors import Forbidden
from fintrust.core.models import Event, User
from fraud import errors
from fraud import services as fraud
from fraud.cases import intake, selectors, services
from fraud.models import Alert, Case, CaseEntry, Decision, EvidenceFile, Label
from fraud.policy import CASES, CasePolicy, cents
from fraud.tests.factories import PASSWORD, customer, facts, limit_payments

pytestmark = pytest.mark.django_db
FRAUD, NOT_FRAUD, OPEN_QUESTION = Case.Outcome


def officer(name: str, role: str = roles.COMPLIANCE) -> User:
    made = User.objects.create_user(f"{name}@example.org", PASSWORD, name=name, is_staff=True)
    made.groups.add(Group.objects.get(name=role))
    return made


@pytest.fixture
def ada():
    return customer()


@pytest.fixture
def olga():
    return officer("olga")


@pytest.fixture
def ravi():
    return officer("ravi")


@pytest.fixture
def senior():
    return officer("mara", roles.SENIOR)


def suspicious(person: User, minor: int = 600_00, currency: str = "GBP") -> Decision:
    """A payment that is flagged: large for somebody the bank does not know yet."""
    decision = fraud.assess(facts(customer_id=person.pk, amount_minor=minor, currency=currency))
    fraud.raise_alert(
        decision, kind=Alert.Kind.PAYMENT, severity=Alert.Severity.MEDIUM, text="unusual"
    )
    return decision


@pytest.fixture
def case(ada):
    suspicious(ada)
    return Case.objects.get()


@pytest.fixture
def taken(case, olga):
    return services.take_case(case=case, by=olga)


# --- how alerts become a case ---------------------------------------------------------------


def test_an_alert_opens_a_case_and_later_ones_join_it(ada):
    first, second = suspicious(ada), suspicious(ada)
    case = Case.objects.get()
    assert set(selectors.suspected(case)) == {first, second}
    assert [entry.kind for entry in selectors.entries_of(case)] == ["opened", "alert", "alert"]
    assert Event.objects.filter(kind="case.opened", topic="support").count() == 1


def test_the_same_alert_again_joins_nothing_again(ada):
    decision = suspicious(ada)
    again = fraud.raise_alert(
        decision, kind=Alert.Kind.PAYMENT, severity=Alert.Severity.HIGH, text="again"
    )
    assert again is None
    assert CaseEntry.objects.filter(kind="alert").count() == 1


def test_two_customers_have_two_cases(ada):
    suspicious(ada), suspicious(customer("bob@example.org"))
    assert Case.objects.count() == 2


def test_ones_own_limit_opens_no_case_but_joins_one(ada):
    limit_payments(ada, {"GBP": 10_00})
    fraud.assess(facts(customer_id=ada.pk, amount_minor=20_00))
    assert Alert.objects.get().kind == "limit" and not Case.objects.exists()
    fraud.raise_alert(
        Decision.objects.get(), kind=Alert.Kind.DENIED, severity=Alert.Severity.HIGH, text="no"
    )
    fraud.assess(facts(customer_id=ada.pk, amount_minor=30_00))
    assert Case.objects.get().entries.filter(kind="alert").count() == 2


def test_an_alert_about_a_rule_is_no_case_of_the_customer_who_met_it(ada, case):
    decision = fraud.assess(facts(customer_id=ada.pk, amount_minor=5_00))
    fraud.raise_alert(decision, kind=Alert.Kind.RULE, severity="medium", text="over its budget")
    assert not case.entries.filter(alert__kind="rule").exists()


def test_after_closing_a_new_alert_opens_a_new_case(ada, taken, olga):
    services.close_case(case=taken, by=olga, outcome=NOT_FRAUD, text="his rent")
    suspicious(ada)
    assert Case.objects.count() == 2 and Case.objects.open().count() == 1


def test_the_database_keeps_a_second_open_case_out(case):
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.create(customer=case.customer, severity="low", due_at=timezone.now())


@pytest.mark.parametrize("decisions_max, joined", [(2, 2), (1, 1)])
def test_a_full_case_takes_no_more_payments(ada, decisions_max, joined):
    policy = CasePolicy(decisions_max=decisions_max)
    for _ in range(2):
        decision = fraud.assess(facts(customer_id=ada.pk, amount_minor=5_00))
        alert = Alert.objects.create(
            decision=decision, kind=Alert.Kind.AFTERWARDS, severity="low", text="odd"
        )
        intake.join(alert, decision, policy=policy)
    assert selectors.suspected(Case.objects.get()).count() == joined


# --- what it may cost, and how long it may wait ---------------------------------------------


@pytest.mark.parametrize(
    "minor, currency, expected",
    [(100_00, "EUR", 100_00), (16_000, "JPY", 100_00), (4_00_00, "PLN", 100_00), (1, "EUR", 1)],
)
def test_amounts_are_compared_at_their_magnitude(minor, currency, expected):
    assert cents(minor, currency) == expected


def test_expected_loss_is_amount_times_score_and_counts_a_payment_once(ada):
    decision = suspicious(ada)
    case = Case.objects.get()
    assert case.loss_minor == round(600_00 * decision.score) > 0
    fraud.raise_alert(decision, kind=Alert.Kind.DENIED, severity=Alert.Severity.HIGH, text="no")
    case.refresh_from_db()
    assert case.loss_minor == round(600_00 * CASES.denied_share)


@pytest.mark.parametrize(
    "kind, share", [("denied", CASES.denied_share), ("disputed", CASES.disputed_share)]
)
def test_what_the_customer_says_weighs_more_than_a_score_of_nothing(ada, kind, share):
    decision = fraud.assess(facts(customer_id=ada.pk, amount_minor=5_00))
    assert decision.score == 0
    fraud.raise_alert(decision, kind=kind, severity="high", text="not me")
    assert Case.objects.get().loss_minor == round(5_00 * share)


@pytest.mark.parametrize("severity, hours", [("high", 4), ("medium", 24), ("low", 72)])
def test_the_clock_runs_by_severity(ada, severity, hours):
    decision = fraud.assess(facts(customer_id=ada.pk, amount_minor=5_00))
    fraud.raise_alert(decision, kind="afterwards", severity=severity, text="odd")
    left = Case.objects.get().due_at - timezone.now()
    assert timedelta(hours=hours) - timedelta(minutes=1) < left <= timedelta(hours=hours)


def test_graver_news_shortens_the_clock_and_milder_news_never_lengthens_it(ada, case):
    due = case.due_at
    milder = fraud.assess(facts(customer_id=ada.pk, amount_minor=5_00))
    fraud.raise_alert(milder, kind="afterwards", severity="low", text="odd")
    case.refresh_from_db()
    assert (case.due_at, case.severity) == (due, "medium")
    fraud.raise_alert(milder, kind="denied", severity="high", text="no")
    case.refresh_from_db()
    assert case.due_at < due and case.severity == "high"


def test_the_queue_shows_what_is_late_first_and_then_what_may_cost_most(ada):
    people = [customer(f"{name}@example.org") for name in ("b", "c")]
    small, large, late = (
        suspicious(person, minor)
        for person, minor in zip((*people, ada), (500_00, 900_00, 501_00), strict=True)
    )
    Case.objects.filter(customer=ada).update(due_at=timezone.now() - timedelta(seconds=1))
    order = [case.customer_id for case in selectors.queue()]
    assert order == [late.customer_id, large.customer_id, small.customer_id]
    assert Case.objects.late().get().is_late


@pytest.mark.parametrize("seconds, late", [(-1, True), (60, False)])
def test_a_case_is_late_when_its_clock_has_run_out(case, seconds, late):
    case.due_at = timezone.now() + timedelta(seconds=seconds)
    case.save(update_fields=["due_at"])
    assert case.is_late is late
    assert Case.objects.late().exists() is late


# --- who works on it ------------------------------------------------------------------------


def test_taking_is_idempotent_and_a_second_officer_is_told(taken, olga, ravi):
    assert services.take_case(case=taken, by=olga).assigned_to == olga
    with pytest.raises(errors.CaseTaken):
        services.take_case(case=taken, by=ravi)
    assert CaseEntry.objects.filter(kind="taken").count() == 1
    assert Event.objects.filter(kind="case.taken").count() == 1


def test_a_case_is_handed_over_put_back_and_taken_again(taken, olga, ravi):
    services.hand_over(case=taken, by=olga, to=ravi, text="night shift")
    with pytest.raises(errors.CaseNotYours):
        services.add_file(case=taken, by=olga, name="a.txt", content=b"hello")
    services.release_case(case=taken, by=ravi)
    assert services.take_case(case=taken, by=olga).assigned_to == olga


def test_a_case_is_not_handed_to_who_cannot_work_on_it(taken, olga, ada):
    support, gone = officer("sam", roles.SUPPORT), officer("gone")
    gone.is_active = False
    gone.save()
    for nobody in (support, gone, ada):
        with pytest.raises(errors.ColleagueCannot):
            services.hand_over(case=taken, by=olga, to=nobody)


def test_a_senior_may_put_a_colleagues_case_back_and_a_peer_may_not(taken, ravi, senior):
    with pytest.raises(errors.CaseNotYours):
        services.release_case(case=taken, by=ravi)
    assert services.release_case(case=taken, by=senior).assigned_to is None


def test_support_sees_and_notes_and_does_nothing_else(case):
    sam = officer("sam", roles.SUPPORT)
    services.add_note(case=case, by=sam, text="she called")
    decision = Decision.objects.get()
    for deed in (
        lambda: services.take_case(case=case, by=sam),
        lambda: services.close_case(case=case, by=sam, outcome=NOT_FRAUD, text="surely"),
        lambda: services.escalate_case(case=case, by=sam, text="help me"),
        lambda: services.approve_case(case=case, by=sam),
        lambda: services.return_case(case=case, by=sam, text="no no"),
        lambda: services.reopen_case(case=case, by=sam, text="no no"),
        lambda: services.release_case(case=case, by=sam),
        lambda: services.link_decision(case=case, by=sam, decision=decision),
        lambda: services.add_file(case=case, by=sam, name="a", content=b"hello"),
    ):
        with pytest.raises(Forbidden):
            deed()
    case.refresh_from_db()
    assert (case.status, case.assigned_to) == ("open", None)
    assert not Label.objects.exists()


@pytest.mark.parametrize("role", [roles.AUDITOR, roles.CUSTOMER, roles.ADMINISTRATOR])
def test_nobody_else_even_writes_a_note(case, role):
    with pytest.raises(Forbidden):
        services.add_note(case=case, by=officer("else", role), text="hello")


def test_an_officer_has_no_hand_in_a_case_about_themselves(olga):
    suspicious(olga)
    case = Case.objects.get()
    for deed in (services.take_case, services.approve_case):
        with pytest.raises(errors.CaseAboutYou):
            deed(case=case, by=olga)


# --- escalation -----------------------------------------------------------------------------


def test_what_is_escalated_is_for_seniors(taken, olga, ravi, senior):
    services.escalate_case(case=taken, by=olga, text="a ring of mules, I think")
    with pytest.raises(errors.CaseEscalated):
        services.take_case(case=taken, by=ravi)
    with pytest.raises(errors.OwnEscalation):
        services.take_case(case=taken, by=olga)
    services.take_case(case=taken, by=senior)
    with pytest.raises(errors.ColleagueCannot):
        services.hand_over(case=taken, by=senior, to=ravi)
    closed = services.close_case(case=taken, by=senior, outcome=FRAUD, text="it is a ring")
    assert closed.status == "closed"


def test_a_senior_cannot_decide_what_they_escalated_themselves(case, senior):
    services.take_case(case=case, by=senior)
    services.escalate_case(case=case, by=senior, text="let somebody else look")
    with pytest.raises(errors.OwnEscalation):
        services.take_case(case=case, by=senior)
    another = officer("nils", roles.SENIOR)
    services.take_case(case=case, by=another)
    with pytest.raises(errors.ColleagueCannot):
        services.hand_over(case=case, by=another, to=senior)
    with pytest.raises(errors.CaseNotYours):
        services.close_case(case=case, by=senior, outcome=NOT_FRAUD, text="all well")
    # And if every check above were lost, the database would still refuse it.
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(
            status="closed", outcome="fraud", closed_by=senior, closed_at=timezone.now()
        )


def test_a_case_is_escalated_once(case, senior, olga):
    services.take_case(case=case, by=olga)
    services.escalate_case(case=case, by=olga, text="too much for me")
    services.take_case(case=case, by=senior)
    with pytest.raises(errors.CaseAlreadyEscalated):
        services.escalate_case(case=case, by=senior, text="too much for me")


# --- notes and evidence ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, refused",
    [
        ("", errors.WordsMissing),
        ("ab", errors.WordsMissing),
        ("abc", None),
        ("x" * CASES.text_max, None),
        ("x" * (CASES.text_max + 1), errors.WordsTooLong),
    ],
)
def test_a_note_says_something_and_is_no_novel(taken, olga, text, refused):
    if refused is None:
        assert services.add_note(case=taken, by=olga, text=text).text == text
    else:
        with pytest.raises(refused):
            services.add_note(case=taken, by=olga, text=text)


@pytest.mark.parametrize(
    "content, kind",
    [
        (b"%PDF-1.7 \xff", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0JFIF", "image/jpeg"),
        ("Überweisung\tam Montag\n".encode(), "text/plain"),
        (b"x" * CASES.file_bytes_max, "text/plain"),
    ],
)
def test_a_file_is_known_by_its_bytes(taken, olga, content, kind):
    entry = services.add_file(case=taken, by=olga, name="../../etc/passwd", content=content)
    assert (entry.file.kind, entry.file.name, entry.file.size) == (kind, "passwd", len(content))


@pytest.mark.parametrize(
    "content, refused",
    [
        (b"", errors.EvidenceUnknown),
        (b"MZ\x90\x00", errors.EvidenceUnknown),
        (b"PK\x03\x04", errors.EvidenceUnknown),
        (b"hello\x00", errors.EvidenceUnknown),
        (b"\xff\xfe", errors.EvidenceUnknown),
        (b"x" * (CASES.file_bytes_max + 1), errors.EvidenceTooLarge),
    ],
)
def test_other_files_are_refused(taken, olga, content, refused):
    with pytest.raises(refused):
        services.add_file(case=taken, by=olga, name="a.pdf", content=content)
    assert not EvidenceFile.objects.exists()


def test_the_same_file_twice_is_kept_once(taken, olga):
    first, second = (
        services.add_file(case=taken, by=olga, name=name, content=b"a letter") for name in "ab"
    )
    assert first == second


def test_a_case_keeps_so_many_files_and_lines(taken, olga):
    policy = CasePolicy(files_max=1)
    services.add_file(case=taken, by=olga, name="a", content=b"one", policy=policy)
    with pytest.raises(errors.CaseFull):
        services.add_file(case=taken, by=olga, name="b", content=b"two", policy=policy)
    written = taken.entries.exclude(kind="alert").count()
    services.add_note(
        case=taken, by=olga, text="one more", policy=CasePolicy(entries_max=written + 1)
    )
    with pytest.raises(errors.CaseFull):
        services.add_note(
            case=taken, by=olga, text="too much", policy=CasePolicy(entries_max=written + 1)
        )


@pytest.mark.parametrize("table", ["fraud_caseentry", "fraud_evidencefile"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET case_id = case_id", "DELETE FROM {}"])
def test_history_and_evidence_cannot_be_changed(taken, olga, table, deed):
    services.add_file(case=taken, by=olga, name="a", content=b"a letter")
    refused = pytest.raises(Exception, match=r"append-only|permission denied")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(deed.format(table))


def test_another_payment_is_linked_as_evidence_and_only_as_suspected_labelled(ada, taken, olga):
    harmless, guilty = (
        fraud.assess(facts(customer_id=ada.pk, amount_minor=5_00)) for _ in range(2)
    )
    services.link_decision(case=taken, by=olga, decision=harmless, text="the usual rent")
    again = services.link_decision(case=taken, by=olga, decision=harmless)
    assert again.text == "the usual rent"
    services.link_decision(case=taken, by=olga, decision=guilty, suspected=True)
    services.close_case(case=taken, by=olga, outcome=FRAUD, text="he confessed")
    assert not harmless.labels.exists()
    assert guilty.labels.get().fraud


def test_somebody_elses_payment_can_be_linked_but_not_decided_here(taken, olga):
    other = fraud.assess(facts(customer_id=customer("bob@example.org").pk, amount_minor=5_00))
    services.link_decision(case=taken, by=olga, decision=other, suspected=True)
    services.close_case(case=taken, by=olga, outcome=FRAUD, text="he confessed")
    assert not other.labels.exists()


# --- outcomes -------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome, learned", [(FRAUD, [True]), (NOT_FRAUD, [False])])
def test_an_outcome_is_a_label_of_every_payment_at_the_same_moment(taken, olga, outcome, learned):
    services.close_case(case=taken, by=olga, outcome=outcome, text="it is clear")
    labels = Label.objects.all()
    assert [label.fraud for label in labels] == learned
    assert {(label.source, label.by) for label in labels} == {("officer", olga)}
    assert Alert.objects.get().status == "acknowledged"
    event = Event.objects.get(kind="case.closed")
    assert event.data["outcome"] == outcome.label


def test_an_inconclusive_case_teaches_nothing(taken, olga):
    services.close_case(case=taken, by=olga, outcome=OPEN_QUESTION, text="cannot be told")
    assert not Label.objects.exists()


def test_an_outcome_takes_who_works_on_it(case, olga):
    with pytest.raises(errors.CaseNotYours):
        services.close_case(case=case, by=olga, outcome=NOT_FRAUD, text="all well")


def test_an_outcome_needs_a_reason(taken, olga):
    with pytest.raises(errors.WordsMissing):
        services.close_case(case=taken, by=olga, outcome=NOT_FRAUD, text=" \n ")


def test_a_closed_case_is_not_closed_again(taken, olga):
    services.close_case(case=taken, by=olga, outcome=NOT_FRAUD, text="all well")
    with pytest.raises(errors.CaseClosed):
        services.close_case(case=taken, by=olga, outcome=FRAUD, text="or not")
    assert Label.objects.count() == 1


def test_what_joined_unseen_is_not_decided(ada, taken, olga):
    seen = selectors.newest_entry(taken)
    services.add_note(case=taken, by=olga, text="a note is no news")
    suspicious(ada)
    with pytest.raises(errors.CaseMoved):
        services.close_case(case=taken, by=olga, outcome=NOT_FRAUD, text="all well", seen=seen)
    seen = selectors.newest_entry(taken)
    services.close_case(case=taken, by=olga, outcome=NOT_FRAUD, text="all well", seen=seen)
    assert Label.objects.count() == 2


def test_a_note_written_meanwhile_does_not_keep_a_case_open(taken, olga):
    seen = selectors.newest_entry(taken)
    services.add_note(case=taken, by=olga, text="a note is no news")
    services.close_case(case=taken, by=olga, outcome=NOT_FRAUD, text="all well", seen=seen)


# --- four eyes ------------------------------------------------------------------------------


@pytest.mark.parametrize("minor, status", [(1_000_00, "closed"), (1_000_01, "review")])
def test_fraud_for_much_money_takes_a_second_person(ada, olga, minor, status):
    suspicious(ada, minor, "EUR")
    case = services.take_case(case=Case.objects.get(), by=olga)
    case = services.close_case(case=case, by=olga, outcome=FRAUD, text="a stolen card")
    assert case.status == status
    assert Label.objects.exists() is (status == "closed")


def test_many_small_payments_are_much_money_too(ada, olga):
    for _ in range(3):
        suspicious(ada, 500_00, "EUR")
    case = services.take_case(case=Case.objects.get(), by=olga)
    assert services.close_case(case=case, by=olga, outcome=FRAUD, text="a ring").status == "review"


@pytest.mark.parametrize("outcome", [NOT_FRAUD, OPEN_QUESTION])
def test_other_outcomes_take_one_person(ada, olga, outcome):
    suspicious(ada, 5_000_00, "EUR")
    case = services.take_case(case=Case.objects.get(), by=olga)
    assert services.close_case(case=case, by=olga, outcome=outcome, text="fine").status == "closed"


@pytest.fixture
def proposed(ada, olga):
    suspicious(ada, 5_000_00, "EUR")
    case = services.take_case(case=Case.objects.get(), by=olga)
    return services.close_case(case=case, by=olga, outcome=FRAUD, text="a stolen card")


def test_a_colleague_agrees_and_only_then_it_is_learned(proposed, olga, ravi):
    with pytest.raises(errors.OwnFinding):
        services.approve_case(case=proposed, by=olga)
    assert not Label.objects.exists()
    closed = services.approve_case(case=proposed, by=ravi)
    assert (closed.proposed_by, closed.closed_by) == (olga, ravi)
    assert Label.objects.get().by == ravi
    with pytest.raises(errors.CaseClosed):
        services.approve_case(case=proposed, by=ravi)


def test_who_proposed_cannot_agree_even_after_handing_it_over(proposed, olga, ravi):
    services.hand_over(case=proposed, by=olga, to=ravi)
    with pytest.raises(errors.OwnFinding):
        services.approve_case(case=proposed, by=olga)
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=proposed.pk).update(
            status="closed", closed_by=olga, closed_at=timezone.now()
        )


def test_a_colleague_returns_it_and_the_work_goes_on(proposed, ravi):
    case = services.return_case(case=proposed, by=ravi, text="which card?")
    assert (case.status, case.outcome, case.proposed_by) == ("open", "", None)
    with pytest.raises(errors.CaseNotInReview):
        services.approve_case(case=case, by=ravi)


def test_nothing_is_closed_beside_a_proposal(proposed, olga):
    with pytest.raises(errors.CaseInReview):
        services.close_case(case=proposed, by=olga, outcome=NOT_FRAUD, text="or not")
    with pytest.raises(errors.CaseInReview):
        services.escalate_case(case=proposed, by=olga, text="or somebody else")


def test_news_that_join_a_proposal_send_it_back(ada, proposed, ravi):
    suspicious(ada)
    with pytest.raises(errors.CaseNotInReview):
        services.approve_case(case=proposed, by=ravi)
    assert not Label.objects.exists()


# --- reopening ------------------------------------------------------------------------------


def test_a_case_is_reopened_and_the_newest_outcome_counts(taken, olga, ravi):
    services.close_case(case=taken, by=olga, outcome=NOT_FRAUD, text="all well")
    case = services.reopen_case(case=taken, by=ravi, text="the police called")
    assert (case.status, case.assigned_to, case.outcome) == ("open", None, "")
    assert case.due_at > timezone.now()
    services.take_case(case=case, by=ravi)
    services.close_case(case=case, by=ravi, outcome=FRAUD, text="a stolen card")
    assert [label.fraud for label in Label.objects.order_by("id")] == [False, True]


def test_an_open_case_is_not_reopened(case, olga):
    with pytest.raises(errors.CaseNotClosed):
        services.reopen_case(case=case, by=olga, text="once more")


def test_an_old_case_is_not_reopened_beside_a_new_one(ada, taken, olga):
    services.close_case(case=taken, by=olga, outcome=NOT_FRAUD, text="all well")
    suspicious(ada)
    with pytest.raises(errors.CustomerHasOpenCase):
        services.reopen_case(case=taken, by=olga, text="the police called")
    taken.refresh_from_db()
    assert taken.status == "closed"


# --- what it leaves behind ------------------------------------------------------------------


def test_every_deed_leaves_a_record_and_none_tells_the_customer(ada, taken, olga, ravi):
    services.add_note(case=taken, by=olga, text="she called")
    services.hand_over(case=taken, by=olga, to=ravi)
    services.escalate_case(case=taken, by=ravi, text="too much")
    deeds = Record.objects.filter(action__startswith="fraud.case.")
    assert set(deeds.values_list("action", flat=True)) == {
        f"fraud.case.{deed}" for deed in ("opened", "taken", "note", "handed", "escalated")
    }
    assert {record.subject for record in deeds} == {taken.public_id}
    assert {record.owner_id for record in deeds} == {None}
    assert "she called" not in str(list(deeds.values("data", "reason")))

import pytest
from django.db import transaction

from audit import services
from audit.entries import SecretInRecord
from audit.errors import ReasonTooLong, RecordTooLarge
from audit.models import Record
from fintrust.core import context
from fintrust.core.ids import to_public, uuid7
from fintrust.core.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return User.objects.create_user("ada@example.org", None, name="Ada")


def test_a_record_tells_who_did_what_to_whose_data_from_where(ada):
    officer = User.objects.create_user("olga@example.org", None, name="Olga", is_staff=True)
    with context.use(
        actor_id=str(officer.pk),
        actor_kind="staff",
        request_id="req-1",
        ip="192.0.2.7",
        session_hash=context.session_hash("the-key-of-a-session"),
    ):
        made = services.record(
            "core.user.renamed",
            subject=ada,
            owner=ada,
            before={"name": "Ida", "timezone": "UTC"},
            after={"name": "Ada", "timezone": "UTC"},
            reason="deed poll",
            purpose="correction",
            data={"document": "passport"},
        )
    kept = Record.objects.get(pk=made.pk)
    assert (kept.action, kept.subject, kept.owner) == (
        "core.user.renamed",
        ada.public_id,
        ada,
    )
    assert (kept.actor_id, kept.actor_kind) == (officer.pk, "staff")
    assert kept.actor_label == officer.public_id
    assert (kept.before, kept.after) == ({"name": "Ida"}, {"name": "Ada"})
    assert (kept.reason, kept.purpose, kept.data) == (
        "deed poll",
        "correction",
        {"document": "passport"},
    )
    assert (kept.request_id, kept.ip) == ("req-1", "192.0.2.7")
    assert kept.session == context.session_hash("the-key-of-a-session") != "the-key-of-a-session"
    assert kept.tx > 0 and kept.at is not None
    assert list(Record.objects.about(ada)) == [kept]


def test_without_a_request_the_bank_itself_is_the_actor():
    made = services.record("core.clock.ticked", subject="clock")
    assert (made.actor_id, made.actor_kind, made.ip, made.session) == (
        None,
        "system",
        None,
        "",
    )


def test_another_actor_than_the_asker_can_be_named(ada):
    with context.use(actor_id=str(uuid7()), actor_kind="partner"):
        made = services.record("core.user.renamed", subject=ada, by=ada)
    assert (made.actor_id, made.actor_kind) == (ada.pk, "customer")


def test_the_asker_named_again_keeps_the_kind_of_the_request(ada):
    with context.use(actor_id=str(ada.pk), actor_kind="partner"):
        assert services.record("core.user.renamed", subject=ada, by=ada).actor_kind == "partner"


def test_a_record_goes_back_with_its_caller(ada):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.record("core.user.renamed", subject=ada)
        raise ZeroDivisionError
    assert not Record.objects.filter(subject=ada.public_id).exists()


@pytest.mark.parametrize(
    "action",
    ["", "posted", "Banking.Posted", "a.b.c.d.e", "a. b", "a.b\n", "a." + "b" * 80],
)
def test_an_action_has_a_fixed_shape(action):
    with pytest.raises(ValueError):
        services.record(action, subject="clock")


@pytest.mark.parametrize("length, works", [(1000, True), (1001, False)])
def test_a_reason_has_its_limit(length, works):
    if works:
        assert len(services.record("a.b", subject="x", reason="r" * length).reason) == length
    else:
        with pytest.raises(ReasonTooLong):
            services.record("a.b", subject="x", reason="r" * length)


@pytest.mark.parametrize("spare, works", [(0, True), (-1, False)])
def test_the_values_of_a_record_have_their_limit(spare, works):
    frame = len('[null,null,{"a":""}]')
    data = {"a": "x" * (services.VALUES_BYTES_MAX - frame - spare)}
    if works:
        assert services.record("a.b", subject="x", data=data).data == data
    else:
        with pytest.raises(RecordTooLarge):
            services.record("a.b", subject="x", data=data)


def test_no_secret_enters_a_record(ada):
    with pytest.raises(SecretInRecord):
        services.record("core.password.changed", subject=ada, after={"password": "hunter2"})


@pytest.mark.parametrize("subject", ["", "x" * 61])
def test_a_subject_is_a_short_text(subject):
    with pytest.raises(ValueError):
        services.record("a.b", subject=subject)


@pytest.mark.parametrize(
    "given, kept",
    [
        ("192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("<script>", None),
        ("", None),
    ],
)
def test_only_an_address_is_kept_as_an_address(given, kept):
    with context.use(ip=given):
        made = services.record("a.b", subject="x")
    assert Record.objects.get(pk=made.pk).ip == kept


def test_a_record_is_found_by_its_public_id():
    made = services.record("a.b", subject="x")
    assert Record.objects.get_public(made.public_id) == made
    assert made.public_id == to_public("rec", made.pk)

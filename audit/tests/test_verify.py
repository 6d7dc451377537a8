"""Whatever an administrator of the database changes is found, at its place in the log."""

import hashlib
import random

import pytest

from audit import entries, log, merkle
from audit.models import Checkpoint, Leaf, Record
from audit.verify import verify
from fintrust.core.ids import to_public

pytestmark = pytest.mark.usefixtures("bank")


@pytest.fixture
def sealed(records):
    """A log of this many records in batches."""

    def make(count, batch=1_000):
        records(count)
        while log.seal(batch_max=batch).leaves:
            pass

    return make


def at(index):
    return Leaf.objects.select_related("record").get(index=index).record


def test_an_untouched_log_is_intact(sealed, records):
    sealed(600, batch=250)
    records(3, "still waiting")
    outcome = verify()
    assert outcome.intact, outcome.first
    assert (outcome.since, outcome.size) == (0, 600)
    assert verify(since=300) == verify(since=250)
    assert (verify(since=300).since, verify(since=300).intact) == (250, True)
    assert verify(since=600).intact


def test_an_empty_log_is_intact():
    assert verify().intact and verify(since=10).intact


@pytest.mark.parametrize(
    "column, value",
    [
        ("action", "core.test.undone"),
        ("subject", "somebody else"),
        ("at", "2020-01-01T00:00:00Z"),
        ("actor_id", "00000000-0000-0000-0000-000000000001"),
        ("actor_kind", "staff"),
        ("actor_label", "someone"),
        ("owner_id", "00000000-0000-0000-0000-000000000001"),
        ("before", '{"balance": 1}'),
        ("after", '{"balance": 2}'),
        ("data", '{"balance": 3}'),
        ("reason", "no reason"),
        ("purpose", "no purpose"),
        ("request_id", "forged"),
        ("ip", "192.0.2.1"),
        ("session", "forged"),
        ("tx", "4"),
    ],
)
def test_a_change_to_any_column_is_found_at_its_record(sealed, tamper, column, value):
    sealed(6)
    victim = at(4)
    tamper("audit_record", f"UPDATE audit_record SET {column} = %s WHERE id = %s", value, victim.pk)
    (finding,) = verify().findings
    assert (finding.kind, finding.index, finding.record) == ("changed", 4, victim.public_id)
    name = {"owner_id": "owner", "request_id": "request"}.get(column, column.split("_")[0])
    assert finding.detail.startswith(f"{name} was "), finding


def test_every_column_is_covered_by_the_test_above():
    cases = {
        case[0] for case in test_a_change_to_any_column_is_found_at_its_record.pytestmark[0].args[1]
    }
    columns = {field.column for field in Record._meta.concrete_fields}
    assert cases | {"id"} == columns == set(entries.COLUMNS)


def test_the_first_of_several_changes_is_named_first(sealed, tamper):
    sealed(30)
    tamper(
        "audit_record", "UPDATE audit_record SET reason = 'x' WHERE subject IN ('x21', 'x7', 'x28')"
    )
    assert [finding.index for finding in verify().findings] == [7, 21, 28]
    assert verify().first == verify().findings[0]


def test_a_deleted_record_is_found(sealed, tamper):
    sealed(6)
    victim = at(2)
    tamper("audit_record", "DELETE FROM audit_record WHERE id = %s", victim.pk)
    (finding,) = verify().findings
    assert (finding.kind, finding.index, finding.record) == ("deleted", 2, victim.public_id)
    assert "core.test.done of x2" in finding.detail


def test_a_record_inserted_among_the_sealed_ones_is_found(sealed, records, tamper):
    sealed(6)
    (forged,) = records(1, "forged")
    tamper("audit_record", "UPDATE audit_record SET tx = '3' WHERE id = %s", forged.pk)
    (finding,) = verify().findings
    assert (finding.kind, finding.record) == ("inserted", forged.public_id)
    assert verify(since=6).intact, "it stands before the part that was asked for"


def test_an_inserted_leaf_is_found(sealed, records, tamper):
    sealed(6, batch=3)
    (forged,) = records(1, "forged")
    row = Record.objects.values_list(*entries.COLUMNS).get(pk=forged.pk)
    tamper("audit_leaf", "UPDATE audit_leaf SET index = index + 100 WHERE index >= 4")
    tamper("audit_leaf", "UPDATE audit_leaf SET index = index - 99 WHERE index >= 100")
    tamper(
        "audit_leaf",
        "INSERT INTO audit_leaf (index, record_id, entry, hash) VALUES (4, %s, %s, %s)",
        forged.pk,
        entries.entry_bytes(row),
        merkle.leaf_hash(entries.entry_bytes(row)),
    )
    first = verify().findings[0]
    assert (first.kind, first.index, first.record) == ("reordered", 4, forged.public_id)


def test_a_leaf_no_checkpoint_covers_is_found(sealed, records, tamper):
    sealed(3)
    (forged,) = records(1, "forged")
    tamper(
        "audit_leaf",
        "INSERT INTO audit_leaf (index, record_id, entry, hash) VALUES (3, %s, '', '')",
        forged.pk,
    )
    (finding,) = verify().findings
    assert (finding.kind, finding.index, finding.record) == ("unsigned", 3, forged.public_id)


def test_two_leaves_that_changed_places_are_found(sealed, tamper):
    sealed(9, batch=5)
    spare = 1_000
    for source, target in [(6, spare), (8, 6), (spare, 8)]:
        tamper("audit_leaf", "UPDATE audit_leaf SET index = %s WHERE index = %s", target, source)
    (finding,) = verify().findings
    assert (finding.kind, finding.index) == ("reordered", 6)


@pytest.mark.parametrize("index", [0, 3, 5])
def test_a_leaf_that_is_gone_is_found(sealed, tamper, index):
    sealed(6)
    tamper("audit_leaf", "DELETE FROM audit_leaf WHERE index = %s", index)
    first = verify().findings[0]
    assert (first.kind, first.index) == ("truncated" if index == 5 else "missing", index)


def test_a_log_cut_short_is_found(sealed, tamper):
    sealed(9, batch=5)
    tamper("audit_leaf", "DELETE FROM audit_leaf WHERE index >= 4")
    tamper("audit_record", "DELETE FROM audit_record WHERE subject IN ('x4','x5','x6','x7','x8')")
    (finding,) = verify().findings
    assert (finding.kind, finding.index, finding.until) == ("truncated", 4, 8)


def test_a_log_rolled_back_whole_is_found_by_whoever_kept_a_checkpoint(sealed, tamper):
    sealed(9, batch=5)
    kept = Checkpoint.objects.get(size=9).note
    assert verify(against=kept).intact
    tamper("audit_checkpoint", "DELETE FROM audit_checkpoint WHERE size = 9")
    tamper("audit_leaf", "DELETE FROM audit_leaf WHERE index >= 5")
    (finding,) = verify(against=kept).findings
    assert (finding.kind, finding.index, finding.until) == ("truncated", 5, 8)


def test_a_log_rewritten_and_signed_with_the_stolen_key_is_found_by_a_kept_checkpoint(
    sealed, tamper
):
    sealed(4)
    kept = Checkpoint.objects.get(size=4).note
    for table in ("audit_checkpoint", "audit_leaf"):
        tamper(table, f"DELETE FROM {table}")
    tamper("audit_record", "UPDATE audit_record SET reason = 'rewritten' WHERE subject = 'x1'")
    log.catch_up()
    assert verify().intact
    (finding,) = verify(against=kept).findings
    assert finding.kind == "rewritten"
    assert [f.kind for f in verify(against=kept.replace("\n4\n", "\n3\n")).findings] == [
        "signature"
    ]


def rewrite(tamper, index, subject):
    """Change a record together with its leaf, as someone would who knows how the log works."""
    tamper(
        "audit_record", "UPDATE audit_record SET subject = %s WHERE id = %s", subject, at(index).pk
    )
    row = Record.objects.values_list(*entries.COLUMNS).get(pk=at(index).pk)
    entry = entries.entry_bytes(row)
    tamper(
        "audit_leaf",
        "UPDATE audit_leaf SET entry = %s, hash = %s WHERE index = %s",
        entry,
        merkle.leaf_hash(entry),
        index,
    )


def test_a_leaf_rewritten_with_its_record_is_found_by_its_tile(sealed, tamper):
    sealed(600)
    rewrite(tamper, 300, "forged")
    (finding,) = verify().findings
    assert (finding.kind, finding.index, finding.until) == ("rewritten", 300, None)


def test_where_no_tile_is_full_yet_the_signed_batch_is_named(sealed, tamper):
    sealed(9, batch=3)
    rewrite(tamper, 4, "forged")
    (finding,) = verify().findings
    assert (finding.kind, finding.index, finding.until) == ("rewritten", 3, 5)


@pytest.mark.parametrize("column", ["entry", "hash"])
def test_half_a_leaf_rewritten_is_found(sealed, tamper, column):
    sealed(6)
    other = hashlib.sha256(b"forged").digest()
    tamper("audit_leaf", f"UPDATE audit_leaf SET {column} = %s WHERE index = 4", other)
    assert verify().findings[0].kind in ("changed", "rewritten")
    assert ("changed", 4) in [(finding.kind, finding.index) for finding in verify().findings]


def test_a_tile_that_was_changed_is_found(sealed, tamper):
    sealed(600)
    tamper(
        "audit_tile",
        "UPDATE audit_tile SET hashes = overlay(hashes PLACING %s FROM %s) WHERE index = 1",
        bytes(32),
        10 * 32 + 1,
    )
    (finding,) = verify().findings
    assert (finding.kind, finding.index) == ("tile", 266)


def test_a_tile_that_is_gone_is_found(sealed, tamper):
    sealed(600)
    tamper("audit_tile", "DELETE FROM audit_tile WHERE index = 1")
    assert [finding.kind for finding in verify().findings] == ["missing"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_checkpoint SET note = replace(note, E'\n3\n', E'\n4\n') WHERE size = 3",
        "UPDATE audit_checkpoint SET root = sha256('x') WHERE size = 3",
        "UPDATE audit_checkpoint SET note = '' WHERE size = 3",
        "UPDATE audit_checkpoint a SET note = b.note FROM audit_checkpoint b"
        " WHERE a.size = 3 AND b.size = 6",
    ],
)
def test_a_checkpoint_that_was_changed_is_found(sealed, tamper, change):
    sealed(6, batch=3)
    tamper("audit_checkpoint", change)
    assert ("signature", 2) in [(finding.kind, finding.index) for finding in verify().findings]


def test_a_signature_of_another_key_is_found(sealed, settings):
    sealed(3)
    settings.AUDIT_LOG_KEY = bytes(32)
    assert [finding.kind for finding in verify().findings] == ["signature"]
    assert [finding.kind for finding in verify(since=3).findings] == ["signature"]


def test_one_changed_byte_in_any_of_many_random_places_is_found_exactly(sealed, tamper):
    sealed(700, batch=97)
    dice = random.Random(62)
    for index in dice.sample(range(700), 12):
        victim = at(index)
        tamper("audit_record", "UPDATE audit_record SET reason = 'x' WHERE id = %s", victim.pk)
        first = verify().findings[0]
        assert (first.kind, first.index, first.record) == (
            "changed",
            index,
            to_public("rec", victim.pk),
        )
        tamper("audit_record", "UPDATE audit_record SET reason = '' WHERE id = %s", victim.pk)
    assert verify().intact


def test_checking_since_a_size_sees_only_what_follows(sealed, tamper):
    sealed(9, batch=3)
    tamper("audit_record", "UPDATE audit_record SET reason = 'x' WHERE subject = 'x1'")
    assert verify(since=3).intact
    assert not verify().intact

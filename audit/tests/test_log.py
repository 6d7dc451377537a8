"""Sealing with real commits, several connections and two sequencers at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connections

from audit import log, merkle, notes, proofs, selectors, signing
from audit.errors import LogDamaged, RecordNotSealed
from audit.models import Checkpoint, Leaf, Record, Tile
from fintrust.testing import servers

pytestmark = pytest.mark.usefixtures("bank")


def connect_as_the_application():
    url = servers.current().addresses(servers.current_database())["DATABASE_URL"]
    return psycopg.connect(url)


INSERT = (
    "INSERT INTO audit_record (id, action, actor_kind, actor_label, subject, data, reason, purpose,"
    " request_id, session) VALUES (gen_random_uuid(), 'core.test.done', 'system', '', %s, '{}', '',"
    " '', '', '')"
)


def test_sealed_records_can_be_proven_with_the_public_key_alone(records):
    made = records(3)
    assert log.seal() == log.Sealed(leaves=3, size=3)
    for place, record in enumerate(made):
        proven = proofs.verify(str(selectors.proof_of(record)), signing.verifiers())
        assert proven.index == place
        assert str(record.pk) in proven.entry.decode()


def test_a_record_that_waits_has_no_proof_yet(records):
    (record,) = records(1)
    with pytest.raises(RecordNotSealed):
        selectors.proof_of(record)


def test_sealing_again_adds_nothing(records):
    records(2)
    log.seal()
    assert log.seal() == log.Sealed(leaves=0, size=2)
    assert log.catch_up() == log.Sealed(leaves=0, size=2)
    assert Checkpoint.objects.count() == 1


def test_batches_and_one_go_give_the_same_log(records):
    records(7)
    assert [log.seal(batch_max=3).leaves for _ in range(4)] == [3, 3, 1, 0]
    hashes = [
        bytes(value) for value in Leaf.objects.order_by("index").values_list("hash", flat=True)
    ]
    assert list(Checkpoint.objects.order_by("size").values_list("size", flat=True)) == [3, 6, 7]
    for checkpoint in Checkpoint.objects.all():
        signed = selectors.open_head(checkpoint, signing.verifiers())
        assert signed.root == merkle.root(hashes[: checkpoint.size])


def test_each_checkpoint_is_signed_by_both_keys(records):
    records(1)
    log.seal()
    note = notes.open_note(selectors.log_head().note, signing.verifiers())
    assert note.signed_by == tuple(signing.verifiers())


def test_a_longer_log_keeps_its_tiles_and_proves_growth(records):
    records(700)
    assert log.seal(batch_max=300).size == 300
    assert log.seal().size == 700
    assert list(Tile.objects.order_by("index").values_list("level", "index")) == [(0, 0), (0, 1)]
    old, new = Checkpoint.objects.order_by("size")
    path = selectors.consistency(old.size, new.size)
    roots = bytes(old.root), bytes(new.root)
    assert merkle.verify_consistency(old.size, new.size, *roots, path)
    for index in (0, 255, 256, 299, 300, 512, 699):
        record = Record.objects.get(leaf__index=index)
        assert proofs.verify(str(selectors.proof_of(record)), signing.verifiers()).index == index


def test_a_proof_reads_a_handful_of_rows(django_assert_max_num_queries, records):
    records(600)
    log.seal()
    record = Record.objects.get(leaf__index=10)
    with django_assert_max_num_queries(6):
        selectors.proof_of(record)


def test_a_transaction_that_began_first_and_commits_last_is_not_missed(records):
    with connect_as_the_application() as late:
        late.execute(INSERT, ["late"])
        records(2, "early")
        assert log.seal().leaves == 0, "a record before the open transaction's would be passed over"
        late.commit()
    assert log.seal().leaves == 3
    order = list(Leaf.objects.order_by("index").values_list("record__subject", flat=True))
    assert order == ["late", "early0", "early1"]
    assert not Record.objects.waiting().exists()


def test_a_transaction_that_rolls_back_leaves_no_trace(records):
    with connect_as_the_application() as late:
        late.execute(INSERT, ["late"])
        records(1)
        late.rollback()
    assert log.seal().leaves == 1


def test_an_open_transaction_in_another_database_holds_up_nothing(records):
    with servers.current().connect("postgres") as elsewhere, elsewhere.transaction():
        elsewhere.execute("SELECT pg_current_xact_id()")
        records(1)
        assert log.seal().leaves == 1


def test_writers_and_two_sequencers_at_once_lose_and_double_nothing():
    def write(name):
        with connect_as_the_application() as connection:
            for i in range(40):
                connection.execute(INSERT, [f"{name}-{i}"])
                if i % 3:
                    connection.commit()

    def sequence(stop):
        while not stop.is_set():
            log.seal(batch_max=7)
        connections.close_all()

    stop = threading.Event()
    with ThreadPoolExecutor(6) as threads:
        sequencers = [threads.submit(sequence, stop) for _ in range(2)]
        writers = [threads.submit(write, f"w{i}") for i in range(4)]
        try:
            for writer in writers:
                writer.result()
        finally:
            stop.set()
        for sequencer in sequencers:
            sequencer.result()
    while log.seal().leaves:
        pass
    assert Leaf.objects.count() == Record.objects.count() == 160
    leaves = Leaf.objects.order_by("index")
    assert list(leaves.values_list("index", flat=True)) == list(range(160))
    hashes = [bytes(value) for value in leaves.values_list("hash", flat=True)]
    assert bytes(selectors.log_head().root) == merkle.root(hashes)


def test_only_one_sequencer_works_at_a_time(records):
    records(1)
    url = servers.current().addresses(servers.current_database())["DATABASE_SEQUENCER_URL"]
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [log.ONLY_ONE])
        assert log.seal() == log.Sealed(leaves=0, size=0, busy=True)
    assert log.seal().leaves == 1


def test_what_slipped_behind_the_cursor_is_caught_up_with(records):
    records(2)
    log.seal()
    with connect_as_the_application() as forger:
        forger.execute(
            INSERT.replace("(id,", "(tx, id,").replace("(gen_", "('3', gen_"), ["behind"]
        )
    assert log.seal().leaves == 0
    assert log.catch_up().leaves == 1
    assert Leaf.objects.get(index=2).record.subject == "behind"
    records(1, "next")
    assert log.seal().leaves == 1


def test_a_cluster_restored_from_a_dump_goes_on(tamper, records):
    """There transactions are counted afresh, so the cursor of the old cluster is far ahead."""
    records(1)
    log.seal()
    head = selectors.log_head()
    tamper("audit_checkpoint", "UPDATE audit_checkpoint SET cluster = '1', cursor_tx = %s", 2**40)
    records(1, "after the restore")
    assert log.seal() == log.Sealed(leaves=1, size=2)
    assert selectors.log_head().cluster == head.cluster


def test_a_log_that_lost_its_end_is_not_signed_again(tamper, records):
    records(3)
    log.seal()
    tamper("audit_leaf", "DELETE FROM audit_leaf WHERE index = 2")
    records(1)
    with pytest.raises(LogDamaged):
        log.seal()


def test_a_log_whose_last_note_another_key_signed_is_not_continued(settings, records):
    records(1)
    log.seal()
    settings.AUDIT_LOG_KEY = bytes(32)
    records(1)
    with pytest.raises(LogDamaged):
        log.seal()


def test_a_new_key_goes_on_when_the_former_one_is_named(settings, records):
    records(1)
    log.seal()
    settings.AUDIT_LOG_FORMER_KEYS = "\n".join(key.vkey for key in signing.verifiers())
    settings.AUDIT_LOG_KEY = bytes(32)
    (record,) = records(1)
    assert log.seal().size == 2
    assert proofs.verify(str(selectors.proof_of(record)), signing.verifiers()).index == 1

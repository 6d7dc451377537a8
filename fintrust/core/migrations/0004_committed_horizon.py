from django.db import migrations

HORIZON = """
-- Below this transaction everything has ended, in this database: whoever reads an append-only table
-- up to it misses no row. A forgotten transaction in a neighbouring database, which can never write
-- here, does not count: each open transaction holds a lock on its own number, and the lock tells the
-- process, hence the database. Whatever cannot be told counts as ours. STABLE, so that it sees the
-- very snapshot of the query that asks.
CREATE FUNCTION committed_horizon() RETURNS xid8 LANGUAGE sql STABLE
SET search_path = pg_catalog AS $$
    WITH seen AS MATERIALIZED (SELECT pg_current_snapshot() AS snapshot),
    elsewhere AS (
        SELECT lock.transactionid FROM pg_locks lock JOIN pg_stat_activity process USING (pid)
        WHERE lock.locktype = 'transactionid' AND lock.mode = 'ExclusiveLock' AND lock.granted
          AND process.datname <> current_database()
    )
    SELECT coalesce(min(tx), (SELECT pg_snapshot_xmax(snapshot) FROM seen))
    FROM (SELECT pg_snapshot_xip(snapshot) AS tx FROM seen) open
    WHERE tx::xid NOT IN (SELECT transactionid FROM elsewhere)
$$;
GRANT EXECUTE ON FUNCTION committed_horizon() TO fintrust_app, fintrust_sequencer, fintrust_reader;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0003_event_indexes")]

    operations = [migrations.RunSQL(HORIZON, "DROP FUNCTION committed_horizon()")]

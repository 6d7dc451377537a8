-- Journals: several movements that stand or fall together. Each leg is a movement, so a journal is
-- balanced in every currency without anybody counting; what is kept here is that it is whole: all
-- its legs come from the one transaction that made the journal, and nothing joins it afterwards.

-- `leg_ids` names the legs in their order. A journal that a caller gathers movement by movement
-- within one transaction has none: there `banking_movement.journal_id` alone says what belongs to it.
CREATE TABLE banking_journal (
    id         uuid        PRIMARY KEY,         -- the idempotency key
    leg_ids    uuid[]      CHECK (cardinality(leg_ids) > 0),
    narrative  ledger_text NOT NULL DEFAULT '',
    value_date date,
    reverses   uuid        UNIQUE REFERENCES banking_journal (id),
    booked_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    tx         xid8        NOT NULL DEFAULT pg_current_xact_id()
);

-- What was gathered before there were journals.
INSERT INTO banking_journal (id, booked_at, tx)
SELECT DISTINCT ON (journal_id) journal_id, booked_at, tx
  FROM banking_movement WHERE journal_id IS NOT NULL
 ORDER BY journal_id, booked_at;

-- Asked by `ledger_post` for each movement that names a journal. Whoever names a journal that
-- another transaction is just making waits at its key, and is then refused.
CREATE FUNCTION ledger_join_journal(p_journal uuid, p_movement uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    j banking_journal;
BEGIN
    INSERT INTO banking_journal (id) VALUES (p_journal) ON CONFLICT DO NOTHING;
    SELECT * INTO j FROM banking_journal WHERE id = p_journal;
    IF j.tx IS DISTINCT FROM pg_current_xact_id() OR NOT p_movement = ANY (j.leg_ids) THEN
        PERFORM ledger_refuse('LG042', 'journal=' || p_journal);
    END IF;
END $$;

CREATE TYPE ledger_booked_leg AS (
    replayed boolean, narrative text, value_date date, booked_at timestamptz, reverses uuid,
    moved ledger_moved
);

CREATE FUNCTION ledger_stored_journal(p_id uuid, p_replayed boolean)
RETURNS SETOF ledger_booked_leg
LANGUAGE sql STABLE AS $$
    SELECT p_replayed, j.narrative, j.value_date, j.booked_at, j.reverses, ledger_stored(leg.id)
      FROM banking_journal j, unnest(j.leg_ids) WITH ORDINALITY AS leg (id, place)
     WHERE j.id = p_id ORDER BY leg.place
$$;

-- One leg of a journal. What the ledger refuses names the leg.
CREATE FUNCTION ledger_book_leg(
    p_leg integer, p_id uuid, p_debit bigint, p_credit bigint, p_amount bigint, p_currency text,
    p_kind text, p_narrative text, p_value_date date, p_journal uuid, p_reverses uuid)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v record;
BEGIN
    v := ledger_verdict(p_id, p_debit, p_credit, p_amount, p_currency, p_kind, p_reverses, NULL);
    IF v.code IS NULL AND p_value_date IS NOT NULL THEN
        v.code := ledger_day_verdict(p_currency, p_value_date);
    END IF;
    -- A leg that is booked already belongs to something else, however alike it looks.
    IF v.code = 'LG000' THEN v.code := 'LG010'; END IF;
    IF v.code IS NOT NULL THEN
        PERFORM ledger_refuse(v.code, format('side=%s leg=%s', v.side, p_leg));
    END IF;
    PERFORM ledger_post(p_id, p_debit, p_credit, p_amount, p_currency, p_kind, p_narrative,
                        p_value_date, p_journal, p_reverses, NULL);
END $$;

-- All legs or none, once. All locks are taken first and in id order, as by every batch. The same id
-- again is answered with what is stored, if it moves the same: the ids of the legs are not compared,
-- since a caller who repeats himself may have made new ones.
CREATE FUNCTION ledger_journal(
    p_id uuid, p_ids uuid[], p_debits bigint[], p_credits bigint[], p_amounts bigint[],
    p_currencies text[], p_kinds text[], p_narratives text[], p_narrative text,
    p_value_date date, p_legs_max integer)
RETURNS SETOF ledger_booked_leg
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    stored banking_journal;
    same   boolean;
BEGIN
    IF cardinality(p_ids) = 0 THEN PERFORM ledger_refuse('LG004'); END IF;
    IF cardinality(p_ids) > p_legs_max THEN
        PERFORM ledger_refuse('LG005', 'legs_max=' || p_legs_max);
    END IF;
    PERFORM FROM banking_account WHERE id = ANY (p_debits || p_credits)
      ORDER BY id FOR NO KEY UPDATE;
    SELECT * INTO stored FROM banking_journal WHERE id = p_id;
    IF FOUND THEN
        SELECT (array_agg(m.debit_id ORDER BY place), array_agg(m.credit_id ORDER BY place),
                array_agg(m.amount::bigint ORDER BY place), array_agg(m.currency ORDER BY place),
                array_agg(m.kind::text ORDER BY place))
               IS NOT DISTINCT FROM (p_debits, p_credits, p_amounts, p_currencies, p_kinds)
          INTO same
          FROM unnest(stored.leg_ids) WITH ORDINALITY AS leg (id, place)
          JOIN banking_movement m ON m.id = leg.id;
        IF NOT same OR stored.reverses IS NOT NULL THEN PERFORM ledger_refuse('LG010'); END IF;
        RETURN QUERY SELECT * FROM ledger_stored_journal(p_id, true);
        RETURN;
    END IF;

    INSERT INTO banking_journal (id, leg_ids, narrative, value_date)
    VALUES (p_id, p_ids, p_narrative,
            COALESCE(p_value_date, (clock_timestamp() AT TIME ZONE 'UTC')::date));
    FOR i IN 1..cardinality(p_ids) LOOP
        PERFORM ledger_book_leg(
            i, p_ids[i], p_debits[i], p_credits[i], p_amounts[i], p_currencies[i], p_kinds[i],
            p_narratives[i], p_value_date, p_id, NULL);
    END LOOP;
    RETURN QUERY SELECT * FROM ledger_stored_journal(p_id, false);
END $$;

-- Every leg back the other way, the last one first, once. The legs of the reversal are a journal.
CREATE FUNCTION ledger_reverse_journal(p_id uuid, p_journal uuid, p_narrative text DEFAULT '')
RETURNS SETOF ledger_booked_leg
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    original banking_journal;
    stored   banking_journal;
    legs     banking_movement[];
    leg      banking_movement;
    leg_ids  uuid[];
BEGIN
    SELECT * INTO original FROM banking_journal WHERE id = p_journal;
    IF NOT FOUND THEN PERFORM ledger_refuse('LG006'); END IF;
    SELECT array_agg(m ORDER BY array_position(original.leg_ids, m.id) DESC, m.booked_at DESC)
      INTO legs FROM banking_movement m WHERE m.journal_id = p_journal;
    PERFORM FROM banking_account WHERE id IN (
        SELECT unnest(ARRAY[m.debit_id, m.credit_id]) FROM unnest(legs) m)
      ORDER BY id FOR NO KEY UPDATE;
    SELECT * INTO stored FROM banking_journal WHERE id = p_id;
    IF FOUND THEN
        IF stored.reverses IS DISTINCT FROM p_journal THEN PERFORM ledger_refuse('LG010'); END IF;
        RETURN QUERY SELECT * FROM ledger_stored_journal(p_id, true);
        RETURN;
    END IF;
    IF original.reverses IS NOT NULL THEN PERFORM ledger_refuse('LG017'); END IF;
    IF EXISTS (SELECT FROM banking_movement m JOIN unnest(legs) o ON m.reverses = o.id) THEN
        PERFORM ledger_refuse('LG018');
    END IF;

    SELECT array_agg(gen_random_uuid()) INTO leg_ids FROM unnest(legs);
    INSERT INTO banking_journal (id, leg_ids, narrative, value_date, reverses)
    VALUES (p_id, leg_ids, p_narrative, (clock_timestamp() AT TIME ZONE 'UTC')::date, p_journal);
    FOR i IN 1..cardinality(legs) LOOP
        leg := legs[i];
        PERFORM ledger_book_leg(
            i, leg_ids[i], leg.credit_id, leg.debit_id, leg.amount, leg.currency, 'reversal',
            p_narrative, NULL, p_id, leg.id);
    END LOOP;
    RETURN QUERY SELECT * FROM ledger_stored_journal(p_id, false);
END $$;

REVOKE ALL ON FUNCTION
    ledger_join_journal, ledger_stored_journal, ledger_book_leg, ledger_journal,
    ledger_reverse_journal
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_journal, ledger_reverse_journal TO fintrust_app;

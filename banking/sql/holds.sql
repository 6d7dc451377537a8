-- Money set aside. A hold lowers what is available and leaves the balance alone; one row places it,
-- one row ends it, and the primary key of the second makes every hold end once.

DO $$
BEGIN
    IF to_regtype('ledger_hold_state') IS NULL THEN  -- this file may be run again
        CREATE TYPE ledger_hold_state AS (
            replayed boolean,
            id uuid, account_id bigint, amount bigint, currency text,
            expires_at timestamptz, placed_at timestamptz, because text,
            balance bigint, held bigint
        );
    END IF;
END $$;

CREATE OR REPLACE FUNCTION ledger_stored_hold(p_hold uuid, p_replayed boolean) RETURNS ledger_hold_state
LANGUAGE sql STABLE AS $$
    SELECT p_replayed, h.id, h.account_id, h.amount, a.currency, h.expires_at, h.placed_at,
           h.because, a.balance, a.held
      FROM banking_hold h JOIN banking_account a ON a.id = h.account_id
     WHERE h.id = p_hold
$$;

CREATE OR REPLACE FUNCTION ledger_hold(
    p_id uuid, p_account bigint, p_amount bigint, p_currency text,
    p_expires_at timestamptz DEFAULT NULL, p_because text DEFAULT '')
RETURNS ledger_hold_state
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    a banking_account;
    h banking_hold;
    code text := CASE WHEN p_amount IS NULL OR p_amount < 1 THEN 'LG001'
                      WHEN p_amount > 999999999999999999 THEN 'LG002' END;
BEGIN
    IF code IS NOT NULL THEN PERFORM ledger_refuse(code); END IF;
    SELECT * INTO a FROM banking_account WHERE id = p_account FOR NO KEY UPDATE;
    SELECT * INTO h FROM banking_hold WHERE id = p_id;
    IF FOUND THEN
        IF (h.account_id, h.amount) IS DISTINCT FROM (p_account, p_amount) THEN
            PERFORM ledger_refuse('LG010');
        END IF;
        RETURN ledger_stored_hold(p_id, true);
    END IF;
    code := CASE
        WHEN a.id IS NULL THEN 'LG020'
        WHEN a.currency IS DISTINCT FROM p_currency THEN 'LG021'
        WHEN a.status = 'closed' THEN 'LG022'
        WHEN a.status = 'frozen' THEN 'LG023'
        WHEN a.held + p_amount > 4000000000000000000 THEN 'LG030'
        WHEN a.balance - a.held - p_amount < a.floor THEN 'LG031' END;
    IF code IS NOT NULL THEN PERFORM ledger_refuse(code, 'side=source'); END IF;

    UPDATE banking_account SET held = held + p_amount WHERE id = p_account;
    INSERT INTO banking_hold (id, account_id, amount, expires_at, because)
    VALUES (p_id, p_account, p_amount, p_expires_at, p_because);
    RETURN ledger_stored_hold(p_id, false);
END $$;

-- Takes what was held, or a part of it, to another account; the rest goes back at the same moment.
-- What is captured heads a journal of its own name, which other legs (a fee, the other currency)
-- may join.
CREATE OR REPLACE FUNCTION ledger_capture(
    p_hold uuid, p_id uuid, p_credit bigint, p_amount bigint, p_currency text,
    p_kind text DEFAULT 'capture', p_narrative text DEFAULT '', p_value_date date DEFAULT NULL)
RETURNS ledger_moved
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    h        banking_hold;
    stored   banking_movement;
    ended    banking_hold_end;
    moved    ledger_moved;
    amount   bigint;
    currency text;
BEGIN
    SELECT * INTO h FROM banking_hold WHERE id = p_hold;
    amount := COALESCE(p_amount, h.amount);
    IF amount < 1 THEN PERFORM ledger_refuse('LG001'); END IF;
    IF amount > 999999999999999999 THEN PERFORM ledger_refuse('LG002'); END IF;
    IF h.account_id = p_credit THEN PERFORM ledger_refuse('LG003'); END IF;

    PERFORM FROM banking_account WHERE id IN (h.account_id, p_credit)
      ORDER BY id FOR NO KEY UPDATE;
    SELECT * INTO stored FROM banking_movement WHERE id = p_id;
    IF FOUND THEN
        IF (stored.hold_id, stored.credit_id, stored.amount, stored.kind)
           IS DISTINCT FROM (p_hold, p_credit, amount, p_kind) THEN
            PERFORM ledger_refuse('LG010');
        END IF;
        RETURN ledger_stored(p_id);
    END IF;
    IF h.id IS NULL THEN PERFORM ledger_refuse('LG011'); END IF;
    SELECT * INTO ended FROM banking_hold_end WHERE hold_id = p_hold;
    IF FOUND THEN PERFORM ledger_refuse('LG012', 'outcome=' || ended.outcome); END IF;
    IF h.expires_at <= clock_timestamp() THEN PERFORM ledger_refuse('LG013'); END IF;
    IF amount > h.amount THEN PERFORM ledger_refuse('LG014'); END IF;

    -- Free first, then move: should the movement be refused, both are undone.
    UPDATE banking_account SET held = held - h.amount WHERE id = h.account_id
    RETURNING banking_account.currency INTO currency;
    moved := ledger_post(p_id, h.account_id, p_credit, amount, COALESCE(p_currency, currency),
                         p_kind, p_narrative, p_value_date, p_id, NULL, p_hold);
    INSERT INTO banking_hold_end (hold_id, outcome, amount, movement_id)
    VALUES (p_hold, 'captured', amount, p_id);
    RETURN moved;
END $$;

-- Gives back all of it. A frozen account gets its money back too: freezing stops what leaves.
CREATE OR REPLACE FUNCTION ledger_end_hold(p_hold uuid, p_outcome text, p_now timestamptz)
RETURNS ledger_hold_state
LANGUAGE plpgsql AS $$
DECLARE
    h     banking_hold;
    ended banking_hold_end;
BEGIN
    SELECT * INTO h FROM banking_hold WHERE id = p_hold;
    IF NOT FOUND THEN PERFORM ledger_refuse('LG011'); END IF;
    PERFORM FROM banking_account WHERE id = h.account_id FOR NO KEY UPDATE;
    SELECT * INTO ended FROM banking_hold_end WHERE hold_id = p_hold;
    IF FOUND THEN PERFORM ledger_refuse('LG012', 'outcome=' || ended.outcome); END IF;
    IF p_outcome = 'expired' AND COALESCE(h.expires_at > p_now, true) THEN
        PERFORM ledger_refuse('LG015');
    END IF;
    UPDATE banking_account SET held = held - h.amount WHERE id = h.account_id;
    INSERT INTO banking_hold_end (hold_id, outcome, amount) VALUES (p_hold, p_outcome, 0);
    RETURN ledger_stored_hold(p_hold, false);
END $$;

CREATE OR REPLACE FUNCTION ledger_release(p_hold uuid) RETURNS ledger_hold_state
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN ledger_end_hold(p_hold, 'released', NULL);
END $$;

CREATE OR REPLACE FUNCTION ledger_expire(p_hold uuid, p_now timestamptz) RETURNS ledger_hold_state
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN ledger_end_hold(p_hold, 'expired', p_now);
END $$;

-- Moving money. `ledger_post` is the only place that writes a movement; everything the application
-- may call ends there. Refusals carry an SQLSTATE of class LG, and their numbers are their order of
-- precedence: when several apply, the lowest is told. banking/errors.py maps them to exceptions.
--
--   LG000 (not an error) stored already: a replay, answered with the stored movement
--   LG001 invalid amount      LG002 amount too large     LG003 same account
--   LG004 empty journal       LG005 journal too large    LG006 unknown journal
--   LG010 idempotency conflict
--   LG011 unknown hold        LG012 hold ended           LG013 hold expired
--   LG014 hold too small      LG015 hold not due
--   LG016 unknown movement    LG017 reversal of a reversal   LG018 already reversed
--   LG019 unknown currency    LG020 unknown account      LG021 currency mismatch
--   LG022 account closed      LG023 account frozen       LG024 the bank's own account
--   LG025 account not empty   LG027 leg of a journal     LG028 overdraft in use
--   LG030 balance too large   LG031 insufficient funds
--   LG040 value date in the future   LG041 period closed   LG042 journal complete
--   LG043 period not over
--
-- First what is wrong for ever, then what may pass; funds last among what is said of accounts, so
-- that nobody learns from a refusal how much a closed account held. What is said of the day and of
-- the journal comes after: it is asked of a movement that is otherwise good.
--
-- Of a journal, what is said of the whole (LG004, LG005, LG010) comes before what is said of a leg;
-- of the legs, as of the items of a linked batch, the first that is refused is told.

DO $$
BEGIN
    IF to_regtype('ledger_moved') IS NULL THEN  -- this file may be run again
        CREATE TYPE ledger_moved AS (
            replayed boolean,
            id uuid, journal_id uuid,
            debit_id bigint, credit_id bigint, amount bigint, currency text,
            debit_balance bigint, credit_balance bigint, debit_seq bigint, credit_seq bigint,
            booked_at timestamptz, value_date date, kind text, narrative text,
            reverses uuid, hold_id uuid
        );
    END IF;
END $$;

-- DETAIL carries `name=value` pairs for programs: which side, which item, which outcome.
CREATE OR REPLACE FUNCTION ledger_refuse(code text, detail text DEFAULT '') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = code, DETAIL = detail, MESSAGE = 'ledger: ' || CASE code
        WHEN 'LG001' THEN 'the amount must be at least one minor unit'
        WHEN 'LG002' THEN 'the amount has more than 18 digits'
        WHEN 'LG003' THEN 'both sides are the same account'
        WHEN 'LG004' THEN 'a journal has at least one leg'
        WHEN 'LG005' THEN 'the journal has too many legs'
        WHEN 'LG006' THEN 'no such journal'
        WHEN 'LG010' THEN 'this id belongs to something else'
        WHEN 'LG011' THEN 'no such hold'
        WHEN 'LG012' THEN 'the hold has ended'
        WHEN 'LG013' THEN 'the hold has expired'
        WHEN 'LG014' THEN 'the hold is smaller than this amount'
        WHEN 'LG015' THEN 'the hold is not due yet'
        WHEN 'LG016' THEN 'no such movement'
        WHEN 'LG017' THEN 'a reversal cannot be reversed'
        WHEN 'LG018' THEN 'the movement has been reversed already'
        WHEN 'LG019' THEN 'no such currency'
        WHEN 'LG020' THEN 'no such account'
        WHEN 'LG021' THEN 'the account has another currency'
        WHEN 'LG022' THEN 'the account is closed'
        WHEN 'LG023' THEN 'the account is frozen'
        WHEN 'LG024' THEN 'the account belongs to the bank'
        WHEN 'LG025' THEN 'the account is not empty'
        WHEN 'LG027' THEN 'a leg is reversed with its whole journal'
        WHEN 'LG028' THEN 'more of the overdraft is in use'
        WHEN 'LG030' THEN 'the balance would become too large'
        WHEN 'LG031' THEN 'the funds do not cover this amount'
        WHEN 'LG040' THEN 'the value date lies in the future'
        WHEN 'LG041' THEN 'the period is closed'
        WHEN 'LG042' THEN 'the journal is complete'
        WHEN 'LG043' THEN 'the period is not over yet'
    END;
END $$;

-- Takes the locks, in id order like everything here, and says why a movement may not be posted:
-- null when it may. `ledger_post` asks only after its own attempt failed, a batch asks before.
CREATE OR REPLACE FUNCTION ledger_verdict(
    p_id uuid, p_debit bigint, p_credit bigint, p_amount bigint, p_currency text, p_kind text,
    p_reverses uuid, p_hold uuid, OUT code text, OUT side text)
LANGUAGE plpgsql AS $$
DECLARE
    d banking_account;
    c banking_account;
    m banking_movement;
BEGIN
    side := '';
    code := CASE
        WHEN p_amount IS NULL OR p_amount < 1 THEN 'LG001'
        WHEN p_amount > 999999999999999999 THEN 'LG002'
        WHEN p_debit = p_credit THEN 'LG003' END;
    IF code IS NOT NULL THEN RETURN; END IF;

    PERFORM FROM banking_account WHERE id IN (p_debit, p_credit) ORDER BY id FOR NO KEY UPDATE;
    SELECT * INTO m FROM banking_movement WHERE id = p_id;
    IF FOUND THEN
        code := CASE WHEN (m.debit_id, m.credit_id, m.amount, m.kind, m.reverses, m.hold_id)
            IS NOT DISTINCT FROM (p_debit, p_credit, p_amount, p_kind, p_reverses, p_hold)
            THEN 'LG000' ELSE 'LG010' END;
        RETURN;
    END IF;

    SELECT * INTO d FROM banking_account WHERE id = p_debit;
    SELECT * INTO c FROM banking_account WHERE id = p_credit;
    SELECT v.code, v.side INTO code, side FROM (VALUES
        ('LG020', 'source', d.id IS NULL),
        ('LG020', 'target', c.id IS NULL),
        ('LG021', 'source', d.currency IS DISTINCT FROM p_currency),
        ('LG021', 'target', c.currency IS DISTINCT FROM p_currency),
        ('LG022', 'source', d.status = 'closed'),
        ('LG022', 'target', c.status = 'closed'),
        ('LG023', 'source', d.status = 'frozen'),
        ('LG023', 'target', c.status = 'frozen'),
        ('LG030', 'source', d.balance - p_amount < -4000000000000000000),
        ('LG030', 'target', c.balance + p_amount > 4000000000000000000),
        ('LG031', 'source', d.balance - d.held - p_amount < d.floor)
    ) AS v (code, side, applies) WHERE v.applies ORDER BY v.code, v.side LIMIT 1;
    side := COALESCE(side, '');
END $$;

-- The stored movement, as its replay answers it.
CREATE OR REPLACE FUNCTION ledger_stored(p_id uuid) RETURNS ledger_moved
LANGUAGE sql STABLE AS $$
    SELECT true, id, journal_id, debit_id, credit_id, amount, currency,
           debit_balance, credit_balance, debit_seq, credit_seq,
           booked_at, value_date, kind, narrative, reverses, hold_id
      FROM banking_movement WHERE id = p_id
$$;

-- Three statements when all is well: change the lower account, change the higher one unless the
-- movement is already there, write the movement. The second statement begins with the lower
-- account locked, so a twin with the same id has either committed, and is seen, or not begun.
-- A twin that names other accounts meets the primary key instead.
CREATE OR REPLACE FUNCTION ledger_post(
    p_id uuid, p_debit bigint, p_credit bigint, p_amount bigint, p_currency text, p_kind text,
    p_narrative text, p_value_date date, p_journal uuid, p_reverses uuid, p_hold uuid)
RETURNS ledger_moved LANGUAGE plpgsql AS $$
DECLARE
    debit_first  boolean := p_debit < p_credit;
    low          bigint  := CASE WHEN debit_first THEN p_debit ELSE p_credit END;
    high         bigint  := CASE WHEN debit_first THEN p_credit ELSE p_debit END;
    change       bigint  := CASE WHEN debit_first THEN -p_amount ELSE p_amount END;
    low_balance  bigint;
    low_seq      bigint;
    high_balance bigint;
    high_seq     bigint;
    verdict      record;
    day_code     text;
    m            ledger_moved;
BEGIN
    FOR attempt IN 1..3 LOOP
        IF p_amount BETWEEN 1 AND 999999999999999999 AND p_debit <> p_credit THEN
            UPDATE banking_account SET balance = balance + change, seq = seq + 1
             WHERE id = low AND status = 'active' AND currency = p_currency
               AND (floor IS NULL OR balance - held + change >= floor)
               AND balance + change BETWEEN -4000000000000000000 AND 4000000000000000000
            RETURNING balance, seq INTO low_balance, low_seq;
            IF FOUND THEN
                UPDATE banking_account SET balance = balance - change, seq = seq + 1
                 WHERE id = high AND status = 'active' AND currency = p_currency
                   AND (floor IS NULL OR balance - held - change >= floor)
                   AND balance - change BETWEEN -4000000000000000000 AND 4000000000000000000
                   AND NOT EXISTS (SELECT FROM banking_movement WHERE id = p_id)
                RETURNING balance, seq INTO high_balance, high_seq;
                EXIT WHEN FOUND;
                UPDATE banking_account SET balance = balance - change, seq = seq - 1
                 WHERE id = low;
            END IF;
        END IF;

        -- It may become possible between the attempt and the question; then we try again, and
        -- now with both accounts locked.
        verdict := ledger_verdict(p_id, p_debit, p_credit, p_amount, p_currency, p_kind,
                                  p_reverses, p_hold);
        IF verdict.code = 'LG000' THEN RETURN ledger_stored(p_id); END IF;
        IF verdict.code IS NOT NULL OR attempt = 3 THEN
            PERFORM ledger_refuse(verdict.code, 'side=' || verdict.side);
        END IF;
    END LOOP;

    IF p_journal IS NOT NULL THEN
        IF p_value_date IS NOT NULL THEN  -- the day is told before the journal
            day_code := ledger_day_verdict(p_currency, p_value_date);
            IF day_code IS NOT NULL THEN
                PERFORM ledger_refuse(day_code, 'value_date=' || p_value_date);
            END IF;
        END IF;
        PERFORM ledger_join_journal(p_journal, p_id);
    END IF;
    INSERT INTO banking_movement (
        id, journal_id, debit_id, credit_id, amount,
        debit_balance, credit_balance, debit_seq, credit_seq,
        value_date, currency, kind, narrative, reverses, hold_id)
    VALUES (
        p_id, p_journal, p_debit, p_credit, p_amount,
        CASE WHEN debit_first THEN low_balance ELSE high_balance END,
        CASE WHEN debit_first THEN high_balance ELSE low_balance END,
        CASE WHEN debit_first THEN low_seq ELSE high_seq END,
        CASE WHEN debit_first THEN high_seq ELSE low_seq END,
        COALESCE(p_value_date, (clock_timestamp() AT TIME ZONE 'UTC')::date),
        p_currency, p_kind, p_narrative, p_reverses, p_hold)
    RETURNING false, id, journal_id, debit_id, credit_id, amount, currency,
              debit_balance, credit_balance, debit_seq, credit_seq,
              booked_at, value_date, kind, narrative, reverses, hold_id
         INTO m;
    -- Only what is valued on another day than it is booked on has to ask (sql/periods.sql).
    IF m.value_date <> (m.booked_at AT TIME ZONE 'UTC')::date THEN PERFORM ledger_value(m); END IF;
    RETURN m;
END $$;

-- The doors (`SECURITY DEFINER`) fix the search path, so that nobody can put other tables in ours'
-- place, and switch sequential scans off: a session that first moves money while the tables are
-- small would otherwise keep reading them whole when they have grown.
CREATE OR REPLACE FUNCTION ledger_move(
    p_id uuid, p_debit bigint, p_credit bigint, p_amount bigint, p_currency text,
    p_kind text DEFAULT 'transfer', p_narrative text DEFAULT '',
    p_value_date date DEFAULT NULL, p_journal uuid DEFAULT NULL)
RETURNS ledger_moved
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN ledger_post(p_id, p_debit, p_credit, p_amount, p_currency, p_kind, p_narrative,
                       p_value_date, p_journal, NULL, NULL);
END $$;

-- The same question without the deed: takes the locks, refuses what `ledger_move` would refuse, and
-- says whether the movement is there already. What it allows stays allowed until the commit.
CREATE OR REPLACE FUNCTION ledger_check(
    p_id uuid, p_debit bigint, p_credit bigint, p_amount bigint, p_currency text,
    p_kind text DEFAULT 'transfer')
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    verdict record;
BEGIN
    verdict := ledger_verdict(p_id, p_debit, p_credit, p_amount, p_currency, p_kind, NULL, NULL);
    IF verdict.code = 'LG000' THEN RETURN true; END IF;
    IF verdict.code IS NOT NULL THEN
        PERFORM ledger_refuse(verdict.code, 'side=' || verdict.side);
    END IF;
    RETURN false;
END $$;

-- Many movements, each with its own answer. All locks are taken first and in id order, so two
-- batches, or a batch and a movement, cannot wait for each other in a circle. `p_linked` makes
-- them stand or fall together: the first refusal is raised and names its item.
CREATE OR REPLACE FUNCTION ledger_move_many(
    p_ids uuid[], p_debits bigint[], p_credits bigint[], p_amounts bigint[], p_currencies text[],
    p_kinds text[], p_narratives text[], p_value_date date, p_journal uuid, p_linked boolean)
RETURNS TABLE (item integer, code text, side text, moved ledger_moved)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
BEGIN
    PERFORM FROM banking_account WHERE id = ANY (p_debits || p_credits)
      ORDER BY id FOR NO KEY UPDATE;
    FOR i IN 1..cardinality(p_ids) LOOP
        item := i;
        moved := NULL;
        SELECT v.code, v.side INTO code, side
          FROM ledger_verdict(p_ids[i], p_debits[i], p_credits[i], p_amounts[i], p_currencies[i],
                              p_kinds[i], NULL, NULL) v;
        IF code IS NULL AND p_value_date IS NOT NULL THEN
            code := ledger_day_verdict(p_currencies[i], p_value_date);
        END IF;
        IF code IS NULL THEN
            moved := ledger_post(
                p_ids[i], p_debits[i], p_credits[i], p_amounts[i], p_currencies[i], p_kinds[i],
                p_narratives[i], p_value_date, p_journal, NULL, NULL);
        ELSIF code = 'LG000' THEN
            moved := ledger_stored(p_ids[i]);
        ELSIF p_linked THEN
            PERFORM ledger_refuse(code, format('side=%s item=%s', side, i));
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;

-- The same money back the other way, once. The original is found by its id and never changes.
CREATE OR REPLACE FUNCTION ledger_reverse(p_id uuid, p_movement uuid, p_narrative text DEFAULT '')
RETURNS ledger_moved
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    original banking_movement;
    stored   banking_movement;
    verdict  record;
BEGIN
    SELECT * INTO original FROM banking_movement WHERE id = p_movement;
    PERFORM FROM banking_account WHERE id IN (original.debit_id, original.credit_id)
      ORDER BY id FOR NO KEY UPDATE;
    SELECT * INTO stored FROM banking_movement WHERE id = p_id;
    IF FOUND THEN
        IF stored.reverses IS DISTINCT FROM p_movement THEN PERFORM ledger_refuse('LG010'); END IF;
        RETURN ledger_stored(p_id);
    END IF;
    IF original.id IS NULL THEN PERFORM ledger_refuse('LG016'); END IF;
    IF original.reverses IS NOT NULL THEN PERFORM ledger_refuse('LG017'); END IF;
    IF EXISTS (SELECT FROM banking_movement WHERE reverses = p_movement) THEN
        PERFORM ledger_refuse('LG018');
    END IF;
    IF EXISTS (SELECT FROM banking_journal
                WHERE id = original.journal_id AND leg_ids IS NOT NULL) THEN
        verdict := ledger_verdict(
            p_id, original.credit_id, original.debit_id, original.amount, original.currency,
            'reversal', p_movement, NULL);
        IF verdict.code < 'LG027' THEN  -- what is said of the accounts comes first
            PERFORM ledger_refuse(verdict.code, 'side=' || verdict.side);
        END IF;
        PERFORM ledger_refuse('LG027', 'journal=' || original.journal_id);
    END IF;
    RETURN ledger_post(p_id, original.credit_id, original.debit_id, original.amount,
                       original.currency, 'reversal', p_narrative, NULL, NULL, p_movement, NULL);
END $$;

-- The balance after the last entry that was booked by then. Entries of one account are booked in
-- seq order, so the question is a search by halving: about twenty index probes in a million.
CREATE OR REPLACE FUNCTION ledger_balance_at(p_account bigint, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    lower_seq bigint := 0;      -- booked by then, or the opening
    upper_seq bigint;
    middle    bigint;
    found_at  timestamptz;
    found_balance bigint;
    balance_then  bigint := 0;
BEGIN
    SELECT seq INTO upper_seq FROM banking_account WHERE id = p_account;
    IF NOT FOUND THEN PERFORM ledger_refuse('LG020'); END IF;
    WHILE lower_seq < upper_seq LOOP
        middle := lower_seq + (upper_seq - lower_seq + 1) / 2;
        SELECT e.booked_at, e.balance INTO found_at, found_balance
          FROM banking_entry e WHERE e.account_id = p_account AND e.seq = middle;
        IF found_at <= p_at THEN
            lower_seq := middle;
            balance_then := found_balance;
        ELSE
            upper_seq := middle - 1;
        END IF;
    END LOOP;
    RETURN balance_then;
END $$;

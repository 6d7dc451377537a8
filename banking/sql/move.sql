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
LANGUAGE plpgsql SET search_path = public, pg_temp SET enable_seqscan = off AS $$
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
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT true, id, journal_id, debit_id, credit_id, amount, currency,
           debit_balance, credit_balance, debit_seq, credit_seq,
           booked_at, value_date, kind, narrative, reverses, hold_id
      FROM banking_movement WHERE id = p_id
$$;

-- Three statements when all is well: change the lower account, change the higher one unless the
-- movement is already there, write the movement. The second statement begins with the lower
-- account locked, so a twin with the same id has either committed, and is seen, or not begun.
-- A twin that names other accounts meets the primary key instead.
--
-- One body makes two functions: `ledger_post` for the others here, `ledger_move` for the
-- application. A door that called the other one would cost a movement 7 % of its time, and so
-- would `SET search_path`: hence everything here is named with its schema, and nobody but the owner
-- may create anything in any schema.
DO $make$
DECLARE
    body text := $body$
    debit_balance  bigint;
    credit_balance bigint;
    debit_seq      bigint;
    credit_seq     bigint;
    booked_at      timestamptz;
    valued_on      date;
    verdict        record;
    day_code       text;
BEGIN
    FOR attempt IN 1..3 LOOP
        IF p_amount BETWEEN 1 AND 999999999999999999 AND p_debit < p_credit THEN
            UPDATE public.banking_account SET balance = balance - p_amount, seq = seq + 1
             WHERE id = p_debit AND status = 'active' AND currency = p_currency
               AND (balance - held - p_amount >= floor) IS NOT FALSE  -- no floor: null
               AND balance - p_amount >= -4000000000000000000
            RETURNING balance, seq INTO debit_balance, debit_seq;
            IF FOUND THEN
                UPDATE public.banking_account SET balance = balance + p_amount, seq = seq + 1
                 WHERE id = p_credit AND status = 'active' AND currency = p_currency
                   AND balance + p_amount <= 4000000000000000000
                   AND NOT EXISTS (SELECT FROM public.banking_movement WHERE id = p_id)
                RETURNING balance, seq INTO credit_balance, credit_seq;
                EXIT WHEN FOUND;
                UPDATE public.banking_account SET balance = balance + p_amount, seq = seq - 1
                 WHERE id = p_debit;
            END IF;
        ELSIF p_amount BETWEEN 1 AND 999999999999999999 AND p_debit > p_credit THEN
            UPDATE public.banking_account SET balance = balance + p_amount, seq = seq + 1
             WHERE id = p_credit AND status = 'active' AND currency = p_currency
               AND balance + p_amount <= 4000000000000000000
            RETURNING balance, seq INTO credit_balance, credit_seq;
            IF FOUND THEN
                UPDATE public.banking_account SET balance = balance - p_amount, seq = seq + 1
                 WHERE id = p_debit AND status = 'active' AND currency = p_currency
                   AND (balance - held - p_amount >= floor) IS NOT FALSE  -- no floor: null
                   AND balance - p_amount >= -4000000000000000000
                   AND NOT EXISTS (SELECT FROM public.banking_movement WHERE id = p_id)
                RETURNING balance, seq INTO debit_balance, debit_seq;
                EXIT WHEN FOUND;
                UPDATE public.banking_account SET balance = balance - p_amount, seq = seq - 1
                 WHERE id = p_credit;
            END IF;
        END IF;

        -- It may become possible between the attempt and the question; then we try again, and
        -- now with both accounts locked.
        verdict := public.ledger_verdict(p_id, p_debit, p_credit, p_amount, p_currency, p_kind,
                                         p_reverses, p_hold);
        IF verdict.code = 'LG000' THEN RETURN public.ledger_stored(p_id); END IF;
        IF verdict.code IS NOT NULL OR attempt = 3 THEN
            PERFORM public.ledger_refuse(verdict.code, 'side=' || verdict.side);
        END IF;
    END LOOP;

    booked_at := pg_catalog.clock_timestamp();
    valued_on := COALESCE(p_value_date, (booked_at AT TIME ZONE 'UTC')::date);
    IF p_journal IS NOT NULL THEN
        IF p_value_date IS NOT NULL THEN  -- the day is told before the journal
            day_code := public.ledger_day_verdict(p_currency, p_value_date);
            IF day_code IS NOT NULL THEN
                PERFORM public.ledger_refuse(day_code, 'value_date=' || p_value_date);
            END IF;
        END IF;
        PERFORM public.ledger_join_journal(p_journal, p_id);
    END IF;
    INSERT INTO public.banking_movement (
        id, journal_id, debit_id, credit_id, amount,
        debit_balance, credit_balance, debit_seq, credit_seq,
        booked_at, value_date, currency, kind, narrative, reverses, hold_id)
    VALUES (
        p_id, p_journal, p_debit, p_credit, p_amount,
        debit_balance, credit_balance, debit_seq, credit_seq,
        booked_at, valued_on, p_currency, p_kind, p_narrative, p_reverses, p_hold);
    -- Only what is valued on another day than it is booked on has to ask (sql/periods.sql).
    IF p_value_date IS NOT NULL AND valued_on <> (booked_at AT TIME ZONE 'UTC')::date THEN
        PERFORM public.ledger_value(public.ledger_stored(p_id));
    END IF;
    RETURN ROW(false, p_id, p_journal, p_debit, p_credit, p_amount, p_currency,
               debit_balance, credit_balance, debit_seq, credit_seq,
               booked_at, valued_on, p_kind, p_narrative, p_reverses, p_hold);
END $body$;
BEGIN
    EXECUTE format($f$
        CREATE OR REPLACE FUNCTION ledger_post(
            p_id uuid, p_debit bigint, p_credit bigint, p_amount bigint, p_currency text,
            p_kind text, p_narrative text, p_value_date date, p_journal uuid, p_reverses uuid,
            p_hold uuid)
        RETURNS ledger_moved LANGUAGE plpgsql AS %L $f$,
        'DECLARE' || body);
    EXECUTE format($f$
        CREATE OR REPLACE FUNCTION ledger_move(
            p_id uuid, p_debit bigint, p_credit bigint, p_amount bigint, p_currency text,
            p_kind text DEFAULT 'transfer', p_narrative text DEFAULT '',
            p_value_date date DEFAULT NULL, p_journal uuid DEFAULT NULL)
        RETURNS ledger_moved LANGUAGE plpgsql SECURITY DEFINER AS %L $f$,
        'DECLARE p_reverses CONSTANT uuid := NULL; p_hold CONSTANT uuid := NULL;' || body);
END $make$;

-- The other doors (`SECURITY DEFINER`) fix the search path, so that nobody can put other tables in
-- ours' place, and switch sequential scans off: a session that first moves money while the tables
-- are small would otherwise keep reading them whole when they have grown.

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

-- Many movements, each with its own answer: what `ledger_move` would say, one after the other. All
-- locks are taken first and in id order, so two batches, or a batch and a movement, cannot wait for
-- each other in a circle. `p_linked` makes them stand or fall together: the first refusal is raised
-- and names its item.
CREATE OR REPLACE FUNCTION ledger_move_many(
    p_ids uuid[], p_debits bigint[], p_credits bigint[], p_amounts bigint[], p_currencies text[],
    p_kinds text[], p_narratives text[], p_value_date date, p_journal uuid, p_linked boolean)
RETURNS TABLE (item integer, code text, side text, moved ledger_moved)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    codes text[];
    sides text[];
    wrong integer;
BEGIN
    PERFORM FROM banking_account WHERE id = ANY (p_debits || p_credits)
      ORDER BY id FOR NO KEY UPDATE;

    -- A day has to be asked for, and a journal joined, movement by movement.
    IF p_value_date IS NULL AND p_journal IS NULL THEN
        SELECT posted.codes, posted.sides INTO codes, sides
          FROM ledger_post_set(p_ids, p_debits, p_credits, p_amounts, p_currencies, p_kinds,
                               p_narratives, p_linked) AS posted;
    END IF;
    IF codes IS NULL THEN
        -- Or somewhere the funds run out. What that refuses changes what comes after it, so we go
        -- through them one by one.
        FOR i IN 1..cardinality(p_ids) LOOP
            SELECT v.code, v.side INTO code, side
              FROM ledger_verdict(p_ids[i], p_debits[i], p_credits[i], p_amounts[i],
                                  p_currencies[i], p_kinds[i], NULL, NULL) AS v;
            IF code IS NULL AND p_value_date IS NOT NULL THEN
                code := ledger_day_verdict(p_currencies[i], p_value_date);
            END IF;
            IF code IS NULL THEN
                PERFORM ledger_post(
                    p_ids[i], p_debits[i], p_credits[i], p_amounts[i], p_currencies[i],
                    p_kinds[i], p_narratives[i], p_value_date, p_journal, NULL, NULL);
            ELSIF code <> 'LG000' AND p_linked THEN
                PERFORM ledger_refuse(code, format('side=%s item=%s', side, i));
            END IF;
            codes[i] := code;
            sides[i] := side;
        END LOOP;
    ELSIF p_linked THEN
        SELECT min(said.n) INTO wrong FROM unnest(codes) WITH ORDINALITY AS said (code, n)
         WHERE said.code <> 'LG000';
        IF wrong IS NOT NULL THEN
            PERFORM ledger_refuse(codes[wrong], format('side=%s item=%s', sides[wrong], wrong));
        END IF;
    END IF;

    RETURN QUERY
        SELECT said.n::integer, said.code, said.side,
               CASE WHEN m.id IS NOT NULL THEN ROW(
                   said.code IS NOT NULL, m.id, m.journal_id, m.debit_id, m.credit_id, m.amount,
                   m.currency, m.debit_balance, m.credit_balance, m.debit_seq, m.credit_seq,
                   m.booked_at, m.value_date, m.kind, m.narrative, m.reverses, m.hold_id
               )::ledger_moved END
          FROM unnest(p_ids, codes, sides) WITH ORDINALITY AS said (id, code, side, n)
          LEFT JOIN banking_movement m
            ON m.id = said.id AND (said.code IS NULL OR said.code = 'LG000')
         ORDER BY said.n;
END $$;

-- All that can be posted, in one statement: every account changes once. Answers with the code and
-- the side of each item; or with null and nothing done, when somewhere on the way a balance would
-- leave its bounds. The caller holds all locks.
CREATE OR REPLACE FUNCTION ledger_post_set(
    p_ids uuid[], p_debits bigint[], p_credits bigint[], p_amounts bigint[], p_currencies text[],
    p_kinds text[], p_narratives text[], p_linked boolean,
    OUT codes text[], OUT sides text[])
LANGUAGE plpgsql
-- The joins must be planned for the size of this batch.
SET search_path = public, pg_temp SET enable_seqscan = off SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    booked timestamptz := clock_timestamp();
    fits   boolean;
BEGIN
    WITH account AS MATERIALIZED (
        SELECT id, currency, status, balance, seq, floor + held AS lowest
          FROM banking_account WHERE id = ANY (p_debits || p_credits)
    ), judged AS (
        -- What is wrong whatever the others do. `early` comes before the question of the id.
        SELECT i.*,
               CASE WHEN i.amount IS NULL OR i.amount < 1 THEN 'LG001'
                    WHEN i.amount > 999999999999999999 THEN 'LG002'
                    WHEN i.debit = i.credit THEN 'LG003' END AS early,
               CASE WHEN m.id IS NULL THEN NULL
                    WHEN (m.debit_id, m.credit_id, m.amount, m.kind, m.reverses, m.hold_id)
                         IS NOT DISTINCT FROM
                         (i.debit, i.credit, i.amount, i.kind, NULL::uuid, NULL::uuid)
                    THEN 'LG000' ELSE 'LG010' END AS stored,
               CASE WHEN d.id IS NULL THEN 'LG020source'
                    WHEN c.id IS NULL THEN 'LG020target'
                    WHEN d.currency IS DISTINCT FROM i.currency THEN 'LG021source'
                    WHEN c.currency IS DISTINCT FROM i.currency THEN 'LG021target'
                    WHEN d.status = 'closed' THEN 'LG022source'
                    WHEN c.status = 'closed' THEN 'LG022target'
                    WHEN d.status = 'frozen' THEN 'LG023source'
                    WHEN c.status = 'frozen' THEN 'LG023target' END AS late
          FROM unnest(p_ids, p_debits, p_credits, p_amounts, p_currencies, p_kinds, p_narratives)
               WITH ORDINALITY AS i (id, debit, credit, amount, currency, kind, narrative, n)
          LEFT JOIN account d ON d.id = i.debit
          LEFT JOIN account c ON c.id = i.credit
          LEFT JOIN banking_movement m ON m.id = i.id
    ), item AS MATERIALIZED (
        SELECT *, early IS NULL AND stored IS NULL AND late IS NULL AS good FROM judged
    ), candidate AS MATERIALIZED (
        SELECT DISTINCT ON (id) * FROM item WHERE good ORDER BY id, n
    ), said AS MATERIALIZED (
        SELECT i.n,
               CASE WHEN i.early IS NOT NULL THEN i.early
                    WHEN i.stored IS NOT NULL THEN i.stored
                    WHEN i.n = first.n THEN NULL
                    WHEN i.n > first.n THEN
                         CASE WHEN (i.debit, i.credit, i.amount, i.kind)
                                   = (first.debit, first.credit, first.amount, first.kind)
                              THEN 'LG000' ELSE 'LG010' END
                    ELSE left(i.late, 5) END AS code,
               CASE WHEN i.early IS NULL AND i.stored IS NULL AND (i.n > first.n) IS NOT TRUE
                    THEN COALESCE(substr(i.late, 6), '') ELSE '' END AS side
          FROM item i LEFT JOIN candidate first ON first.id = i.id
    ), felt AS MATERIALIZED (
        SELECT e.n, e.account_id, a.seq + row_number() OVER so_far AS seq, e.change,
               a.balance + sum(e.change) OVER so_far AS balance, a.lowest
          FROM (SELECT n, debit AS account_id, -amount AS change FROM candidate
                UNION ALL
                SELECT n, credit, amount FROM candidate) AS e
          JOIN account a ON a.id = e.account_id
        WINDOW so_far AS (PARTITION BY e.account_id ORDER BY e.n ROWS UNBOUNDED PRECEDING)
    ), possible AS MATERIALIZED (
        SELECT seen.fits, seen.fits AND NOT (
                   p_linked AND EXISTS (SELECT FROM said WHERE said.code <> 'LG000')) AS yes
          FROM (SELECT bool_and(balance BETWEEN -4000000000000000000 AND 4000000000000000000
                                AND (change > 0 OR lowest IS NULL OR balance >= lowest))
                       IS NOT FALSE AS fits
                  FROM felt) AS seen
    ), written AS (
        INSERT INTO banking_movement (
            id, debit_id, credit_id, amount, debit_balance, credit_balance, debit_seq, credit_seq,
            booked_at, value_date, currency, kind, narrative)
        SELECT i.id, i.debit, i.credit, i.amount, d.balance, c.balance, d.seq, c.seq,
               booked, (booked AT TIME ZONE 'UTC')::date, i.currency, i.kind, i.narrative
          FROM candidate i
          JOIN felt d ON d.n = i.n AND d.account_id = i.debit
          JOIN felt c ON c.n = i.n AND c.account_id = i.credit
         WHERE (SELECT yes FROM possible)
         ORDER BY i.n
    ), changed AS (
        UPDATE banking_account a SET balance = newest.balance, seq = newest.seq
          FROM (SELECT DISTINCT ON (account_id) account_id, balance, seq FROM felt
                 ORDER BY account_id, n DESC) AS newest
         WHERE a.id = newest.account_id AND (SELECT yes FROM possible)
    )
    SELECT (SELECT possible.fits FROM possible),
           array_agg(said.code ORDER BY said.n), array_agg(said.side ORDER BY said.n)
      INTO fits, codes, sides
      FROM said;
    IF NOT fits THEN codes := NULL; END IF;
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

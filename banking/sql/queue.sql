-- The bank's own busy accounts. One that has no floor cannot refuse anything, so a movement need not
-- wait for its row: it takes a number, the movement says that number (negative, where a place in
-- the statement would be positive) and no balance, and the account's row stays as it is. Folding
-- gives what waits its places and balances, in the order it was booked, and brings the row up to
-- date; movements themselves never change.
--
-- Who posts holds the account's shared lock until its commit. A fold takes the exclusive one for
-- the moment in which it reads the newest number: up to it everything has committed or never will,
-- and what comes after is booked later. So places follow the order of booking, without gaps.

CREATE TABLE banking_queue (
    account_id bigint PRIMARY KEY REFERENCES banking_account (id),
    folded     bigint NOT NULL              -- the last number that has been given its place
) WITH (fillfactor = 50);

-- One sequence for all of them; never cache it, numbers must grow in the order they are taken.
CREATE SEQUENCE banking_queue_number CACHE 1;
SELECT setval('banking_queue_number', 1);  -- from here on its last value has been taken

-- An entry that got its place by folding. It repeats the movement, which is found by `movement_id`,
-- because a page of entries must come from one index in order: no join gives that.
CREATE TABLE banking_folded (
    account_id  bigint      NOT NULL,
    seq         bigint      NOT NULL,
    movement_id uuid        NOT NULL,
    counter_id  bigint      NOT NULL,
    amount      bigint      NOT NULL,       -- negative when money left the account
    balance     bigint      NOT NULL,       -- of the account, afterwards
    booked_at   timestamptz NOT NULL,
    value_date  date        NOT NULL,
    currency    text        NOT NULL,
    kind        ledger_word NOT NULL,
    narrative   ledger_text NOT NULL,
    PRIMARY KEY (account_id, seq),
    CONSTRAINT banking_folded_once UNIQUE (movement_id, account_id)
);

-- A queued side has no balance, and only a queued side.
ALTER TABLE banking_movement
    ALTER debit_balance DROP NOT NULL,
    ALTER credit_balance DROP NOT NULL;

-- What waits has no place (`seq`) yet and is no entry. The condition stands outside: PostgreSQL merges
-- the index scans of a plain UNION ALL only.
CREATE OR REPLACE VIEW banking_entry AS
SELECT * FROM (
    SELECT debit_id AS account_id, debit_seq AS seq, id AS movement_id, credit_id AS counter_id,
           -amount AS amount, debit_balance + amount AS balance_before, debit_balance AS balance,
           currency, booked_at, value_date, kind, narrative
      FROM banking_movement
    UNION ALL
    SELECT credit_id, credit_seq, id, debit_id,
           amount::bigint, credit_balance - amount, credit_balance,
           currency, booked_at, value_date, kind, narrative
      FROM banking_movement
    UNION ALL
    SELECT account_id, seq, movement_id, counter_id, amount, balance - amount, balance,
           currency, booked_at, value_date, kind, narrative
      FROM banking_folded
) AS felt WHERE seq > 0;

-- What waits: booked, and without its place yet. Two ranges of the movements' own indexes.
CREATE VIEW banking_waiting AS
    SELECT q.account_id, -m.debit_seq AS number, m.id AS movement_id, m.credit_id AS counter_id,
           -m.amount AS amount, m.currency, m.booked_at, m.value_date, m.kind, m.narrative
      FROM banking_queue q
      JOIN banking_movement m ON m.debit_id = q.account_id AND m.debit_seq < -q.folded
    UNION ALL
    SELECT q.account_id, -m.credit_seq, m.id, m.debit_id,
           m.amount::bigint, m.currency, m.booked_at, m.value_date, m.kind, m.narrative
      FROM banking_queue q
      JOIN banking_movement m ON m.credit_id = q.account_id AND m.credit_seq < -q.folded;

-- The lock that goes with an account's queue: one class, and the account's place among the bank's.
CREATE FUNCTION ledger_join_queue(p_account bigint) RETURNS void LANGUAGE sql AS $$
    SELECT pg_catalog.pg_advisory_xact_lock_shared(20210, (p_account % 1000000000)::integer)
$$;

-- Which sides queue decides which rows change; `ledger_post` has their locks. Amounts are bounded
-- more tightly than elsewhere, so that what waits cannot carry the balance out of its bounds before
-- a fold looks at it. Like its caller, it names everything with its schema.
CREATE FUNCTION ledger_post_queued(
    p_id uuid, p_debit bigint, p_credit bigint, p_amount bigint, p_currency text, p_kind text,
    p_narrative text, p_value_date date, p_journal uuid, p_reverses uuid, p_hold uuid,
    p_queued bigint[], p_fits boolean)
RETURNS ledger_moved LANGUAGE plpgsql AS $$
DECLARE
    debit_queued  boolean := p_debit = ANY (p_queued);
    credit_queued boolean := p_credit = ANY (p_queued);
    debit_balance  bigint;
    credit_balance bigint;
    debit_seq      bigint;
    credit_seq     bigint;
    booked_at      timestamptz;
    valued_on      date;
    verdict        record;
BEGIN
    FOR attempt IN 1..3 LOOP
        IF p_fits AND p_amount <= 1000000000000000 AND p_debit <> p_credit THEN
            IF NOT debit_queued THEN
                UPDATE public.banking_account SET balance = balance - p_amount, seq = seq + 1
                 WHERE id = p_debit AND status = 'active' AND currency = p_currency
                   AND (balance - held - p_amount >= floor) IS NOT FALSE
                   AND balance - p_amount >= -4000000000000000000
                RETURNING balance, seq INTO debit_balance, debit_seq;
            ELSIF NOT credit_queued THEN
                UPDATE public.banking_account SET balance = balance + p_amount, seq = seq + 1
                 WHERE id = p_credit AND status = 'active' AND currency = p_currency
                   AND balance + p_amount <= 4000000000000000000
                RETURNING balance, seq INTO credit_balance, credit_seq;
            END IF;
            IF FOUND OR (debit_queued AND credit_queued) THEN
                IF debit_queued THEN
                    debit_seq := -pg_catalog.nextval('public.banking_queue_number');
                END IF;
                IF credit_queued THEN
                    credit_seq := -pg_catalog.nextval('public.banking_queue_number');
                END IF;
                booked_at := pg_catalog.clock_timestamp();
                valued_on := COALESCE(p_value_date, (booked_at AT TIME ZONE 'UTC')::date);
                -- A twin waits here, if not at a row before, and then does nothing.
                INSERT INTO public.banking_movement (
                    id, journal_id, debit_id, credit_id, amount,
                    debit_balance, credit_balance, debit_seq, credit_seq,
                    booked_at, value_date, currency, kind, narrative, reverses, hold_id)
                VALUES (
                    p_id, p_journal, p_debit, p_credit, p_amount,
                    debit_balance, credit_balance, debit_seq, credit_seq,
                    booked_at, valued_on, p_currency, p_kind, p_narrative, p_reverses, p_hold)
                ON CONFLICT (id) DO NOTHING;
                EXIT WHEN FOUND;
                IF NOT debit_queued THEN
                    UPDATE public.banking_account SET balance = balance + p_amount, seq = seq - 1
                     WHERE id = p_debit;
                ELSIF NOT credit_queued THEN
                    UPDATE public.banking_account SET balance = balance - p_amount, seq = seq - 1
                     WHERE id = p_credit;
                END IF;
            END IF;
        END IF;

        verdict := public.ledger_verdict(p_id, p_debit, p_credit, p_amount, p_currency, p_kind,
                                         p_reverses, p_hold);
        IF verdict.code = 'LG000' THEN RETURN public.ledger_stored(p_id); END IF;
        IF verdict.code IS NOT NULL OR attempt = 3 THEN
            PERFORM public.ledger_refuse(verdict.code, 'side=' || verdict.side);
        END IF;
        p_fits := true;
    END LOOP;
    RETURN ROW(false, p_id, p_journal, p_debit, p_credit, p_amount, p_currency,
               debit_balance, credit_balance, debit_seq, credit_seq,
               booked_at, valued_on, p_kind, p_narrative, p_reverses, p_hold);
END $$;

-- Gives what waits its places. Returns how many; two at once take turns. A fold that cannot get
-- the lock soon gives up rather than let everybody queue behind it: the next one will.
CREATE FUNCTION ledger_fold(p_account bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET enable_seqscan = off SET lock_timeout = '500ms' AS $$
DECLARE
    key  integer := p_account % 1000000000;
    upto bigint;
    done bigint;
BEGIN
    -- Each statement must see what committed before it began, or some of it would be passed over.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'fold in a read committed transaction'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    PERFORM FROM banking_queue WHERE account_id = p_account FOR UPDATE;
    IF NOT FOUND THEN RETURN 0; END IF;
    BEGIN
        PERFORM pg_advisory_xact_lock(20210, key);
        SELECT last_value INTO upto FROM banking_queue_number;
        RAISE SQLSTATE 'LG999';
    EXCEPTION WHEN SQLSTATE 'LG999' THEN
        NULL;  -- taking it back gives the lock back: nobody waits while we fold
    END;

    PERFORM FROM banking_account WHERE id = p_account FOR NO KEY UPDATE;
    WITH written AS (
        INSERT INTO banking_folded (
            account_id, seq, movement_id, counter_id, amount, balance,
            booked_at, value_date, currency, kind, narrative)
        SELECT a.id, a.seq + row_number() OVER booked, w.movement_id, w.counter_id, w.amount,
               a.balance + sum(w.amount) OVER booked,
               w.booked_at, w.value_date, w.currency, w.kind, w.narrative
          FROM banking_waiting w JOIN banking_account a ON a.id = w.account_id
         WHERE w.account_id = p_account AND w.number <= upto
        WINDOW booked AS (ORDER BY w.booked_at, w.number ROWS UNBOUNDED PRECEDING)
        RETURNING seq, balance
    ), newest AS (
        SELECT seq, balance, count(*) OVER () AS many FROM written ORDER BY seq DESC LIMIT 1
    )
    UPDATE banking_account SET balance = newest.balance, seq = newest.seq
      FROM newest WHERE id = p_account
    RETURNING newest.many INTO done;
    UPDATE banking_queue SET folded = upto WHERE account_id = p_account AND folded < upto;
    RETURN COALESCE(done, 0);
END $$;

-- Begin or end to queue. Every poster has read the table of queues and keeps that lock until its
-- commit, so this waits for all of them, and they never see it half done.
CREATE FUNCTION ledger_set_queued(p_account bigint, p_queued boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET enable_seqscan = off SET lock_timeout = '10s' AS $$
DECLARE
    a banking_account;
BEGIN
    LOCK TABLE banking_queue IN ACCESS EXCLUSIVE MODE;
    SELECT * INTO a FROM banking_account WHERE id = p_account;
    IF a.id IS NULL THEN PERFORM ledger_refuse('LG020'); END IF;
    IF a.product <> 'internal' OR a.floor IS NOT NULL THEN PERFORM ledger_refuse('LG026'); END IF;
    IF p_queued THEN
        INSERT INTO banking_queue SELECT p_account, last_value FROM banking_queue_number
            ON CONFLICT DO NOTHING;
    ELSE
        PERFORM ledger_fold(p_account);
        DELETE FROM banking_queue WHERE account_id = p_account;
    END IF;
END $$;

-- To the unit, now: the row, and what waits.
CREATE FUNCTION ledger_balance(p_account bigint) RETURNS bigint LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
    SELECT (a.balance + COALESCE((SELECT sum(w.amount) FROM banking_waiting w
                                   WHERE w.account_id = a.id), 0))::bigint
      FROM banking_account a WHERE a.id = p_account
$$;

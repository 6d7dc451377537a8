-- The other time. A movement is booked when it happened here and valued when it counts; most are
-- both at once. Those that are not are listed a second time, by account, so that a balance by value
-- date is the balance by booking time and a few corrections; and a period, once closed, takes none.

-- Both sides of every movement that is valued on another day than it was booked on, in UTC.
-- `ledger_post` is the only writer; verify_ledger proves the list complete.
CREATE TABLE banking_back_dated (
    account_id  bigint NOT NULL,
    seq         bigint NOT NULL,
    movement_id uuid   NOT NULL,
    booked_on   date   NOT NULL,
    value_date  date   NOT NULL,
    amount      bigint NOT NULL,
    PRIMARY KEY (account_id, value_date, seq)
);

INSERT INTO banking_back_dated
SELECT account_id, seq, movement_id, (booked_at AT TIME ZONE 'UTC')::date, value_date, amount
  FROM banking_entry WHERE value_date <> (booked_at AT TIME ZONE 'UTC')::date;

-- Closed up to and including this day; null: nothing is closed yet.
ALTER TABLE banking_currency ADD COLUMN closed_until date;

-- One closing of one currency. `snapshot` tells, for ever, which movements were there by then.
CREATE TABLE banking_close (
    currency  text        NOT NULL REFERENCES banking_currency (code),
    until_day date        NOT NULL,
    closed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    snapshot  pg_snapshot NOT NULL,
    tx        xid8        NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (currency, until_day)
);

-- The trial balance of a close, account by account; what is not listed was zero.
CREATE TABLE banking_frozen (
    currency   text   NOT NULL,
    until_day  date   NOT NULL,
    account_id bigint NOT NULL REFERENCES banking_account (id),
    balance    bigint NOT NULL CHECK (balance <> 0),
    PRIMARY KEY (account_id, until_day),
    FOREIGN KEY (currency, until_day) REFERENCES banking_close
);
CREATE INDEX banking_frozen_close ON banking_frozen (currency, until_day);

-- Why nothing may be valued on this day, or null. The table lock is the one every insert takes: with
-- it held no close can come between the question and the deed. The row lock is for transactions
-- that look at an old snapshot: they fail instead of believing it.
CREATE FUNCTION ledger_day_verdict(p_currency text, p_day date) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    closed date;
BEGIN
    IF p_day > (clock_timestamp() AT TIME ZONE 'UTC')::date THEN RETURN 'LG040'; END IF;
    LOCK TABLE banking_movement IN ROW EXCLUSIVE MODE;
    SELECT COALESCE(closed_until, '-infinity') INTO closed
      FROM banking_currency WHERE code = p_currency FOR SHARE;
    RETURN CASE WHEN p_day <= closed THEN 'LG041' END;
END $$;

-- A movement that counts on another day than it was booked on: may it, and remember that it does.
CREATE FUNCTION ledger_value(m ledger_moved) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    code   text := ledger_day_verdict(m.currency, m.value_date);
    booked date := (m.booked_at AT TIME ZONE 'UTC')::date;
BEGIN
    IF code IS NOT NULL THEN PERFORM ledger_refuse(code, 'value_date=' || m.value_date); END IF;
    INSERT INTO banking_back_dated (account_id, seq, movement_id, booked_on, value_date, amount)
    VALUES (m.debit_id, m.debit_seq, m.id, booked, m.value_date, -m.amount),
           (m.credit_id, m.credit_seq, m.id, booked, m.value_date, m.amount);
END $$;

-- Closes every day up to this one, and nothing else: the fence. The table lock waits for whoever has
-- written a movement and not yet committed, and keeps others out until this commits, which should
-- be at once. Whoever comes later is valued today, or asks and is refused. The figures can then be
-- taken at leisure, because they can no longer change.
CREATE FUNCTION ledger_close(p_currency text, p_until date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    closed date;
BEGIN
    IF NOT EXISTS (SELECT FROM banking_currency WHERE code = p_currency) THEN
        PERFORM ledger_refuse('LG019');
    END IF;
    IF EXISTS (SELECT FROM banking_close WHERE currency = p_currency AND until_day = p_until) THEN
        RETURN false;
    END IF;
    -- A minute over, so that who looked at the clock just before midnight has found the table locked
    -- or open by now: the application waits for a lock ten seconds at most.
    IF p_until >= ((clock_timestamp() - interval '1 minute') AT TIME ZONE 'UTC')::date THEN
        PERFORM ledger_refuse('LG043');
    END IF;
    LOCK TABLE banking_movement IN SHARE ROW EXCLUSIVE MODE;
    -- A twin may have been faster.
    IF EXISTS (SELECT FROM banking_close WHERE currency = p_currency AND until_day = p_until) THEN
        RETURN false;
    END IF;
    SELECT closed_until INTO closed FROM banking_currency WHERE code = p_currency FOR UPDATE;
    IF p_until <= closed THEN PERFORM ledger_refuse('LG041', 'closed_until=' || closed); END IF;
    UPDATE banking_currency SET closed_until = p_until WHERE code = p_currency;
    INSERT INTO banking_close (currency, until_day, snapshot)
    VALUES (p_currency, p_until, pg_current_snapshot());
    RETURN true;
END $$;

-- What every account of a currency held: after the last entry booked by `p_at`, or, when a day is
-- given, at its end by value date. Walks back from the balances of now, so it costs what has been
-- booked since, not what was booked ever.
CREATE FUNCTION ledger_balances(p_currency text, p_at timestamptz, p_day date)
RETURNS TABLE (account_id bigint, balance bigint)
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    WITH since AS (
        SELECT debit_id, credit_id, amount::bigint AS amount FROM banking_movement
         WHERE currency = p_currency AND (booked_at > p_at
               OR booked_at >= (p_day + 1)::timestamp AT TIME ZONE 'UTC')
    ),
    change AS (
        SELECT debit_id AS account_id, amount FROM since
        UNION ALL
        SELECT credit_id, -amount FROM since
        UNION ALL
        SELECT account_id, CASE WHEN booked_on > p_day THEN amount ELSE -amount END
          FROM banking_back_dated
         WHERE (booked_on > p_day AND value_date <= p_day)
            OR (booked_on <= p_day AND value_date > p_day)
    ),
    changed AS (SELECT account_id, sum(amount) AS amount FROM change GROUP BY account_id)
    SELECT a.id, (a.balance + COALESCE(c.amount, 0))::bigint
      FROM banking_account a LEFT JOIN changed c ON c.account_id = a.id
     WHERE a.currency = p_currency
$$;

-- Takes the figures of a close, once: how many accounts were not empty, or null when it was done.
CREATE FUNCTION ledger_freeze(p_currency text, p_until date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    counted bigint;
BEGIN
    -- Twins wait here for each other.
    PERFORM FROM banking_close WHERE currency = p_currency AND until_day = p_until FOR UPDATE;
    IF NOT FOUND THEN PERFORM ledger_refuse('LG043'); END IF;
    IF EXISTS (SELECT FROM banking_frozen WHERE currency = p_currency AND until_day = p_until) THEN
        RETURN NULL;
    END IF;
    INSERT INTO banking_frozen (currency, until_day, account_id, balance)
    SELECT p_currency, p_until, b.account_id, b.balance
      FROM ledger_balances(p_currency, NULL, p_until) b WHERE b.balance <> 0;
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN counted;
END $$;

-- The balance at the end of a day by value date: what was booked by then, and what was booked on
-- another side of midnight than it counts.
CREATE FUNCTION ledger_balance_on(p_account bigint, p_day date) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    late  numeric;
    early numeric;
BEGIN
    SELECT COALESCE(sum(amount) FILTER (WHERE booked_on > p_day), 0) INTO late
      FROM banking_back_dated WHERE account_id = p_account AND value_date <= p_day;
    SELECT COALESCE(sum(amount) FILTER (WHERE booked_on <= p_day), 0) INTO early
      FROM banking_back_dated WHERE account_id = p_account AND value_date > p_day;
    RETURN ledger_balance_at(p_account, ((p_day + 1)::timestamp AT TIME ZONE 'UTC')
                                        - interval '1 microsecond') + late - early;
END $$;

-- Workers follow the ledger in the order of transactions (banking.ledger.follow), and an incremental
-- check reads what is new. Twenty-two bytes a movement.
CREATE INDEX banking_movement_tx ON banking_movement (tx);

REVOKE ALL ON FUNCTION
    ledger_day_verdict, ledger_value, ledger_close, ledger_freeze, ledger_balance_on,
    ledger_balances
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_close, ledger_freeze, ledger_balance_on, ledger_balances
TO fintrust_app;
GRANT EXECUTE ON FUNCTION ledger_balance_on, ledger_balances TO fintrust_reader;

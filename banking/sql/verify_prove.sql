-- Do all movements, or those that are new since a snapshot, explain the accounts? One pass without
-- sorting, one statement and so one snapshot: it may run while money moves. Only what does not add
-- up is looked for place by place (verify_name.sql).
--
-- An entry is a step of its account from (seq - 1, balance before) to (seq, balance). Give each such
-- place a number, add the numbers of all arrivals and take away those of all departures: if the
-- steps of every account form one line from (0, nothing) to where its row stands, all places between
-- cancel out, and the sum is that of the rows alone. A gap, a doubled number, a jump, a wrong amount
-- or currency leaves something over. The numbers are hashes with a seed that is drawn anew each
-- time, so nobody can prepare errors that cancel. Hashing folds 64 bits to 32, which forgets nothing
-- within the ranges of `outside`; what lies outside them is not called proven. Grouped by currency,
-- so that a movement only explains accounts of its own.
WITH moved AS (
    SELECT m.currency, count(*) AS movements, count(m.hold_id) AS captures,
           sum({debit_after} - {debit_before} + {credit_after} - {credit_before}) AS steps,
           count(*) FILTER (WHERE m.debit_id = m.credit_id) AS same_account,
           count(*) FILTER (WHERE m.value_date <> m.booked_at::date) AS back_dated,
           min(m.debit_balance) FILTER (WHERE m.debit_id < 1000000000000) AS lowest,
           count(*) FILTER (WHERE least(m.debit_seq, m.credit_seq) < 1
                   OR greatest(m.debit_seq, m.credit_seq) > 2147483647
                   OR NOT (m.debit_id BETWEEN 1 AND 2147483647
                           OR m.debit_id BETWEEN 1000000000000 AND 1000001048575)
                   OR NOT (m.credit_id BETWEEN 1 AND 2147483647
                           OR m.credit_id BETWEEN 1000000000000 AND 1000001048575)) AS outside
      FROM banking_movement m WHERE {new_m}
     GROUP BY m.currency
),
stands AS (
    SELECT a.currency, sum({account_now} - {account_opened}) AS state,
           count(*) FILTER (WHERE a.id >= 1000000000000 AND a.floor IS NOT NULL) AS bounded,
           max(a.floor) AS highest_floor
      FROM banking_account a GROUP BY a.currency
),
listed AS (
    SELECT m.currency, count(*) AS listed
      FROM banking_back_dated b JOIN banking_movement m ON m.id = b.movement_id
     WHERE {new_m} GROUP BY m.currency
),
captured AS (
    SELECT m.currency, count(*) AS captured
      FROM banking_hold_end e JOIN banking_movement m ON m.id = e.movement_id
     WHERE {new_e} GROUP BY m.currency
)
SELECT currency, coalesce(movements, 0), coalesce(steps, 0)::text, coalesce(state, 0)::text,
       coalesce(same_account, 0) = 0 AND coalesce(outside, 0) = 0
       AND 2 * coalesce(back_dated, 0) = coalesce(listed, 0)
       AND coalesce(captures, 0) = coalesce(captured, 0) AS countable,
       coalesce(lowest >= highest_floor, true) AND coalesce(bounded, 0) = 0 AS above_floors,
       pg_current_snapshot()::text
  FROM stands FULL JOIN moved USING (currency) LEFT JOIN listed USING (currency)
  LEFT JOIN captured USING (currency)

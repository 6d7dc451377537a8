-- What each day from `first` to `last` brings each account, and what earlier days should have
-- brought had their late movements been there. One statement, so one snapshot: balances and the
-- movements that explain them belong together while money moves.
WITH late AS MATERIALIZED (
    -- What the last run could not see and lies before `first`: an account, and since which day.
    SELECT side.account_id, min(side.value_date) AS since
      FROM (SELECT debit_id AS account_id, value_date, booked_at, tx FROM banking_movement
             WHERE booked_at >= %(seen)s
            UNION ALL
            SELECT credit_id, value_date, booked_at, tx FROM banking_movement
             WHERE booked_at >= %(seen)s) AS side
     WHERE side.tx >= %(horizon)s::text::xid8 AND side.value_date < %(first)s
     GROUP BY side.account_id
),
terms AS MATERIALIZED (
    -- The terms of each day, with what one millionth brings on it: an actual day, or as many days
    -- of the 30-day month as the eurobond's calendar steps from this day to the next.
    SELECT DISTINCT ON (day, product, currency)
           day::date AS day, product, currency, tier_from, tier_parts, overdraft_parts,
           tier_from[2:] || NULL::bigint AS tier_to,
           (CASE day_count WHEN 'act/365' THEN 72 WHEN 'act/360' THEN 73
                 ELSE 73 * (interest_day_30e((day + interval '1 day')::date)
                            - interest_day_30e(day::date)) END)::numeric AS weight
      FROM banking_interestterms
      JOIN generate_series(
           LEAST((SELECT min(since) FROM late), %(first)s)::timestamp, %(last)s::timestamp,
           interval '1 day') AS day ON valid_from <= day
     ORDER BY day, product, currency, valid_from DESC, id DESC
),
span AS (
    SELECT a.id AS account_id, a.product, a.currency, a.balance, day::date AS day
      FROM banking_account a,
           generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '1 day') AS day
     WHERE a.product <> 'internal'
    UNION ALL
    SELECT a.id, a.product, a.currency, a.balance, day::date
      FROM late JOIN banking_account a ON a.id = late.account_id,
           generate_series(late.since::timestamp, %(first)s::timestamp - interval '1 day',
                           interval '1 day') AS day
     WHERE a.product <> 'internal'
),
change AS (
    -- What is on an account now and counts from a later day than the first one asked about.
    -- Nothing is valued after it was booked, so only what was booked since is read.
    SELECT account_id, value_date, sum(amount) AS amount
      FROM banking_entry
     WHERE booked_at >= (%(first)s + 1)::timestamp AT TIME ZONE 'UTC' AND value_date > %(first)s
     GROUP BY account_id, value_date
    UNION ALL
    SELECT late.account_id, e.value_date, sum(e.amount)
      FROM late JOIN banking_entry e ON e.account_id = late.account_id
     WHERE e.value_date > late.since AND e.value_date <= %(first)s
     GROUP BY late.account_id, e.value_date
),
later AS (
    SELECT span.account_id, span.day, sum(change.amount)::bigint AS amount
      FROM span JOIN change ON change.account_id = span.account_id AND change.value_date > span.day
     GROUP BY span.account_id, span.day
),
held AS (
    SELECT account_id, day, span.product, span.currency,
           span.balance - COALESCE(later.amount, 0) AS balance
      FROM span LEFT JOIN later USING (account_id, day)
),
brought AS (
    SELECT held.account_id, held.day, held.balance, terms.weight * CASE
           WHEN held.balance < 0 THEN held.balance::numeric * terms.overdraft_parts
           ELSE (SELECT sum(GREATEST(LEAST(held.balance, tier.upto) - tier.since, 0)::numeric
                            * tier.parts)
                   FROM unnest(terms.tier_from, terms.tier_to, terms.tier_parts)
                        AS tier (since, upto, parts)) END AS units
      FROM held JOIN terms USING (day, product, currency)
),
counted AS (
    INSERT INTO banking_accrual (account_id, day, balance_minor, units)
    SELECT account_id, day, balance, units FROM brought
     WHERE day >= %(first)s AND units <> 0
    RETURNING 1
),
corrected AS (
    INSERT INTO banking_accrualcorrection (account_id, day, run_id, balance_minor, units)
    SELECT account_id, day, %(last)s, brought.balance,
           brought.units - COALESCE(was.units, 0) - COALESCE(again.units, 0)
      FROM brought
      LEFT JOIN banking_accrual AS was USING (account_id, day)
      LEFT JOIN LATERAL (
           SELECT sum(units) AS units FROM banking_accrualcorrection c
            WHERE c.account_id = brought.account_id AND c.day = brought.day) AS again ON true
     WHERE day < %(first)s
       AND brought.units <> COALESCE(was.units, 0) + COALESCE(again.units, 0)
    RETURNING 1
)
SELECT pg_snapshot_xmin(pg_current_snapshot())::text, (SELECT count(*) FROM counted),
       (SELECT count(*) FROM corrected)

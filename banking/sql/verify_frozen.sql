-- Are the figures of every close those of its movements? Between one close and the next an account's
-- frozen balance changed by what it felt in that period, by value date, and by nothing else.
WITH period AS (
    SELECT currency, until_day,
           lag(until_day, 1, '-infinity'::date)
               OVER (PARTITION BY currency ORDER BY until_day) AS after_day
      FROM banking_close c
     -- Figures that a stopped process has not taken yet are taken by the next sweep.
     WHERE closed_at < clock_timestamp() - interval '1 hour'
        OR EXISTS (SELECT FROM banking_frozen f
                    WHERE f.currency = c.currency AND f.until_day = c.until_day)
),
felt AS (
    SELECT p.currency, p.until_day, e.account_id, sum(e.amount) AS amount
      FROM period p
      JOIN banking_entry e ON e.currency = p.currency
       AND e.value_date > p.after_day AND e.value_date <= p.until_day
     GROUP BY p.currency, p.until_day, e.account_id
),
told AS (
    SELECT p.currency, p.until_day, f.account_id, sum(f.balance) AS amount
      FROM period p
      JOIN (SELECT currency, until_day, account_id, balance FROM banking_frozen
             UNION ALL
            SELECT p.currency, p.until_day, f.account_id, -f.balance
              FROM period p JOIN banking_frozen f
                ON f.currency = p.currency AND f.until_day = p.after_day) f
     USING (currency, until_day)
     GROUP BY p.currency, p.until_day, f.account_id
)
SELECT 'frozen' AS code, format('%s until %s', currency, until_day) AS subject,
       format('account %s: the figures say a change of %s, the movements %s', account_id,
              COALESCE(told.amount, 0), COALESCE(felt.amount, 0)) AS detail
  FROM told FULL JOIN felt USING (currency, until_day, account_id)
 WHERE COALESCE(told.amount, 0) <> COALESCE(felt.amount, 0)

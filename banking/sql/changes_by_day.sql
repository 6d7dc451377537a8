-- How much accounts changed on each day from `since` on, by value date. Nothing is valued after it
-- was booked, and an account's entries were booked in the order of their numbers: so its newest
-- ones are read, back to the first that was booked before that day, and no more of its history.
SELECT recent.value_date, sum(recent.amount)::bigint
  FROM unnest(%(accounts)s::bigint[]) AS account (id)
 CROSS JOIN LATERAL (
    SELECT entry.value_date, entry.amount
      FROM banking_entry AS entry
     WHERE entry.account_id = account.id AND entry.seq > coalesce((
            SELECT before.seq FROM banking_entry AS before
             WHERE before.account_id = account.id
               AND before.booked_at < %(since)s::date::timestamp AT TIME ZONE 'UTC'
             ORDER BY before.seq DESC LIMIT 1), 0)
 ) AS recent
 WHERE recent.value_date >= %(since)s
 GROUP BY recent.value_date

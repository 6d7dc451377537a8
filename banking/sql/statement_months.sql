-- What came in and went out in each month, of the entries (after, upto] of an account.
SELECT date_trunc('month', booked_at AT TIME ZONE 'UTC')::date, count(*),
       coalesce(sum(amount) FILTER (WHERE amount > 0), 0),
       coalesce(-sum(amount) FILTER (WHERE amount < 0), 0)
  FROM banking_entry
 WHERE account_id = %(account)s AND seq > %(after)s AND seq <= %(upto)s
 GROUP BY 1

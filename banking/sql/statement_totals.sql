-- What the entries (after, upto] of an account come to.
SELECT count(*) FILTER (WHERE amount > 0), count(*) FILTER (WHERE amount < 0),
       coalesce(sum(amount) FILTER (WHERE amount > 0), 0),
       coalesce(-sum(amount) FILTER (WHERE amount < 0), 0),
       coalesce(max(greatest(abs(amount), abs(balance))), 0), max(booked_at)
  FROM banking_entry
 WHERE account_id = %(account)s AND seq > %(after)s AND seq <= %(upto)s

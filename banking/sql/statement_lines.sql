-- The entries (after, upto] of an account in their order. From the movements themselves, because
-- the view does not say what a movement reverses.
SELECT debit_seq, id, booked_at, value_date, -amount, debit_balance, kind, narrative, reverses,
       credit_id
  FROM banking_movement
 WHERE debit_id = %(account)s AND debit_seq > %(after)s AND debit_seq <= %(upto)s
UNION ALL
SELECT credit_seq, id, booked_at, value_date, amount::bigint, credit_balance, kind, narrative,
       reverses, debit_id
  FROM banking_movement
 WHERE credit_id = %(account)s AND credit_seq > %(after)s AND credit_seq <= %(upto)s
 ORDER BY 1

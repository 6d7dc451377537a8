-- What a customer's accounts felt since a moment, without what only moved between them and without
-- what was taken back. Only entries booked since are read: nothing is valued after it was booked.
--
-- The day is the customer's: of the moment it was booked; or its value date, when that is another
-- than the day it was booked in UTC, which is how what happened long ago is taken over.
SELECT felt.account_id, felt.amount, felt.narrative, felt.id,
       CASE WHEN felt.value_date = (felt.booked_at AT TIME ZONE 'UTC')::date
            THEN (felt.booked_at AT TIME ZONE %(zone)s)::date
            ELSE felt.value_date END AS day,
       coalesce(far.id, counter.id) AS counter_id
  FROM unnest(%(accounts)s::bigint[], %(seqs)s::bigint[]) AS own (id, seq)
 CROSS JOIN LATERAL (
    SELECT debit_id AS account_id, id, credit_id AS counter_id, -amount::bigint AS amount,
           narrative, booked_at, value_date, reverses, journal_id, currency
      FROM banking_movement WHERE debit_id = own.id AND debit_seq > own.seq
    UNION ALL
    SELECT credit_id, id, debit_id, amount::bigint,
           narrative, booked_at, value_date, reverses, journal_id, currency
      FROM banking_movement WHERE credit_id = own.id AND credit_seq > own.seq
 ) AS felt
  JOIN banking_account AS counter ON counter.id = felt.counter_id
  -- Money that changes its currency goes through the bank's own accounts, in one journal: who is
  -- really opposite is the customer's account on its other side, in the other currency. Anything
  -- else the bank books for many at once (interest, fees, clearing) must not introduce strangers.
  LEFT JOIN LATERAL (
    SELECT account.id, account.owner_id
      FROM banking_movement AS leg
      JOIN banking_account AS account ON account.id IN (leg.debit_id, leg.credit_id)
     WHERE leg.journal_id = felt.journal_id AND leg.currency <> felt.currency
       AND account.owner_id IS NOT NULL
     LIMIT 1
 ) AS far ON felt.journal_id IS NOT NULL AND counter.owner_id IS NULL
         AND counter.kind NOT IN ('income', 'expense') AND counter.gl_code <> 'clearing'
  LEFT JOIN banking_movement AS back ON back.reverses = felt.id
 WHERE felt.reverses IS NULL AND back.id IS NULL
   AND coalesce(far.owner_id, counter.owner_id) IS DISTINCT FROM %(owner)s::uuid

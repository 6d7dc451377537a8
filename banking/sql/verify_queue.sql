-- What the queue promises: a side without a balance waits, or has been given its place once. A row is
-- something that is not as it must be. One statement, so one snapshot.
WITH side AS (
    SELECT id AS movement_id, debit_id AS account_id, -debit_seq AS number,
           debit_balance AS balance, credit_id AS counter_id, -amount AS amount,
           booked_at, value_date, currency, kind, narrative
      FROM banking_movement WHERE debit_seq <= 0 OR debit_balance IS NULL
    UNION ALL
    SELECT id, credit_id, -credit_seq, credit_balance, debit_id, amount::bigint,
           booked_at, value_date, currency, kind, narrative
      FROM banking_movement WHERE credit_seq <= 0 OR credit_balance IS NULL
)
SELECT 'queue', 'movement ' || side.movement_id,
       format('queues on account %s under number %s with balance %s', account_id, number, balance)
  FROM side WHERE number <= 0 OR balance IS NOT NULL
UNION ALL
SELECT 'queue', 'movement ' || side.movement_id,
       format('neither waits on account %s nor has a place there', side.account_id)
  FROM side
  LEFT JOIN banking_queue q ON q.account_id = side.account_id AND side.number > q.folded
 WHERE q.account_id IS NULL AND NOT EXISTS (
       SELECT FROM banking_folded f
        WHERE f.movement_id = side.movement_id AND f.account_id = side.account_id)
UNION ALL
SELECT 'queue', 'account ' || f.account_id,
       format('gave place %s to movement %s, which %s', f.seq, f.movement_id,
              CASE WHEN side.movement_id IS NULL THEN 'did not ask for one'
                   WHEN q.account_id IS NOT NULL THEN 'waits'
                   ELSE 'says something else' END)
  FROM banking_folded f
  LEFT JOIN side ON side.movement_id = f.movement_id AND side.account_id = f.account_id
  LEFT JOIN banking_queue q ON q.account_id = f.account_id AND side.number > q.folded
 WHERE side.movement_id IS NULL OR q.account_id IS NOT NULL
    OR (f.counter_id, f.amount, f.booked_at, f.value_date, f.currency, f.kind, f.narrative)
       IS DISTINCT FROM (side.counter_id, side.amount, side.booked_at, side.value_date,
                         side.currency, side.kind, side.narrative)
UNION ALL
SELECT 'queue', 'account ' || account_id, 'queues, but has a floor or an owner'
  FROM banking_queue q JOIN banking_account a ON a.id = q.account_id
 WHERE a.floor IS NOT NULL OR a.product <> 'internal'
ORDER BY 2

-- Everything the ledger promises, computed again from the movements alone. One statement, so one
-- snapshot: it may run while money moves. A row is something that is not as it must be.
WITH felt AS (
    -- Each entry beside the one before it.
    SELECT account_id, seq, amount, balance, balance_before, currency,
           lag(seq, 1, 0::bigint) OVER previous AS previous_seq,
           lag(balance, 1, 0::bigint) OVER previous AS previous_balance
      FROM banking_entry
    WINDOW previous AS (PARTITION BY account_id ORDER BY seq)
),
recomputed AS (
    SELECT account_id, sum(amount) AS balance, max(seq) AS seq, min(balance) AS lowest,
           min(currency) AS currency, max(currency) AS other_currency,
           min(seq) FILTER (WHERE seq <> previous_seq + 1) AS gap_at,
           min(seq) FILTER (WHERE balance_before <> previous_balance) AS jump_at
      FROM felt
     GROUP BY account_id
),
open_hold AS (
    SELECT h.account_id, sum(h.amount) AS held
      FROM banking_hold h
     WHERE NOT EXISTS (SELECT FROM banking_hold_end e WHERE e.hold_id = h.id)
     GROUP BY h.account_id
),
account AS (
    SELECT a.*, COALESCE(r.balance, 0) AS true_balance, COALESCE(r.seq, 0) AS true_seq,
           COALESCE(o.held, 0) AS true_held, r.lowest, r.currency AS moved_currency,
           r.other_currency, r.gap_at, r.jump_at
      FROM banking_account a
      LEFT JOIN recomputed r ON r.account_id = a.id
      LEFT JOIN open_hold o ON o.account_id = a.id
)
SELECT 'balance' AS code, 'account ' || id AS subject,
       format('the row says %s, its entries add up to %s', balance, true_balance) AS detail
  FROM account WHERE balance <> true_balance
UNION ALL
SELECT 'sequence', 'account ' || id, format('the row counts %s entries, the last is %s', seq, true_seq)
  FROM account WHERE seq <> true_seq
UNION ALL
SELECT 'gap', 'account ' || id, format('the entry before %s is missing', gap_at)
  FROM account WHERE gap_at IS NOT NULL
UNION ALL
SELECT 'running-balance', 'account ' || account.id,
       format('entry %s (movement %s) does not begin where the one before ended',
              jump_at, e.movement_id)
  FROM account JOIN banking_entry e ON e.account_id = account.id AND e.seq = account.jump_at
UNION ALL
SELECT 'held', 'account ' || id, format('the row holds %s, its open holds add up to %s', held, true_held)
  FROM account WHERE held <> true_held
UNION ALL
SELECT 'floor', 'account ' || id,
       format('available %s, lowest balance ever %s, floor %s', balance - held, lowest, floor)
  FROM account WHERE balance - held < floor OR lowest < floor
UNION ALL
SELECT 'currency', 'account ' || id,
       format('kept in %s, moved in %s and %s', currency, moved_currency, other_currency)
  FROM account WHERE moved_currency <> currency OR other_currency <> currency
UNION ALL
SELECT 'closed', 'account ' || id, format('closed with %s on it and %s held', balance, held)
  FROM account WHERE status = 'closed' AND (balance <> 0 OR held <> 0)
UNION ALL
SELECT 'sum', 'currency ' || currency, format('all balances add up to %s', sum(amount))
  FROM (SELECT currency, balance AS amount FROM account
        UNION ALL
        SELECT a.currency, w.amount FROM banking_waiting w JOIN account a ON a.id = w.account_id
       ) AS everything
 GROUP BY currency HAVING sum(amount) <> 0
UNION ALL
SELECT 'unknown-account', 'account ' || r.account_id, 'has entries but does not exist'
  FROM recomputed r WHERE NOT EXISTS (SELECT FROM banking_account a WHERE a.id = r.account_id)
UNION ALL
SELECT 'same-account', 'movement ' || id, format('moves money from account %s to itself', debit_id)
  FROM banking_movement WHERE debit_id = credit_id
UNION ALL
SELECT 'reversal', 'movement ' || m.id,
       format('does not undo movement %s exactly', m.reverses)
  FROM banking_movement m LEFT JOIN banking_movement o ON o.id = m.reverses
 WHERE m.reverses IS NOT NULL
   AND (o.debit_id, o.credit_id, o.amount, o.reverses)
       IS DISTINCT FROM (m.credit_id, m.debit_id, m.amount, NULL::uuid)
UNION ALL
SELECT 'capture', 'hold ' || e.hold_id, format('captured %s by movement %s, which says otherwise',
                                              e.amount, e.movement_id)
  FROM banking_hold_end e
  LEFT JOIN banking_hold h ON h.id = e.hold_id
  LEFT JOIN banking_movement m ON m.id = e.movement_id
 WHERE e.outcome = 'captured'
   AND ((m.hold_id, m.debit_id, m.amount) IS DISTINCT FROM (e.hold_id, h.account_id, e.amount)
        OR e.amount > h.amount)
UNION ALL
SELECT 'capture', 'movement ' || m.id, format('names hold %s, which it did not capture', m.hold_id)
  FROM banking_movement m LEFT JOIN banking_hold_end e ON e.movement_id = m.id
 WHERE m.hold_id IS NOT NULL AND e.hold_id IS DISTINCT FROM m.hold_id
ORDER BY code, subject

-- Where the entries of an account do not lead to where its row stands. Sorts every entry there is,
-- so it is asked only when verify_prove.sql did not add up. A row is something that is not as it
-- must be.
WITH felt AS (
    -- Each entry beside the one before it.
    SELECT account_id, seq, amount, balance, balance_before, currency,
           lag(seq, 1, 0::bigint) OVER previous AS previous_seq,
           lag(balance, 1, 0::bigint) OVER previous AS previous_balance
      FROM banking_entry
    WINDOW previous AS (PARTITION BY account_id ORDER BY seq)
),
recomputed AS (
    SELECT account_id, sum(amount) AS balance, max(seq) AS seq,
           min(currency) AS currency, max(currency) AS other_currency,
           min(seq) FILTER (WHERE seq <> previous_seq + 1) AS gap_at,
           min(seq) FILTER (WHERE balance_before <> previous_balance) AS jump_at
      FROM felt
     GROUP BY account_id
),
account AS (
    SELECT a.*, COALESCE(r.balance, 0) AS true_balance, COALESCE(r.seq, 0) AS true_seq,
           r.currency AS moved_currency, r.other_currency, r.gap_at, r.jump_at
      FROM banking_account a
      LEFT JOIN recomputed r ON r.account_id = a.id
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
SELECT 'currency', 'account ' || id,
       format('kept in %s, moved in %s and %s', currency, moved_currency, other_currency)
  FROM account WHERE moved_currency <> currency OR other_currency <> currency
UNION ALL
SELECT 'unknown-account', 'account ' || r.account_id, 'has entries but does not exist'
  FROM recomputed r WHERE NOT EXISTS (SELECT FROM banking_account a WHERE a.id = r.account_id)
UNION ALL
SELECT 'same-account', 'movement ' || id, format('moves money from account %s to itself', debit_id)
  FROM banking_movement WHERE debit_id = credit_id
UNION ALL
SELECT 'capture', 'movement ' || m.id, format('names hold %s, which it did not capture', m.hold_id)
  FROM banking_movement m LEFT JOIN banking_hold_end e ON e.movement_id = m.id
 WHERE m.hold_id IS NOT NULL AND e.hold_id IS DISTINCT FROM m.hold_id
UNION ALL
SELECT 'value-date', 'movement ' || m.id,
       format('is valued on %s, booked at %s, and not listed', m.value_date, m.booked_at)
  FROM banking_movement m
 WHERE m.value_date <> m.booked_at::date
   AND (SELECT count(*) FROM banking_back_dated b
         WHERE b.value_date = m.value_date
           AND (b.account_id, b.seq) IN ((m.debit_id, m.debit_seq), (m.credit_id, m.credit_seq)))
       <> 2

-- What is not a matter of sums: holds, reversals, captures, journals, closes. Looked at whole, or as
-- far as it is new since a snapshot. A row is something that is not as it must be.
WITH open_hold AS (
    SELECT h.account_id, sum(h.amount) AS held
      FROM banking_hold h
     WHERE NOT EXISTS (SELECT FROM banking_hold_end e WHERE e.hold_id = h.id)
     GROUP BY h.account_id
),
account AS (
    SELECT a.*, COALESCE(o.held, 0) AS true_held
      FROM banking_account a LEFT JOIN open_hold o ON o.account_id = a.id
)
SELECT 'held' AS code, 'account ' || id AS subject,
       format('the row holds %s, its open holds add up to %s', held, true_held) AS detail
  FROM account WHERE held <> true_held
UNION ALL
SELECT 'floor', 'account ' || id, format('available %s, floor %s', balance - held, floor)
  FROM account WHERE balance - held < floor
UNION ALL
SELECT 'closed', 'account ' || id, format('closed with %s on it and %s held', balance, held)
  FROM account WHERE status = 'closed' AND (balance <> 0 OR held <> 0)
UNION ALL
SELECT 'sum', 'currency ' || currency, format('all balances add up to %s', sum(balance))
  FROM account GROUP BY currency HAVING sum(balance) <> 0
UNION ALL
SELECT 'reversal', 'movement ' || m.id, format('does not undo movement %s exactly', m.reverses)
  FROM banking_movement m LEFT JOIN banking_movement o ON o.id = m.reverses
 WHERE m.reverses IS NOT NULL AND {new_m}
   AND (o.debit_id, o.credit_id, o.amount, o.reverses)
       IS DISTINCT FROM (m.credit_id, m.debit_id, m.amount, NULL::uuid)
UNION ALL
SELECT 'capture', 'hold ' || e.hold_id,
       format('captured %s by movement %s, which says otherwise', e.amount, e.movement_id)
  FROM banking_hold_end e
  LEFT JOIN banking_hold h ON h.id = e.hold_id
  LEFT JOIN banking_movement m ON m.id = e.movement_id
 WHERE e.outcome = 'captured' AND {new_e}
   AND ((m.hold_id, m.debit_id, m.amount) IS DISTINCT FROM (e.hold_id, h.account_id, e.amount)
        OR e.amount > h.amount)
UNION ALL
SELECT 'journal', 'journal ' || j.id,
       format('names %s legs, %s are booked', cardinality(j.leg_ids), count(m.id))
  FROM banking_journal j
  LEFT JOIN banking_movement m ON m.id = ANY (j.leg_ids) AND m.journal_id = j.id
 WHERE j.leg_ids IS NOT NULL AND {new_j}
 GROUP BY j.id HAVING count(m.id) <> cardinality(j.leg_ids)
UNION ALL
SELECT 'journal', 'movement ' || m.id, format('is not of the making of journal %s', m.journal_id)
  FROM banking_movement m LEFT JOIN banking_journal j ON j.id = m.journal_id
 WHERE m.journal_id IS NOT NULL AND {new_m}
   AND (j.tx IS DISTINCT FROM m.tx OR NOT m.id = ANY (j.leg_ids))
UNION ALL
SELECT 'journal', 'movement ' || m.id,
       format('undoes a leg of journal %s, and its own journal does not say so', o.journal_id)
  FROM banking_movement m
  JOIN banking_movement o ON o.id = m.reverses
  JOIN banking_journal j ON j.id = m.journal_id
 WHERE {new_m} AND j.reverses IS DISTINCT FROM o.journal_id
UNION ALL
SELECT 'journal', 'journal ' || j.id, format('does not undo journal %s whole', j.reverses)
  FROM banking_journal j
 WHERE j.reverses IS NOT NULL AND {new_j}
   AND (SELECT array_agg(m.reverses ORDER BY m.reverses)
          FROM banking_movement m WHERE m.journal_id = j.id)
       IS DISTINCT FROM
       (SELECT array_agg(m.id ORDER BY m.id)
          FROM banking_movement m WHERE m.journal_id = j.reverses)
UNION ALL
SELECT 'value-date', format('account %s entry %s', b.account_id, b.seq),
       format('is listed as valued on %s, which movement %s does not say', b.value_date,
              b.movement_id)
  FROM banking_back_dated b LEFT JOIN banking_movement m ON m.id = b.movement_id
 WHERE (m.id IS NULL OR {new_m})
   AND (m.value_date, m.booked_at::date, b.account_id, b.seq, b.amount) IS DISTINCT FROM
       (b.value_date, b.booked_on,
        CASE WHEN b.amount < 0 THEN m.debit_id ELSE m.credit_id END,
        CASE WHEN b.amount < 0 THEN m.debit_seq ELSE m.credit_seq END,
        CASE WHEN b.amount < 0 THEN -m.amount ELSE m.amount END)
UNION ALL
SELECT 'period', 'movement ' || m.id,
       format('is valued on %s and was booked after %s was closed until %s', m.value_date,
              c.currency, c.until_day)
  FROM banking_back_dated b
  JOIN banking_movement m ON m.id = b.movement_id AND m.credit_id = b.account_id
  JOIN banking_close c ON c.currency = m.currency AND c.until_day >= m.value_date
 WHERE m.tx <> c.tx AND NOT pg_visible_in_snapshot(m.tx, c.snapshot) AND {new_m}
UNION ALL
SELECT 'period', 'currency ' || k.code,
       format('is closed until %s, its last close says %s', k.closed_until, max(c.until_day))
  FROM banking_currency k LEFT JOIN banking_close c ON c.currency = k.code
 GROUP BY k.code HAVING k.closed_until IS DISTINCT FROM max(c.until_day)

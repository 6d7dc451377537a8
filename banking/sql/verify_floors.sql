-- Did a debit ever leave less than the account may hold? Asked when the lowest balance of all is
-- below the highest floor of all, as it is where some accounts have an overdraft and others none.
SELECT 'floor' AS code, 'account ' || a.id AS subject,
       format('the lowest balance was %s, the floor is %s', felt.lowest, a.floor) AS detail
  FROM (SELECT m.debit_id, min(m.debit_balance) AS lowest
          FROM banking_movement m WHERE {new_m} GROUP BY m.debit_id) AS felt
  JOIN banking_account a ON a.id = felt.debit_id AND felt.lowest < a.floor

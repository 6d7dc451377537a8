-- One line for each kind and code of account. Customers' accounts have no name together.
SELECT a.kind, a.gl_code, min(a.name) FILTER (WHERE a.owner_id IS NULL), count(*), sum(b.balance)
  FROM ledger_balances(%(currency)s, %(at)s::timestamptz, %(day)s::date) b
  JOIN banking_account a ON a.id = b.account_id
 GROUP BY a.kind, a.gl_code

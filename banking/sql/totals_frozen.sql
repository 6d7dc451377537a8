SELECT a.kind, a.gl_code, min(a.name) FILTER (WHERE a.owner_id IS NULL), count(*), sum(f.balance)
  FROM banking_frozen f JOIN banking_account a ON a.id = f.account_id
 WHERE f.currency = %(currency)s AND f.until_day = %(day)s
 GROUP BY a.kind, a.gl_code

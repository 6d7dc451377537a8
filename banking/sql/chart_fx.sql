-- The bank's own side of every currency: what it has bought and sold of it, what is left over by
-- rounding, and the interest that overdrafts pay. Opened only where they are missing, because the
-- chart of accounts may have opened them before.
SELECT ledger_open_internal(chart.code, chart.kind, chart.name, currency.code)
  FROM (VALUES
       ('fx-position',     'asset',   'Currency exchange'),
       ('interest-income', 'income',  'Interest charged'),
       ('rounding',        'expense', 'Rounding')) AS chart (code, kind, name),
       banking_currency AS currency
 WHERE NOT EXISTS (
       SELECT FROM banking_account
        WHERE product = 'internal' AND gl_code = chart.code AND banking_account.currency = currency.code)
 ORDER BY chart.code, currency.code;

-- The bank's own side, in each currency and every class of the balance sheet. `seed.sql` opened
-- clearing, suspense, fees and interest; only what is missing is opened here.
SELECT ledger_open_internal(chart.code, chart.kind, chart.name, currency.code)
  FROM (VALUES
       ('fx-position',     'asset',   'Currency exchange'),
       ('interest-income', 'income',  'Interest charged'),
       ('fx-result',       'income',  'Result of currency exchange'),
       ('rounding',        'expense', 'Rounding'),
       ('losses',          'expense', 'Losses'),
       ('capital',         'equity',  'Capital'),
       ('opening',         'equity',  'Opening balances')) AS chart (code, kind, name),
       banking_currency AS currency
 WHERE NOT EXISTS (
       SELECT FROM banking_account a
        WHERE a.product = 'internal' AND a.gl_code = chart.code AND a.currency = currency.code)
 ORDER BY chart.code, currency.code;

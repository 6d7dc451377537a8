INSERT INTO banking_currency (code, exponent, name) VALUES
    ('AUD', 2, 'Australian dollar'), ('BHD', 3, 'Bahraini dinar'), ('CAD', 2, 'Canadian dollar'),
    ('CHF', 2, 'Swiss franc'), ('CNY', 2, 'Chinese yuan'), ('DKK', 2, 'Danish krone'),
    ('EUR', 2, 'Euro'), ('GBP', 2, 'Pound sterling'), ('INR', 2, 'Indian rupee'),
    ('JPY', 0, 'Japanese yen'), ('NOK', 2, 'Norwegian krone'), ('PLN', 2, 'Polish zloty'),
    ('SEK', 2, 'Swedish krona'), ('SGD', 2, 'Singapore dollar'), ('USD', 2, 'US dollar');

-- `clearing` is where money enters and leaves the bank.
SELECT ledger_open_internal(chart.code, chart.kind, chart.name, currency.code)
  FROM (VALUES
       ('clearing', 'asset',     'Clearing'),
       ('suspense', 'liability', 'Suspense'),
       ('fees',     'income',    'Fees'),
       ('interest', 'expense',   'Interest paid')) AS chart (code, kind, name),
       banking_currency AS currency
 ORDER BY chart.code, currency.code;

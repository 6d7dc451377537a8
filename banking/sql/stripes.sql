-- An account that every payment touches is a row that every payment waits for. The bank's busiest
-- are laid out in stripes: accounts of the same code, of which a customer's account always uses
-- the same one. Each is an account like any other, with a gap-free sequence and a proof of its own;
-- what the bank holds under a code is their sum.
ALTER TABLE banking_account ADD COLUMN stripe smallint NOT NULL DEFAULT 0
    CONSTRAINT banking_account_stripe
        CHECK (stripe BETWEEN 0 AND 63 AND (stripe = 0 OR product = 'internal'));
DROP INDEX banking_account_internal;
CREATE UNIQUE INDEX banking_account_internal ON banking_account (gl_code, currency, stripe)
    WHERE product = 'internal';

INSERT INTO banking_account (id, uuid, product, kind, gl_code, name, currency, stripe)
SELECT nextval('banking_account_internal_id'), gen_random_uuid(), a.product, a.kind, a.gl_code,
       a.name, a.currency, n
  FROM banking_account AS a, generate_series(1, 63) AS n
 WHERE a.product = 'internal' AND a.gl_code IN ('clearing', 'fees', 'fx-position') AND a.stripe = 0
 ORDER BY a.gl_code, a.currency, n;

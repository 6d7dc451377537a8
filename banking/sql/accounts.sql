-- Opening, freezing and closing. The application opens customers' accounts only; the bank's own
-- are opened by migrations, because an account without a floor can owe without end.

CREATE FUNCTION ledger_open(
    p_uuid uuid, p_owner uuid, p_product text, p_currency text, p_name text,
    p_floor bigint DEFAULT 0)
RETURNS banking_account
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    a banking_account;
BEGIN
    IF p_floor IS NULL OR p_floor NOT BETWEEN -999999999999999999 AND 0 THEN
        PERFORM ledger_refuse('LG001');
    END IF;
    IF NOT EXISTS (SELECT FROM banking_currency WHERE code = p_currency) THEN
        PERFORM ledger_refuse('LG019');
    END IF;
    INSERT INTO banking_account (uuid, owner_id, product, kind, gl_code, name, currency, floor)
    VALUES (p_uuid, p_owner, p_product, 'liability', p_product, p_name, p_currency, p_floor)
    RETURNING * INTO a;
    RETURN a;
END $$;

CREATE FUNCTION ledger_open_internal(p_code text, p_kind text, p_name text, p_currency text)
RETURNS banking_account
LANGUAGE sql SET search_path = public, pg_temp AS $$
    INSERT INTO banking_account (id, uuid, product, kind, gl_code, name, currency)
    VALUES (nextval('banking_account_internal_id'), gen_random_uuid(), 'internal', p_kind, p_code,
            p_name, p_currency)
    RETURNING *
$$;

CREATE FUNCTION ledger_set_status(p_account bigint, p_status text) RETURNS banking_account
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    a    banking_account;
    code text;
BEGIN
    SELECT * INTO a FROM banking_account WHERE id = p_account FOR NO KEY UPDATE;
    code := CASE
        WHEN a.id IS NULL THEN 'LG020'
        WHEN a.status = p_status THEN NULL
        WHEN a.status = 'closed' THEN 'LG022'
        WHEN a.product = 'internal' THEN 'LG024'
        WHEN p_status = 'closed' AND (a.balance <> 0 OR a.held <> 0) THEN 'LG025' END;
    IF code IS NOT NULL THEN PERFORM ledger_refuse(code); END IF;
    UPDATE banking_account SET status = p_status WHERE id = p_account RETURNING * INTO a;
    RETURN a;
END $$;

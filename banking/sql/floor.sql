-- The lowest balance a customer's account may have, as an officer sets it. Never above what is in
-- use already: then the account would break its own constraint the moment nobody touches it.
CREATE OR REPLACE FUNCTION ledger_set_floor(p_account bigint, p_floor bigint)
RETURNS banking_account
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    a    banking_account;
    code text;
BEGIN
    IF p_floor IS NULL OR p_floor NOT BETWEEN -999999999999999999 AND 0 THEN
        PERFORM ledger_refuse('LG001');
    END IF;
    SELECT * INTO a FROM banking_account WHERE id = p_account FOR NO KEY UPDATE;
    code := CASE
        WHEN a.id IS NULL THEN 'LG020'
        WHEN a.status = 'closed' THEN 'LG022'
        WHEN a.product = 'internal' THEN 'LG024' END;
    IF code IS NOT NULL THEN PERFORM ledger_refuse(code); END IF;
    IF a.balance - a.held < p_floor THEN
        PERFORM ledger_refuse('LG028');
    END IF;
    UPDATE banking_account SET floor = p_floor WHERE id = p_account RETURNING * INTO a;
    RETURN a;
END $$;

REVOKE ALL ON FUNCTION ledger_set_floor FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_set_floor TO fintrust_app;

-- A consent is what somebody agreed to: nobody rewrites it, the owner of the table neither.
-- Its status alone changes, once, from granted to how it ended.
CREATE FUNCTION consent_refuse_rewrite() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'a consent stays: % is refused', TG_OP
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.status <> 'granted' OR NEW.status NOT IN ('revoked', 'expired') THEN
        RAISE EXCEPTION 'a consent ends once: % to % is refused', OLD.status, NEW.status
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    OLD.status := NEW.status;
    IF OLD IS DISTINCT FROM NEW THEN
        RAISE EXCEPTION 'what was agreed to cannot be changed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER consent_consent_no_rewrite BEFORE UPDATE OR DELETE ON consent_consent
    FOR EACH ROW EXECUTE FUNCTION consent_refuse_rewrite();
CREATE TRIGGER consent_consent_no_truncate BEFORE TRUNCATE ON consent_consent
    FOR EACH STATEMENT EXECUTE FUNCTION consent_refuse_rewrite();
ALTER TABLE consent_consent ENABLE ALWAYS TRIGGER consent_consent_no_rewrite;
ALTER TABLE consent_consent ENABLE ALWAYS TRIGGER consent_consent_no_truncate;

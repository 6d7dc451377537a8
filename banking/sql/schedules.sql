-- A date of a plan is carried out once: what waits may come to something, what came to something
-- stays. The row names its date for ever, so nobody can make a second one of it.
CREATE OR REPLACE FUNCTION banking_occurrence_settles_once() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    IF OLD.status <> 'waiting' THEN
        RAISE EXCEPTION 'occurrence % is settled', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER banking_occurrence_settles_once BEFORE UPDATE ON banking_occurrence
    FOR EACH ROW EXECUTE FUNCTION banking_occurrence_settles_once();
ALTER TABLE banking_occurrence ENABLE ALWAYS TRIGGER banking_occurrence_settles_once;

-- A transfer is settled once: what waits may end, what has ended stays, and what was asked for
-- never changes.
CREATE FUNCTION banking_transfer_settles_once() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    IF OLD.status <> 'held' THEN
        RAISE EXCEPTION 'transfer % is settled', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER banking_transfer_settles_once BEFORE UPDATE ON banking_transfer
    FOR EACH ROW EXECUTE FUNCTION banking_transfer_settles_once();
ALTER TABLE banking_transfer ENABLE ALWAYS TRIGGER banking_transfer_settles_once;

-- What belongs to an outside account goes with it, and only so. The application may delete
-- accounts and imports; the lines and pieces of files below them follow by foreign key.

ALTER TABLE banking_import ADD CONSTRAINT banking_import_account
    FOREIGN KEY (account_id) REFERENCES banking_outsideaccount (id) ON DELETE CASCADE;
ALTER TABLE banking_importchunk ADD CONSTRAINT banking_importchunk_import
    FOREIGN KEY (of_id) REFERENCES banking_import (id) ON DELETE CASCADE;
ALTER TABLE banking_outsideentry ADD CONSTRAINT banking_outsideentry_import
    FOREIGN KEY (source_id) REFERENCES banking_import (id) ON DELETE CASCADE;
ALTER TABLE banking_outsideentry ADD CONSTRAINT banking_outsideentry_account
    FOREIGN KEY (account_id) REFERENCES banking_outsideaccount (id) ON DELETE CASCADE;

-- A line never changes, for the owner of the table neither, and none goes alone: when it goes
-- with its import or account, that row is gone already.
CREATE FUNCTION banking_outsideentry_goes_with_all() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM banking_import WHERE id = OLD.source_id)
        AND EXISTS (SELECT FROM banking_outsideaccount WHERE id = OLD.account_id) THEN
        RAISE EXCEPTION 'a line of an import goes only with its import or account'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER banking_outsideentry_no_change BEFORE UPDATE ON banking_outsideentry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER banking_outsideentry_no_truncate BEFORE TRUNCATE ON banking_outsideentry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER banking_outsideentry_no_single BEFORE DELETE ON banking_outsideentry
    FOR EACH ROW EXECUTE FUNCTION banking_outsideentry_goes_with_all();
ALTER TABLE banking_outsideentry ENABLE ALWAYS TRIGGER banking_outsideentry_no_change;
ALTER TABLE banking_outsideentry ENABLE ALWAYS TRIGGER banking_outsideentry_no_truncate;
ALTER TABLE banking_outsideentry ENABLE ALWAYS TRIGGER banking_outsideentry_no_single;

-- Which of these keys an account has. By the index, also before anybody has counted the table: a
-- planner that believes it empty would read all of it for every batch.
CREATE FUNCTION banking_outside_known(account uuid, keys bytea[]) RETURNS SETOF bytea
LANGUAGE sql STABLE SET search_path = public, pg_temp SET enable_seqscan = off AS $$
    SELECT key FROM banking_outsideentry WHERE account_id = account AND key = ANY (keys);
$$;
REVOKE ALL ON FUNCTION banking_outside_known FROM PUBLIC;
GRANT EXECUTE ON FUNCTION banking_outside_known TO fintrust_app;

-- An answer is given once, and what has ended stays ended. Terms are not among the columns that
-- the application may change.
CREATE OR REPLACE FUNCTION banking_sharing_ends_once() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    IF to_jsonb(OLD) ->> TG_ARGV[0] IS NOT NULL THEN
        RAISE EXCEPTION '% of % has ended', OLD.id, TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER banking_invitation_ends_once BEFORE UPDATE ON banking_invitation
    FOR EACH ROW EXECUTE FUNCTION banking_sharing_ends_once('settled_at');
ALTER TABLE banking_invitation ENABLE ALWAYS TRIGGER banking_invitation_ends_once;
CREATE TRIGGER banking_share_ends_once BEFORE UPDATE ON banking_share
    FOR EACH ROW EXECUTE FUNCTION banking_sharing_ends_once('ended_at');
ALTER TABLE banking_share ENABLE ALWAYS TRIGGER banking_share_ends_once;

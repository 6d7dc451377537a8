-- Who may call what. A function is open to everybody unless it is closed, so all are closed first.
REVOKE ALL ON FUNCTION
    ledger_refuse, ledger_verdict, ledger_stored, ledger_post,
    ledger_move, ledger_check, ledger_move_many, ledger_reverse, ledger_balance_at,
    ledger_hold, ledger_stored_hold, ledger_capture, ledger_end_hold, ledger_release, ledger_expire,
    ledger_open, ledger_open_internal, ledger_set_status
FROM PUBLIC;

GRANT EXECUTE ON FUNCTION
    ledger_move, ledger_check, ledger_move_many, ledger_reverse, ledger_balance_at,
    ledger_hold, ledger_capture, ledger_release, ledger_expire,
    ledger_open, ledger_set_status
TO fintrust_app;
GRANT EXECUTE ON FUNCTION ledger_balance_at TO fintrust_reader;

-- A customer may rename an account; row locks (`FOR NO KEY UPDATE`) need a column to be grantable.
GRANT UPDATE (name) ON banking_account TO fintrust_app;

-- Movements and both halves of a hold are written once, for everybody, the owner too.
-- Accounts change, and never go.
DO $$
DECLARE
    fence record;
BEGIN
    FOR fence IN SELECT * FROM (VALUES
        ('banking_movement', 'UPDATE OR DELETE'), ('banking_hold', 'UPDATE OR DELETE'),
        ('banking_hold_end', 'UPDATE OR DELETE'), ('banking_account', 'DELETE')) AS f (name, deeds)
    LOOP
        EXECUTE format('CREATE TRIGGER %1$s_no_change BEFORE %2$s ON %1$s
                        FOR EACH ROW EXECUTE FUNCTION refuse_change()', fence.name, fence.deeds);
        EXECUTE format('CREATE TRIGGER %1$s_no_truncate BEFORE TRUNCATE ON %1$s
                        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', fence.name);
        EXECUTE format('ALTER TABLE %1$s ENABLE ALWAYS TRIGGER %1$s_no_change', fence.name);
        EXECUTE format('ALTER TABLE %1$s ENABLE ALWAYS TRIGGER %1$s_no_truncate', fence.name);
    END LOOP;
END $$;

-- Who may call what of the queue; run after move.sql, which makes the last of these functions.
REVOKE ALL ON FUNCTION ledger_join_queue, ledger_post_queued, ledger_post_set, ledger_fold,
    ledger_set_queued, ledger_balance FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_fold, ledger_set_queued TO fintrust_app;
GRANT EXECUTE ON FUNCTION ledger_balance TO fintrust_app, fintrust_reader;

CREATE TRIGGER banking_folded_no_change BEFORE UPDATE OR DELETE ON banking_folded
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER banking_folded_no_truncate BEFORE TRUNCATE ON banking_folded
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE banking_folded ENABLE ALWAYS TRIGGER banking_folded_no_change;
ALTER TABLE banking_folded ENABLE ALWAYS TRIGGER banking_folded_no_truncate;

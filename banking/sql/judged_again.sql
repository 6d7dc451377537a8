-- A held transfer that is looked at again before it goes may be refused by another decision than the
-- one it was held by. Whatever else becomes of it, its decision stays.
CREATE TRIGGER banking_transfer_judged BEFORE UPDATE ON banking_transfer
    FOR EACH ROW
    WHEN (NEW.status <> 'refused' AND OLD.decision_id IS DISTINCT FROM NEW.decision_id)
    EXECUTE FUNCTION refuse_change();
ALTER TABLE banking_transfer ENABLE ALWAYS TRIGGER banking_transfer_judged;
GRANT UPDATE (decision_id) ON banking_transfer TO fintrust_app;

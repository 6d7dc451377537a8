-- The agreed terms of a held transfer change at one moment only: when it goes, at the rate of then.
CREATE TRIGGER banking_transfer_terms BEFORE UPDATE ON banking_transfer
    FOR EACH ROW
    WHEN (NEW.status <> 'posted'
          AND (OLD.target_minor, OLD.rate) IS DISTINCT FROM (NEW.target_minor, NEW.rate))
    EXECUTE FUNCTION refuse_change();
ALTER TABLE banking_transfer ENABLE ALWAYS TRIGGER banking_transfer_terms;
GRANT UPDATE (target_minor, rate) ON banking_transfer TO fintrust_app;

-- A proposal is decided once, and its columns other than the decision are not granted to anybody.
CREATE OR REPLACE FUNCTION banking_decided_once() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    IF OLD.status <> 'open' THEN
        RAISE EXCEPTION '% of % has been decided', OLD.id, TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

-- What was approved is what was proposed: a leg is written with its adjustment or not at all.
CREATE OR REPLACE FUNCTION banking_leg_comes_with_adjustment() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM banking_adjustment
                    WHERE id = NEW.adjustment_id AND tx = pg_current_xact_id()) THEN
        RAISE EXCEPTION 'adjustment % takes no more legs', NEW.adjustment_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER banking_adjustment_decided_once BEFORE UPDATE ON banking_adjustment
    FOR EACH ROW EXECUTE FUNCTION banking_decided_once();
ALTER TABLE banking_adjustment ENABLE ALWAYS TRIGGER banking_adjustment_decided_once;
CREATE TRIGGER banking_closing_decided_once BEFORE UPDATE ON banking_closing
    FOR EACH ROW EXECUTE FUNCTION banking_decided_once();
ALTER TABLE banking_closing ENABLE ALWAYS TRIGGER banking_closing_decided_once;
CREATE TRIGGER banking_leg_comes_with_adjustment BEFORE INSERT ON banking_adjustmentleg
    FOR EACH ROW EXECUTE FUNCTION banking_leg_comes_with_adjustment();
ALTER TABLE banking_adjustmentleg ENABLE ALWAYS TRIGGER banking_leg_comes_with_adjustment;

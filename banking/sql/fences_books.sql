-- What journals and periods remember is written once, for everybody, the owner too.
DO $$
DECLARE
    book text;
BEGIN
    FOREACH book IN ARRAY ARRAY[
        'banking_journal', 'banking_back_dated', 'banking_close', 'banking_frozen']
    LOOP
        EXECUTE format('CREATE TRIGGER %1$s_no_change BEFORE UPDATE OR DELETE ON %1$s
                        FOR EACH ROW EXECUTE FUNCTION refuse_change()', book);
        EXECUTE format('CREATE TRIGGER %1$s_no_truncate BEFORE TRUNCATE ON %1$s
                        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', book);
        EXECUTE format('ALTER TABLE %1$s ENABLE ALWAYS TRIGGER %1$s_no_change', book);
        EXECUTE format('ALTER TABLE %1$s ENABLE ALWAYS TRIGGER %1$s_no_truncate', book);
    END LOOP;
END $$;

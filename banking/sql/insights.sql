-- How many entries an account had when this moment came. Entries of one account are booked in seq
-- order, so the question is a search by halving: what came before costs nothing, however much it is.
CREATE OR REPLACE FUNCTION banking_seq_before(p_account bigint, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    lower_seq bigint := 0;      -- booked before, or the opening
    upper_seq bigint;
    middle    bigint;
    found_at  timestamptz;
BEGIN
    SELECT seq INTO upper_seq FROM banking_account WHERE id = p_account;
    WHILE lower_seq < upper_seq LOOP
        middle := lower_seq + (upper_seq - lower_seq + 1) / 2;
        SELECT e.booked_at INTO found_at
          FROM banking_entry e WHERE e.account_id = p_account AND e.seq = middle;
        IF found_at < p_at THEN
            lower_seq := middle;
        ELSE
            upper_seq := middle - 1;
        END IF;
    END LOOP;
    RETURN lower_seq;
END $$;
REVOKE ALL ON FUNCTION banking_seq_before FROM PUBLIC;
GRANT EXECUTE ON FUNCTION banking_seq_before TO fintrust_app, fintrust_reader;

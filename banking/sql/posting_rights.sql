-- What move.sql came to need after rights.sql had run. `ledger_move` and `ledger_post` carry no
-- search path, so whoever they call must bring one.
ALTER FUNCTION ledger_join_journal SET search_path = public, pg_temp;
ALTER FUNCTION ledger_day_verdict SET search_path = public, pg_temp;
ALTER FUNCTION ledger_value SET search_path = public, pg_temp;

REVOKE ALL ON FUNCTION ledger_post_set FROM PUBLIC;

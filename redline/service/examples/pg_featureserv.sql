-- The role of pg_featureserv: it reads all cases and writes nothing. IN ROLE ledger_reviewer and a row of ledger.people in
-- its place let it see the cases of some counties alone.
CREATE ROLE featureserv LOGIN IN ROLE ledger_reader;
ALTER ROLE featureserv SET default_transaction_read_only = on;

-- Roles belong to the whole cluster. They cannot log in: grant them to people's own roles, and say in ledger.people
-- who a reviewer or an accepting unit is and which cases are theirs.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['ledger_reader', 'ledger_reviewer', 'ledger_acceptor', 'ledger_keeper'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', name);
    END IF;
  END LOOP;
END $$;

CREATE TABLE ledger.people (
  role name PRIMARY KEY,
  name text NOT NULL CHECK (name <> ''),
  level text NOT NULL CHECK (level IN ('county', 'city', 'province')),
  county text NOT NULL CHECK (county ~ '^[0-9]*$')); -- code of a county, or its beginning: 3417 for a city, '' for all

GRANT USAGE ON SCHEMA ledger TO ledger_reader, ledger_reviewer, ledger_acceptor, ledger_keeper;
GRANT SELECT ON ledger.migrations, ledger.head, ledger.events, ledger.detections, ledger.cases, ledger.people
  TO ledger_reader, ledger_reviewer, ledger_acceptor, ledger_keeper;
GRANT INSERT ON ledger.events, ledger.detections TO ledger_keeper;
GRANT INSERT, UPDATE ON ledger.cases TO ledger_keeper;
GRANT UPDATE ON ledger.head TO ledger_keeper;
GRANT INSERT, UPDATE, DELETE ON ledger.people TO ledger_keeper;

ALTER TABLE ledger.cases ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.events ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.detections ENABLE ROW LEVEL SECURITY;

CREATE POLICY all_read ON ledger.cases FOR SELECT TO ledger_reader, ledger_keeper USING (true);
CREATE POLICY all_read ON ledger.events FOR SELECT TO ledger_reader, ledger_keeper USING (true);
CREATE POLICY all_read ON ledger.detections FOR SELECT TO ledger_reader, ledger_keeper USING (true);
CREATE POLICY keeper_add ON ledger.cases FOR INSERT TO ledger_keeper WITH CHECK (true);
CREATE POLICY keeper_change ON ledger.cases FOR UPDATE TO ledger_keeper USING (true);
CREATE POLICY keeper_add ON ledger.events FOR INSERT TO ledger_keeper WITH CHECK (true);
CREATE POLICY keeper_add ON ledger.detections FOR INSERT TO ledger_keeper WITH CHECK (true);

CREATE POLICY own_read ON ledger.cases FOR SELECT TO ledger_reviewer, ledger_acceptor USING (
  EXISTS (SELECT FROM ledger.people p WHERE p.role = current_user AND starts_with(cases.county, p.county)));
CREATE POLICY own_read ON ledger.detections FOR SELECT TO ledger_reviewer, ledger_acceptor USING (
  EXISTS (SELECT FROM ledger.people p WHERE p.role = current_user AND starts_with(detections.county, p.county)));
-- Of events those of cases that one sees.
CREATE POLICY own_read ON ledger.events FOR SELECT TO ledger_reviewer, ledger_acceptor USING (
  case_id = '' OR EXISTS (SELECT FROM ledger.cases c WHERE c.id = events.case_id));

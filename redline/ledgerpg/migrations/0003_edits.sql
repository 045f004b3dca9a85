-- What people write in QGIS. An edit becomes an event when ledger take brings it in: what a case may become is decided by
-- the rules of the program, and the hash of an event is that of JSON as the program writes it. Both made a second time in
-- SQL would be a second truth.
CREATE TABLE ledger.edits (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  case_id text COLLATE "C" NOT NULL REFERENCES ledger.cases (id),
  base_seq bigint NOT NULL, -- the last event of the case that the editor had seen
  field text NOT NULL, value text NOT NULL,
  editor name NOT NULL DEFAULT current_user,
  made timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (case_id, field, editor));

-- The layers. Each shows its reader's own edits as if they were taken, and tells of those of others. Their key is the
-- case with its version, so that whoever saves what he read before the ledger moved on names a row that is not there.
CREATE VIEW ledger.judging WITH (security_invoker = true) AS
SELECT c.id || '@' || c.seq AS version, c.id, c.seq, c.state, c.severity, c.county, c.county_name, c.area_m2,
  coalesce(m.own ->> 'verdict', c.body -> 'fields' ->> 'verdict', '') AS verdict,
  coalesce(m.own ->> 'reason', c.body -> 'fields' ->> 'reason', '') AS reason,
  coalesce(m.own ->> 'approval', c.body -> 'fields' ->> 'approval', '') AS approval,
  coalesce(m.own ->> 'valid_until', c.body -> 'fields' ->> 'valid_until', '') AS valid_until,
  coalesce(m.own ->> 'duplicate_of', c.body -> 'fields' ->> 'duplicate_of', '') AS duplicate_of,
  coalesce(m.own ->> 'reviewer', c.body -> 'fields' ->> 'reviewer', '') AS reviewer,
  coalesce(m.own ->> 'review_date', c.body -> 'fields' ->> 'review_date', '') AS review_date,
  coalesce(m.own ->> 'review_basis', c.body -> 'fields' ->> 'review_basis', '') AS review_basis,
  coalesce(m.own ->> 'note', c.body -> 'fields' ->> 'note', '') AS note,
  coalesce(m.others, '') AS others, c.geom
FROM ledger.cases c LEFT JOIN (
  SELECT case_id, json_object_agg(field, value) FILTER (WHERE editor = current_user) AS own,
    string_agg(editor || ': ' || field || ' = ' || value, E'\n' ORDER BY editor, field)
      FILTER (WHERE editor <> current_user) AS others
  FROM ledger.edits GROUP BY case_id) m ON m.case_id = c.id;

CREATE VIEW ledger.accepting WITH (security_invoker = true) AS
SELECT c.id || '@' || c.seq AS version, c.id, c.seq, c.state, c.severity, c.county, c.county_name, c.area_m2,
  c.body -> 'fields' ->> 'problem' AS problem, c.body -> 'fields' ->> 'measures' AS measures,
  c.body -> 'fields' ->> 'result' AS result, c.responsible_unit,
  coalesce(m.own ->> 'accept_unit', '') AS accept_unit, coalesce(m.own ->> 'outcome', '') AS outcome,
  coalesce(m.others, '') AS others, c.geom
FROM ledger.cases c LEFT JOIN (
  SELECT case_id, json_object_agg(field, value) FILTER (WHERE editor = current_user) AS own,
    string_agg(editor || ': ' || field || ' = ' || value, E'\n' ORDER BY editor, field)
      FILTER (WHERE editor <> current_user) AS others
  FROM ledger.edits GROUP BY case_id) m ON m.case_id = c.id
WHERE c.state IN ('submitted', 'county_checked', 'city_accepted');

-- Keeps each changed field of a layer as an edit; the trigger's arguments are the fields that may be changed. The rights
-- are those of whoever edits.
CREATE FUNCTION ledger.edit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  was jsonb := to_jsonb(OLD);
  now jsonb := to_jsonb(NEW);
  key text;
BEGIN
  IF TG_OP = 'INSERT' THEN
    RAISE EXCEPTION '点位由程序生成，不能新增；线索请用 ledger leads 导入。Cases cannot be added here: use ledger leads.';
  ELSIF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION '点位不能删除；不属实的请在核查结论中注明。Cases cannot be deleted; judge them.';
  END IF;
  PERFORM set_config('ledger.edited', 'yes', true);
  FOR key IN SELECT jsonb_object_keys(now) LOOP
    IF now -> key IS NOT DISTINCT FROM was -> key THEN
      CONTINUE;
    ELSIF key <> ALL (TG_ARGV) THEN
      RAISE EXCEPTION '字段 % 不能在此修改。The field % cannot be changed here.', key, key;
    END IF;
    INSERT INTO ledger.edits AS e (case_id, base_seq, field, value)
      VALUES (OLD.id, OLD.seq, key, coalesce(now ->> key, ''))
      ON CONFLICT (case_id, field, editor) DO UPDATE SET value = excluded.value, made = excluded.made;
  END LOOP;
  RETURN NEW;
END $$;

-- Tells whoever edits no row at all; otherwise what he wrote would be lost without a word.
CREATE FUNCTION ledger.edited() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_WHEN = 'BEFORE' THEN
    PERFORM set_config('ledger.edited', 'no', true);
  ELSIF current_setting('ledger.edited', true) <> 'yes' THEN
    RAISE EXCEPTION '该点位在您读取之后已有变化，或不归您管；请刷新图层后再改。The case has changed since you read it, or is not yours: '
      'reload the layer and edit again.';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER edit INSTEAD OF INSERT OR UPDATE OR DELETE ON ledger.judging FOR EACH ROW EXECUTE FUNCTION
  ledger.edit('verdict', 'reason', 'approval', 'valid_until', 'duplicate_of', 'reviewer', 'review_date', 'review_basis',
    'note');
CREATE TRIGGER edit INSTEAD OF INSERT OR UPDATE OR DELETE ON ledger.accepting FOR EACH ROW EXECUTE FUNCTION
  ledger.edit('accept_unit', 'outcome');
DO $$
DECLARE layer text;
BEGIN
  FOREACH layer IN ARRAY ARRAY['judging', 'accepting'] LOOP
    EXECUTE format('CREATE TRIGGER before_edit BEFORE UPDATE ON ledger.%I EXECUTE FUNCTION ledger.edited()', layer);
    EXECUTE format('CREATE TRIGGER after_edit AFTER UPDATE ON ledger.%I EXECUTE FUNCTION ledger.edited()', layer);
  END LOOP;
END $$;

GRANT SELECT ON ledger.judging, ledger.accepting, ledger.edits
  TO ledger_reader, ledger_reviewer, ledger_acceptor, ledger_keeper;
GRANT INSERT, UPDATE, DELETE ON ledger.judging TO ledger_reviewer;
GRANT INSERT, UPDATE, DELETE ON ledger.accepting TO ledger_acceptor;
GRANT INSERT (case_id, base_seq, field, value), UPDATE (value, made) ON ledger.edits TO ledger_reviewer, ledger_acceptor;
GRANT DELETE ON ledger.edits TO ledger_keeper;

ALTER TABLE ledger.edits ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON ledger.edits FOR SELECT TO ledger_reader, ledger_reviewer, ledger_acceptor, ledger_keeper
  USING (EXISTS (SELECT FROM ledger.cases c WHERE c.id = edits.case_id));
CREATE POLICY keeper_takes ON ledger.edits FOR DELETE TO ledger_keeper USING (true);
CREATE POLICY judge ON ledger.edits FOR INSERT TO ledger_reviewer WITH CHECK (editor = current_user
  AND field IN ('verdict', 'reason', 'approval', 'valid_until', 'duplicate_of', 'reviewer', 'review_date',
    'review_basis', 'note')
  AND EXISTS (SELECT FROM ledger.cases c JOIN ledger.people p ON starts_with(c.county, p.county)
    WHERE c.id = edits.case_id AND p.role = current_user));
CREATE POLICY accept ON ledger.edits FOR INSERT TO ledger_acceptor WITH CHECK (editor = current_user
  AND field IN ('accept_unit', 'outcome')
  AND EXISTS (SELECT FROM ledger.cases c JOIN ledger.people p ON starts_with(c.county, p.county)
    WHERE c.id = edits.case_id AND p.role = current_user));
CREATE POLICY own_change ON ledger.edits FOR UPDATE TO ledger_reviewer, ledger_acceptor USING (editor = current_user);

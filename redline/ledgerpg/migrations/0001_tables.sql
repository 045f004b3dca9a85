-- What a ledger keeps; package rows says what each column holds. json, unlike jsonb, keeps a text byte for byte.
-- Identifiers sort as bytes.
CREATE TABLE ledger.head (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  seq bigint NOT NULL, hash text NOT NULL, last_no bigint NOT NULL);
INSERT INTO ledger.head (seq, hash, last_no) VALUES (0, '', 0);

CREATE TABLE ledger.events (
  seq bigint PRIMARY KEY, case_id text COLLATE "C" NOT NULL, kind text NOT NULL, time text NOT NULL,
  actor text NOT NULL, level text NOT NULL, fields json NOT NULL, doc_name text NOT NULL, doc_sha256 text NOT NULL,
  origin_ledger text NOT NULL, origin_seq bigint NOT NULL, origin_hash text NOT NULL, prev text NOT NULL,
  hash text NOT NULL UNIQUE);
CREATE INDEX ON ledger.events (case_id, seq);

CREATE TABLE ledger.detections (
  id text COLLATE "C" PRIMARY KEY, run text NOT NULL, year_a bigint NOT NULL, year_b bigint NOT NULL,
  transition text NOT NULL, county text NOT NULL, county_name text NOT NULL, area_m2 double precision,
  lon double precision, lat double precision, body json NOT NULL, cells bytea NOT NULL);
CREATE INDEX ON ledger.detections (run);

CREATE TABLE ledger.cases (
  id text COLLATE "C" PRIMARY KEY, seq bigint NOT NULL, state text NOT NULL, since text NOT NULL,
  opened_on text NOT NULL, severity text NOT NULL, county text COLLATE "C" NOT NULL, county_name text NOT NULL,
  area_m2 double precision, verdict text NOT NULL, reason text NOT NULL, relation text NOT NULL,
  suspicion text NOT NULL, to_confirm text NOT NULL, disputes bigint NOT NULL, rebounds bigint NOT NULL,
  due_date text NOT NULL, responsible_unit text NOT NULL, ext_no text NOT NULL, lists text NOT NULL,
  merged_into text NOT NULL, ground text NOT NULL, body json NOT NULL, geom geometry(Point, 4490));
CREATE INDEX ON ledger.cases (state);
CREATE INDEX ON ledger.cases (county);
CREATE INDEX ON ledger.cases USING gist (geom);

-- Only an append of the program, which says so for its transaction, writes; nobody changes or deletes what was said.
CREATE FUNCTION ledger.guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
    RAISE EXCEPTION '台账只增不删；没有问题的点位请归档。Nothing is deleted from the ledger: archive what is no problem.';
  ELSIF TG_OP = 'UPDATE' AND TG_TABLE_NAME IN ('events', 'detections') THEN
    RAISE EXCEPTION '事项和图斑一经记录不能修改；有误请另记一条更正。Events and detections never change: add an event that corrects.';
  ELSIF coalesce(current_setting('ledger.appending', true), '') <> 'on' THEN
    RAISE EXCEPTION '台账只能由程序写入；请在 judging 图层填写结论。Only the program writes the ledger: judge in the layer judging.';
  END IF;
  RETURN NULL;
END $$;
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['head', 'events', 'detections', 'cases'] LOOP
    EXECUTE format('CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ledger.%I '
      'FOR EACH STATEMENT EXECUTE FUNCTION ledger.guard()', name);
  END LOOP;
END $$;

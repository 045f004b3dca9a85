-- Events are told apart by their numbers. Nobody looks for their hashes, nor for the detections of a run.
ALTER TABLE ledger.events DROP CONSTRAINT events_hash_key;
DROP INDEX ledger.detections_run_idx;

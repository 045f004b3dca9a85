package review

import (
	"fmt"
	"strings"
)

// never is the time of every change that the file tells of. The real one would make other bytes of each run.
const never = "2000-01-01T00:00:00.000Z"

// settings make a GeoPackage of version 1.3 (10300) that is fast to write. Nobody else reads the file meanwhile, and
// one that is not complete is thrown away, so it needs neither a journal nor to be synced step by step.
const settings = `
PRAGMA page_size = 8192;
PRAGMA encoding = 'UTF-8';
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -16384;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA application_id = 1196444487;
PRAGMA user_version = 10300;
`

// guards refuse all that a reviewer may not do to the layer TABLE: add or delete rows, and change anything but the
// fields that the form lets him change. UNCHANGED stands for a condition on every other column. See
// geopackage.Continued.
const guards = `
CREATE TRIGGER "guard_TABLE_insert" BEFORE INSERT ON "TABLE"
	BEGIN SELECT RAISE(ABORT, '候选图斑由程序生成，不能新增。Candidates cannot be added.'); END;
CREATE TRIGGER "guard_TABLE_delete" BEFORE DELETE ON "TABLE"
	BEGIN SELECT RAISE(ABORT,
	'候选图斑不能删除；不属实的请在核查结论中选“不属实”。Candidates cannot be deleted; judge them.'); END;
CREATE TRIGGER "guard_TABLE_update" BEFORE UPDATE ON "TABLE" WHEN CHANGED
	BEGIN SELECT RAISE(ABORT,
	'只能填写核查结论、依据、说明、核查人和日期，其余内容不能修改。Only the verdict can be changed.'); END;
`

// guard returns the statements that guard a layer.
func guard(l *layer) string {
	changed := []string{`NEW."fid" IS NOT OLD."fid"`, `NEW."geom" IS NOT OLD."geom"`}
	for _, f := range l.fields {
		if !f.Editable {
			changed = append(changed, fmt.Sprintf(`NEW.%[1]q IS NOT OLD.%[1]q`, f.Name))
		}
	}
	return strings.NewReplacer("TABLE", l.name, "CHANGED", strings.Join(changed, " OR ")).Replace(guards)
}

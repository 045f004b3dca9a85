package ledgergpkg

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline"
	"greenshield/redline/geopackage"
	"greenshield/redline/ledger"
)

// wholeFile has write make a file beside path, and gives it that name when it is on the disk. A file of that name is
// never replaced.
func wholeFile(path string, write func(tmp string) error) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return redline.Faultf(redline.Output, "%s: exists; name another file", path)
	}
	tmp := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.tmp-%d", filepath.Base(path), os.Getpid()))
	// SQLite would make the file unwritable for others, whatever the user's umask says.
	f, err := os.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return redline.Faultf(redline.Output, "%s: cannot be created: %w; name a folder where you may write", path,
			errors.Unwrap(err))
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			_ = os.Remove(tmp)
			err = faultOf(path, err)
		}
	}()
	if err := write(tmp); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := unix.Renameat2(unix.AT_FDCWD, tmp, unix.AT_FDCWD, path, unix.RENAME_NOREPLACE); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder brings the names in a folder to the disk.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// makeFile makes a ledger without events of an empty file.
func makeFile(path string) (err error) {
	db, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := first(db); err != nil {
		return err
	}
	return migrate(db, nil)
}

// first makes the tables of the first version.
func first(db *sqlite.Conn) error {
	err := errors.Join(pragmas(db, settings...), sqlitex.ExecuteScript(db, schema(), nil))
	insert := func(sql string, rows ...[]any) {
		for _, row := range rows {
			if err == nil {
				err = sqlitex.Execute(db, sql, &sqlitex.ExecOptions{Args: row})
			}
		}
	}
	insert("INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,?)", geopackage.SpatialRefs()...)
	insert("INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "+
		"VALUES (?,?,?,?,?,?)", contents()...)
	insert("INSERT INTO gpkg_geometry_columns VALUES ('cases', 'geom', 'POINT', ?, 0, 0)", []any{int64(geopackage.SRS)})
	// The first row opens the table for the others.
	insert("INSERT INTO meta (name, value) VALUES (?, ?)", []any{"writing", "1"},
		[]any{"format", strconv.Itoa(ledger.Format)}, []any{"seq", "0"}, []any{"hash", ""}, []any{"last_no", "0"})
	insert("UPDATE meta SET value = '0' WHERE name = 'writing'")
	return err
}

// networks are the file systems that lie on another machine, by their magic numbers (linux/magic.h; 9p is how WSL sees
// the disks of Windows).
var networks = map[int64]string{
	unix.NFS_SUPER_MAGIC: "NFS", unix.SMB_SUPER_MAGIC: "SMB", unix.SMB2_SUPER_MAGIC: "SMB", unix.CIFS_SUPER_MAGIC: "CIFS",
	unix.V9FS_MAGIC: "9p", unix.AFS_SUPER_MAGIC: "AFS", unix.AFS_FS_MAGIC: "AFS", unix.CODA_SUPER_MAGIC: "Coda",
	unix.NCP_SUPER_MAGIC: "NCP", unix.CEPH_SUPER_MAGIC: "Ceph", 0x0bd00bd0: "Lustre", 0x47504653: "GPFS",
	unix.FUSE_SUPER_MAGIC: "FUSE",
}

// OnNetwork returns a warning when a file, or the folder that it is to be made in, lies on a file system that may be of
// another machine; nil when it does not. What FUSE serves may be local; nobody can tell.
func OnNetwork(path string) error { return onNetwork(path, unix.Statfs) }

func onNetwork(path string, statfs func(string, *unix.Statfs_t) error) error {
	var fs unix.Statfs_t
	if statfs(path, &fs) != nil && statfs(filepath.Dir(path), &fs) != nil {
		return nil
	}
	// Some architectures have 32 bits for it, with sign.
	if name := networks[int64(uint32(fs.Type))]; name != "" {
		return fmt.Errorf("%s: lies on a network share (%s), where locks of SQLite may not hold and a ledger can be "+
			"damaged; keep it on a local disk, or use PostGIS for several machines", path, name)
	}
	return nil
}

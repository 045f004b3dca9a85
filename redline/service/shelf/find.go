package shelf

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"greenshield/redline/files"
	"greenshield/redline/record"
)

// depth is how many levels below the folder of the shelf runs may lie.
const depth = 2

// The files that collections are made of.
const (
	suppressedName = "suppressed.csv"
	coverageName   = "coverage.csv"
	zonesName      = "review.gpkg"
)

// places lists the folders of runs, by name below the root, "." for itself, in the order of names. A folder below it
// that cannot be read has none.
func places(root *os.Root) (found []string, err error) {
	level := []string{"."}
	for below := 0; ; below++ {
		var next []string
		for _, name := range level {
			if info, err := root.Stat(path.Join(name, record.Name)); err == nil && info.Mode().IsRegular() {
				found = append(found, name)
			}
			if below == depth {
				continue
			}
			entries, err := fs.ReadDir(root.FS(), name)
			if err != nil && name == "." {
				return nil, err
			}
			for _, e := range entries {
				if child := path.Join(name, e.Name()); isFolder(root, child, e) {
					next = append(next, child)
				}
			}
		}
		if level = next; len(level) == 0 {
			slices.Sort(found)
			return found, nil
		}
	}
}

// isFolder tells whether an entry is a folder to look into, also one that a link leads to inside the root.
func isFolder(root *os.Root, name string, e fs.DirEntry) bool {
	switch {
	case strings.HasPrefix(e.Name(), "."):
		return false
	case e.Type()&fs.ModeSymlink != 0:
		info, err := root.Stat(name)
		return err == nil && info.IsDir()
	}
	return e.IsDir()
}

var (
	plainName = regexp.MustCompile(`^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9._])?$`)
	madeID    = regexp.MustCompile(`^r-[0-9a-f]{16}$`)
)

// maxID is how many characters the name of a folder may have that is an id as it is.
const maxID = 120

// idOf returns the id of the run in a folder of that name below the root, which itself is called base. See the
// documentation of the package.
func idOf(name, base string) string {
	parts := strings.Split(name, "/")
	if name == "." {
		parts = []string{base}
	} else if name == base {
		parts = nil // the root has this name
	}
	odd := func(part string) bool { return !plainName.MatchString(part) || strings.Contains(part, "--") }
	id := strings.Join(parts, "--")
	if id == "" || len(id) > maxID || madeID.MatchString(id) || slices.ContainsFunc(parts, odd) {
		sum := sha256.Sum256([]byte(name))
		return "r-" + hex.EncodeToString(sum[:8])
	}
	return id
}

// stampOf says in which state the manifest of a run and the files of its collections are.
func stampOf(root *os.Root) string {
	var stamp strings.Builder
	for _, name := range []string{record.Name, files.CandidatesName, suppressedName, coverageName, zonesName} {
		info, err := root.Stat(name)
		if err != nil {
			stamp.WriteString("-;")
			continue
		}
		if s, ok := info.Sys().(*syscall.Stat_t); ok {
			fmt.Fprintf(&stamp, "%d.%d.%v.%v.", s.Dev, s.Ino, s.Mtim, s.Ctim)
		}
		fmt.Fprintf(&stamp, "%d.%v;", info.Size(), info.Mode())
	}
	return stamp.String()
}

// openRegular opens a regular file. Anything else, such as a pipe, is an error at once: reading it could block.
func openRegular(root *os.Root, name string) (*os.File, error) {
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no regular file")
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// baseOf returns the name of a folder itself.
func baseOf(folder string) string {
	if absolute, err := filepath.Abs(folder); err == nil {
		return filepath.Base(absolute)
	}
	return filepath.Base(folder)
}

package folder

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"greenshield/redline"
	"greenshield/redline/redlinetest"
)

// A name of the greatest length works, whatever the number of the process.
func TestLongestName(t *testing.T) {
	if got := len(tmpPrefix("") + "4194304"); maxName+got != 255 || len(lockName("")) > got {
		t.Errorf("what stands beside a target of %d bytes has %d more", maxName, got)
	}
	target := filepath.Join(t.TempDir(), strings.Repeat("x", maxName))
	_, err := run(target, "a", false)
	redlinetest.Must(t, err)
	_, err = run(target, "b", true)
	redlinetest.Must(t, err)
}

// A path relative to the folder leads there from where the folder really is.
func TestRelativeBelowLinks(t *testing.T) {
	top := t.TempDir()
	for _, dir := range []string{"store/deep/runs", "data/real"} {
		redlinetest.Must(t, os.MkdirAll(filepath.Join(top, dir), 0o755))
	}
	redlinetest.Must(t, os.WriteFile(filepath.Join(top, "data/real/lc.tif"), []byte("cells"), 0o644))
	redlinetest.Must(t, os.WriteFile(filepath.Join(top, "store/other.tif"), []byte("others"), 0o644))
	redlinetest.Must(t, os.Symlink("store/deep/runs", filepath.Join(top, "runs")))
	redlinetest.Must(t, os.Symlink("../data/real", filepath.Join(top, "store/linked")))
	redlinetest.Must(t, os.Symlink("real/lc.tif", filepath.Join(top, "data/named.tif")))
	for _, c := range []struct{ target, raster, want, text string }{
		{"runs/out", "data/real/lc.tif", "../../../../data/real/lc.tif", "cells"},
		{"runs/out", "store/linked/lc.tif", "../../../../data/real/lc.tif", "cells"},
		{"runs/out", "store/other.tif", "../../../other.tif", "others"},
		{"runs/out", "data/named.tif", "../../../../data/named.tif", "cells"}, // what a VRT names is beside the link
		{"store/deep/runs/out2", "data/real/lc.tif", "../../../../data/real/lc.tif", "cells"},
	} {
		target := filepath.Join(top, c.target)
		f, err := Begin(target, false)
		redlinetest.Must(t, err)
		got, err := f.Relative(filepath.Join(top, c.raster))
		redlinetest.Must(t, err)
		if got != c.want {
			t.Errorf("%s from %s is %s, want %s", c.raster, c.target, got, c.want)
		}
		redlinetest.Must(t, writeRun(f, newManifest("x")))
		redlinetest.Must(t, f.Publish(context.Background()))
		if text, err := os.ReadFile(target + "/" + got); err != nil || string(text) != c.text { // the system follows links before it goes up
			t.Errorf("%s leads to %q, %v", got, text, err)
		}
		redlinetest.Must(t, os.RemoveAll(target))
	}
}

// What a run writes, its lock too, may be read and written by whom the umask lets.
func TestModes(t *testing.T) {
	old := unix.Umask(0)
	defer unix.Umask(old)
	for _, umask := range []int{0o002, 0o022, 0o077} {
		unix.Umask(umask)
		parent := t.TempDir()
		f, err := Begin(filepath.Join(parent, "out"), false)
		redlinetest.Must(t, err)
		redlinetest.Must(t, writeRun(f, newManifest("x")))
		modes := func() (seen int) {
			redlinetest.Must(t, filepath.WalkDir(parent, func(path string, d fs.DirEntry, err error) error {
				if err != nil || path == parent {
					return err
				}
				want := fs.FileMode(0o666)
				if d.IsDir() {
					want = 0o777
				}
				info, err := d.Info()
				if err == nil && info.Mode().Perm() != want&^fs.FileMode(umask) {
					err = fmt.Errorf("umask %03o: %s has mode %03o", umask, path, info.Mode().Perm())
				}
				seen++
				return err
			}))
			return seen
		}
		if n := modes(); n < 6 {
			t.Errorf("only %d files and folders", n)
		}
		redlinetest.Must(t, f.Publish(context.Background()))
		if n := modes(); n < 5 {
			t.Errorf("only %d files and folders", n)
		}
	}
}

// TestOverlay puts a run into the lower layer of an overlay, where it cannot be replaced: that is said at the beginning.
// In the upper layer it can.
func TestOverlay(t *testing.T) {
	top := t.TempDir()
	merged := filepath.Join(top, "merged")
	for _, dir := range []string{"layers", "merged"} {
		redlinetest.Must(t, os.Mkdir(filepath.Join(top, dir), 0o755))
	}
	layers := filepath.Join(top, "layers")
	if err := unix.Mount("none", layers, "tmpfs", 0, ""); err != nil {
		t.Skipf("cannot mount: %v", err)
	}
	t.Cleanup(func() { redlinetest.Must(t, unix.Unmount(layers, 0)) })
	for _, dir := range []string{"lower", "upper", "work"} {
		redlinetest.Must(t, os.Mkdir(filepath.Join(layers, dir), 0o755))
	}
	_, err := run(filepath.Join(layers, "lower", "out"), "old", false)
	redlinetest.Must(t, err)
	options := fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work,redirect_dir=off", layers)
	if err := unix.Mount("overlay", merged, "overlay", 0, options); err != nil {
		t.Skipf("cannot mount: %v", err)
	}
	t.Cleanup(func() { redlinetest.Must(t, unix.Unmount(merged, 0)) })
	target := filepath.Join(merged, "out")
	before, err := contents(merged)
	redlinetest.Must(t, err)
	_, err = Begin(target, true)
	redlinetest.WantFault(t, err, redline.Output, target+": cannot be replaced in one step: invalid cross-device link (it lies in a lower layer of "+
		"an overlay file system, such as the image of a container); name a new folder, or remove this one yourself")
	if after, err := contents(merged); err != nil || len(after) != len(before) {
		t.Errorf("%d files before, %d after, %v", len(before), len(after), err)
	}
	for _, label := range []string{"a", "b"} { // the second replaces the first, both in the upper layer
		_, err := run(filepath.Join(merged, "new"), label, label == "b")
		redlinetest.Must(t, err)
	}
	if left := names(t, merged); left != "new out" {
		t.Errorf("left are %s", left)
	}
}

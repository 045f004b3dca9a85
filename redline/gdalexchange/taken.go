package gdalexchange

import (
	"archive/zip"
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
)

// errCut says that a file is shorter than what was written to it.
var errCut = errors.New("the disk did not take all of it")

// taken looks whether the disk took the files whose writing GDAL does not watch: those beside a Shapefile, the end of a
// FlatGeobuf, the archive of a geodatabase.
func (w *writer) taken() error {
	switch w.format.ext {
	case ".gdb.zip":
		return w.folder.Fault(w.name(), wholeZIP(w.folder.Path(w.name())))
	case ".fgb":
		if err := wholeFGB(w.folder.Path(w.name()), w.rows); err != nil {
			return w.folder.Fault(w.name(), err)
		}
		return nil
	}
	for ext, whole := range map[string]func(text string) bool{
		".cpg": func(text string) bool { return text == w.texts.encoding },
		".prj": func(text string) bool {
			return strings.HasSuffix(text, "]") && strings.Count(text, "[") == strings.Count(text, "]")
		},
	} {
		text, err := os.ReadFile(w.folder.Path(w.layer.name + ext))
		if err == nil && !whole(string(text)) {
			err = errCut
		}
		if err != nil {
			return w.folder.Fault(w.layer.name+ext, err)
		}
	}
	return nil
}

// wholeZIP looks whether all that an archive holds has the checksums that it had when it was packed.
func wholeZIP(path string) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return err
		}
		if _, err = io.Copy(io.Discard, r); cmp.Or(err, r.Close()) != nil {
			return err
		}
	}
	return nil
}

// wholeFGB looks whether a FlatGeobuf ends with the last of its features. It is a signature of 8 bytes, a header, the
// index unless there are no features, and the features; header and features have their lengths in front.
func wholeFGB(path string, features int64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	_, err = r.Discard(8)
	for i := int64(-1); i < features && err == nil; i++ {
		if i == 0 {
			if _, err = io.CopyN(io.Discard, r, indexFGB(features)); err != nil {
				break
			}
		}
		var length [4]byte
		if _, err = io.ReadFull(r, length[:]); err == nil {
			_, err = io.CopyN(io.Discard, r, int64(binary.LittleEndian.Uint32(length[:])))
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errCut
	}
	return err
}

// indexFGB returns how many bytes the index of features has: 40 for each node of a tree in which up to 16 nodes have
// one above them, a single feature too.
func indexFGB(features int64) int64 {
	nodes := features
	for n := features; n > 0; {
		n = (n + 15) / 16
		nodes += n
		if n == 1 {
			break
		}
	}
	return 40 * nodes
}

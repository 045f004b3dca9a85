package gdalexchange

/*
#cgo pkg-config: gdal
#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_string.h>
#include <stdlib.h>
#include <string.h>

// gx_bytes returns how many bytes a character has in an encoding, 0 when that lacks it.
static int gx_bytes(const char *utf8, const char *encoding) {
	CPLPushErrorHandler(CPLQuietErrorHandler);
	char *there = CPLRecode(utf8, CPL_ENC_UTF8, encoding);
	char *back = CPLRecode(there, encoding, CPL_ENC_UTF8);
	CPLPopErrorHandler();
	int n = strcmp(utf8, back) == 0 ? (int)strlen(there) : 0;
	CPLFree(there);
	CPLFree(back);
	return n;
}
*/
import "C"

import (
	"strings"
	"unicode/utf8"
	"unsafe"
)

// texts makes texts fit into a file. It belongs to one goroutine.
type texts struct {
	encoding string       // of the file
	limit    int          // bytes of a text, 0 for a file that takes any text
	bytes    map[rune]int // bytes of characters in an encoding other than UTF-8, 0 for those that it lacks
}

// fitted is a text as it is written.
type fitted struct {
	text  string // in UTF-8
	bytes int    // in the encoding of the file
	whole int    // bytes of the text that was to be written
	lacks bool   // characters that the encoding lacks became question marks
}

// fit returns s as a file takes it. With a limit it is without spaces around it, which no Shapefile keeps, and cut
// after the last character that fits.
func (t *texts) fit(s string) (f fitted) {
	if t.limit == 0 {
		return fitted{text: s, bytes: len(s), whole: len(s)}
	}
	s = strings.Trim(s, " ")
	var b strings.Builder
	full := false
	for _, r := range s {
		n := t.size(r)
		if n == 0 {
			f.lacks, r, n = true, '?', 1
		}
		f.whole += n
		if full = full || f.whole > t.limit; !full {
			b.WriteRune(r)
			f.bytes += n
		}
	}
	f.text = b.String()
	if full {
		trimmed := strings.TrimRight(f.text, " ")
		f.bytes -= len(f.text) - len(trimmed)
		f.text = trimmed
	}
	return f
}

// size returns how many bytes a character has in the file, 0 when its encoding lacks it.
func (t *texts) size(r rune) int {
	if r < utf8.RuneSelf {
		return 1
	}
	if t.encoding == "UTF-8" {
		return utf8.RuneLen(r)
	}
	n, known := t.bytes[r]
	if !known {
		text, encoding := C.CString(string(r)), C.CString(t.encoding)
		n = int(C.gx_bytes(text, encoding))
		C.free(unsafe.Pointer(text))
		C.free(unsafe.Pointer(encoding))
		t.bytes[r] = n
	}
	return n
}

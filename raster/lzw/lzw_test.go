package lzw

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// twin is Decode with a table of byte slices, one bit at a time.
func twin(n int, src []byte) ([]byte, error) {
	if n < 1 {
		return nil, errors.New("no bytes")
	}
	var (
		bit      int
		table    [][]byte // nil before the first clear code
		out, old []byte   // old: the string of the code before, nil after a clear code
	)
	for len(out) < n {
		width := 9
		for _, full := range []int{511, 1023, 2047} {
			if len(table) >= full {
				width++
			}
		}
		code := 0
		for range width {
			if bit == 8*len(src) {
				return nil, errors.New("short")
			}
			code = code<<1 | int(src[bit/8]>>(7-bit%8)&1)
			bit++
		}
		switch {
		case code == 256:
			table, old = nil, nil
			for i := range 256 {
				table = append(table, []byte{byte(i)})
			}
			table = append(table, nil, nil)
			continue
		case table == nil:
			return nil, errors.New("no clear code")
		case code == 257:
			return nil, errors.New("end")
		case len(table) == 4095:
			return nil, errors.New("full")
		case code < len(table) && old == nil:
		case code < len(table):
			table = append(table, append(slices.Clone(old), table[code][0]))
		case code == len(table) && old != nil:
			table = append(table, append(slices.Clone(old), old[0]))
		default:
			return nil, errors.New("unknown code")
		}
		old = table[code]
		out = append(out, old...)
	}
	if len(out) > n {
		return nil, errors.New("long")
	}
	return out, nil
}

// bitWriter writes codes, highest bit first.
type bitWriter struct {
	out  []byte
	bits int
}

func (w *bitWriter) put(code, width int) {
	for i := width - 1; i >= 0; i-- {
		if w.bits%8 == 0 {
			w.out = append(w.out, 0)
		}
		w.out[len(w.out)-1] |= byte(code>>i&1) << (7 - w.bits%8)
		w.bits++
	}
}

// encode compresses data, clearing the table when its codes reach clearAt, at most 4096. TIFF says 4095.
func encode(data []byte, clearAt int) []byte {
	type pair struct {
		code int
		then byte
	}
	var w bitWriter
	var table map[pair]int
	var next, width int
	reset := func() {
		w.put(256, max(width, 9))
		table, next, width = map[pair]int{}, 258, 9
	}
	reset()
	for len(data) > 0 {
		code := int(data[0])
		for data = data[1:]; len(data) > 0; data = data[1:] {
			longer, ok := table[pair{code, data[0]}]
			if !ok {
				table[pair{code, data[0]}] = next
				break
			}
			code = longer
		}
		w.put(code, width)
		if next++; next == 1<<width && width < 12 {
			width++
		}
		if next == clearAt {
			reset()
		}
	}
	w.put(257, width)
	return w.out
}

// samples are blocks of many kinds.
func samples() map[string][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	all := map[string][]byte{
		"one byte": {7}, "two": {7, 7}, "three": {7, 7, 7}, "zeros": make([]byte, 1<<16),
		"bytes 0 to 255": nil, "noise": make([]byte, 20000), "two values": make([]byte, 30000), "map": landCover(200, 200), "text": []byte(strings.Repeat("-----A---B", 7000)),
	}
	for i := range 256 {
		all["bytes 0 to 255"] = append(all["bytes 0 to 255"], byte(i))
	}
	for i := range all["noise"] {
		all["noise"][i] = byte(rng.Uint32())
	}
	for i := range all["two values"] {
		all["two values"][i] = byte(rng.IntN(2))
	}
	for period := 1; period < 40; period++ {
		unit := make([]byte, period)
		for i := range unit {
			unit[i] = byte(i)
		}
		all[fmt.Sprint("period ", period)] = bytes.Repeat(unit, 5000/period)
	}
	return all
}

// landCover is a block with patches of nine classes, some single cells among them.
func landCover(cols, rows int) []byte {
	rng := rand.New(rand.NewPCG(3, 4))
	const side = 12
	patches := make([]byte, (cols/side+2)*(rows/side+2))
	for i := range patches {
		patches[i] = byte(1 + rng.IntN(9))
	}
	cells := make([]byte, cols*rows)
	for i := range cells {
		col, row := i%cols+rng.IntN(3), i/cols+rng.IntN(2)
		cells[i] = patches[row/side*(cols/side+2)+col/side]
		if rng.IntN(40) == 0 {
			cells[i] = byte(1 + rng.IntN(9))
		}
	}
	return cells
}

func TestDecode(t *testing.T) {
	var d Decoder // one for all, as tables and output of the block before must not matter
	for name, data := range samples() {
		for _, clearAt := range []int{259, 260, 300, 511, 512, 513, 1024, 4094, 4095, 4096} {
			src := encode(data, clearAt)
			if got, err := d.Decode(len(data), src); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s, cleared at %d: %v, or other bytes", name, clearAt, err)
			}
			if len(data) > 1<<15 {
				continue
			}
			if got, err := twin(len(data), src); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s, cleared at %d: the twin: %v, or other bytes", name, clearAt, err)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	codes := func(codes ...int) []byte { // of 9 bits
		var w bitWriter
		for _, c := range codes {
			w.put(c, 9)
		}
		return w.out
	}
	full := func(last int) []byte { // 4095 codes, and one more
		data := make([]byte, 3839)
		rng := rand.New(rand.NewPCG(1, 1))
		var w bitWriter
		w.put(256, 9)
		for i := range 3838 {
			width := 9
			for width < 12 && 258+i >= 1<<width {
				width++
			}
			data[i] = byte(rng.Uint32())
			w.put(int(data[i]), width)
		}
		w.put(last, 12)
		w.put(0, 12)
		return w.out
	}
	for name, c := range map[string]struct {
		n    int
		src  []byte
		want string // "" when it is good
	}{
		"good":                       {6, codes(256, 'a', 258, 259, 257), ""},
		"several clear codes":        {2, codes(256, 256, 'a', 256, 256, 'b', 257), ""},
		"no end code":                {3, codes(256, 'a', 258), ""},
		"more than asked for":        {1, codes(256, 'a', 258), ""},
		"no bytes":                   {0, codes(256, 257), "a block cannot have 0 bytes"},
		"fewer than no bytes":        {-1, codes(256, 257), "a block cannot have -1 bytes"},
		"nothing":                    {1, nil, "does not begin with a clear code"},
		"one byte":                   {1, []byte{0x80}, "does not begin with a clear code"},
		"no clear code":              {1, codes('a', 257), "does not begin with a clear code"},
		"old files":                  {1, []byte{0, 1, 'a', 'a'}, "does not begin with a clear code"},
		"only a clear code":          {1, codes(256), "ends after 0 of 1 bytes"},
		"cut":                        {9, codes(256, 'a', 258), "ends after 3 of 9 bytes"},
		"end code at the start":      {1, codes(256, 257), "its end is after 0 of 1 bytes"},
		"end code too early":         {2, codes(256, 'a', 257), "its end is after 1 of 2 bytes"},
		"a string at the start":      {1, codes(256, 258), "code 258 after 0 bytes, when only 258 are known"},
		"a string after a clear":     {5, codes(256, 'a', 258, 256, 258), "code 258 after 3 bytes, when only 258 are known"},
		"a code that is not yet":     {5, codes(256, 'a', 259), "code 259 after 1 bytes, when only 259 are known"},
		"a string beyond the end":    {2, codes(256, 'a', 258), "a string goes 1 bytes beyond the 2"},
		"the full table is cleared":  {3839, full(256), ""},
		"the full table goes on":     {3839, full('a'), "the table is full after 3838 bytes and not cleared"},
		"the full table ends":        {3839, full(257), "the table is full after 3838 bytes and not cleared"},
		"as many as the table holds": {3838, full('a'), ""},
	} {
		var d Decoder
		got, err := d.Decode(c.n, c.src)
		_, errTwin := twin(c.n, c.src)
		switch {
		case (err == nil) != (errTwin == nil):
			t.Errorf("%s: %v, the twin says %v", name, err, errTwin)
		case err == nil && (c.want != "" || len(got) != c.n):
			t.Errorf("%s: %d bytes, want %q", name, len(got), c.want)
		case err != nil && (c.want == "" || !strings.HasPrefix(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// differs says how Decode and its twin disagree about src, "" when they do not.
func differs(decode func(int, []byte) ([]byte, error), n int, src []byte) string {
	got, err := decode(n, src)
	want, errTwin := twin(n, src)
	if (err == nil) != (errTwin == nil) || !bytes.Equal(got, want) {
		return fmt.Sprintf("%d bytes, %v; the twin %d, %v", len(got), err, len(want), errTwin)
	}
	return ""
}

// TestDamaged: whatever is changed in a block, Decode sees it as its twin does.
func TestDamaged(t *testing.T) {
	const seed = 7
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	var d Decoder
	good, refused := 0, 0
	for name, data := range samples() {
		data = data[:min(len(data), 9000)]
		src := encode(data, 4094)
		for range 60 {
			bad := slices.Clone(src)
			for range 1 + rng.IntN(3) {
				bad[rng.IntN(len(bad))] ^= 1 << rng.IntN(8)
			}
			bad = bad[:len(bad)-max(0, rng.IntN(len(bad)*2)-len(bad))]
			n := len(data) + max(0, rng.IntN(6)-4)
			if diff := differs(d.Decode, n, bad); diff != "" {
				t.Fatalf("%s: %s", name, diff)
			}
			if _, err := d.Decode(n, bad); err == nil {
				good++
			} else {
				refused++
			}
		}
	}
	if t.Logf("%d decoded, %d refused", good, refused); good == 0 || refused == 0 {
		t.Error("only one of the two is tested")
	}
}

func TestDiffersSeesWrongAnswers(t *testing.T) {
	data := []byte("a land cover, a cover")
	src := encode(data, 4094)
	for name, decode := range map[string]func(int, []byte) ([]byte, error){
		"a refusal":    func(int, []byte) ([]byte, error) { return nil, errors.New("no") },
		"another byte": func(int, []byte) ([]byte, error) { return bytes.ToUpper(data), nil },
		"a byte less":  func(int, []byte) ([]byte, error) { return data[1:], nil },
	} {
		if differs(decode, len(data), src) == "" {
			t.Errorf("%s is not seen", name)
		}
	}
	if differs(func(int, []byte) ([]byte, error) { return nil, nil }, len(data)+1, src) == "" {
		t.Error("an answer where the twin refuses is not seen")
	}
}

func FuzzDecode(f *testing.F) {
	for _, data := range samples() {
		data = data[:min(len(data), 6000)]
		f.Add(uint16(len(data)), encode(data, 4095))
	}
	f.Add(uint16(1), []byte{0x80})
	f.Fuzz(func(t *testing.T, n uint16, src []byte) {
		var d Decoder
		if diff := differs(d.Decode, int(n), src); diff != "" {
			t.Fatal(diff)
		}
		if _, err := d.Decode(300, encode(make([]byte, 300), 4094)); err != nil {
			t.Fatal("the next block:", err)
		}
		if diff := differs(d.Decode, int(n), src); diff != "" {
			t.Fatal("after another block:", diff)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct {
		name string
		data []byte
	}{{"map", landCover(512, 512)}, {"one class", make([]byte, 512*512)}} {
		b.Run(c.name, func(b *testing.B) {
			src := encode(c.data, 4094)
			b.SetBytes(int64(len(c.data)))
			var d Decoder
			for b.Loop() {
				if got, err := d.Decode(len(c.data), src); err != nil || !bytes.Equal(got, c.data) {
					b.Fatal("wrong bytes:", err)
				}
			}
			b.ReportMetric(float64(len(c.data))/float64(len(src)), "ratio")
		})
	}
}

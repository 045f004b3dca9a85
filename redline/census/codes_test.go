package census

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
)

// slowCodes counts cell by cell.
func slowCodes(e *redline.Epoch, earth *raster.Earth) *Codes {
	m := e.Source.(*raster.Memory)
	out := &Codes{Cells: m.On.Cells()}
	for code, class := range e.Legend.Classes {
		c := ClassCount{Class: class}
		for i, s := range m.Symbols {
			if int(s) == code {
				c.Cells++
				row := earth.Row(i / m.On.Cols)
				c.AreaM2 += row.Run(i%m.On.Cols, i%m.On.Cols+1).M2()
			}
		}
		if c.Cells > 0 {
			out.Classes = append(out.Classes, c)
		}
	}
	for code := len(e.Legend.Classes); code < 256; code++ {
		u := UnknownCode{Code: int64(code), Row: -1}
		for i, s := range m.Symbols {
			row, col := i/m.On.Cols, i%m.On.Cols
			if int(s) != code {
				continue
			}
			if u.Cells++; u.Row < 0 {
				u.Row, u.Col = row, col
			}
			if row >= e.Window.Row && row < e.Window.Row+e.Window.Rows && col >= e.Window.Col && col < e.Window.Col+e.Window.Cols {
				u.Common++
			}
		}
		switch {
		case u.Cells == 0:
		case code == raster.NoData:
			out.NoData = u.Cells
		default:
			out.Unknown = append(out.Unknown, u)
		}
	}
	return out
}

func TestCountCodes(t *testing.T) {
	const seed = 11
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	legend := landcover.Legend{Name: "three", Classes: []landcover.Class{
		{Code: 0, NameEN: "a", Ecosystem: landcover.Forest}, {Code: 1, NameEN: "b", Ecosystem: landcover.Built}, {Code: 2, NameEN: "c", Ecosystem: landcover.Ice}}}
	scenes, comparisons := 0, 0
	for range 40 {
		cols, rows := 1+rng.IntN(60), 1+rng.IntN(200)
		g := raster.Grid{OriginX: 117, OriginY: 31, CellX: 0.01, CellY: 0.01, Cols: cols, Rows: rows,
			CRS: raster.CRS{Geographic: true, SemiMajorM: 6378137, Flattening: 1 / 298.257222101}}
		m := &raster.Memory{On: g, Classes: 3, Symbols: make([]uint8, cols*rows), Block: rng.IntN(20)}
		for i := range m.Symbols {
			m.Symbols[i] = []uint8{0, 0, 0, 1, 1, 2, 77, 78, raster.NoData}[rng.IntN(9)]
		}
		e := &redline.Epoch{Name: "x.tif", Year: 2020, Source: m, Legend: legend, Window: raster.Window{Col: cols / 3, Row: rows / 3, Cols: 1 + cols/3, Rows: 1 + rows/3}}
		earth, err := raster.NewEarth(g, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := slowCodes(e, earth)
		for _, workers := range []int{1, 3} {
			got, err := CountCodes(context.Background(), e, earth, workers, new(redline.Progress))
			if err != nil {
				t.Fatal(err)
			}
			if d := codesDiffer(got, want); d != "" {
				t.Fatalf("%d × %d, %d workers: %s", cols, rows, workers, d)
			}
			comparisons++
		}
		scenes++
	}
	t.Logf("tally: scenes %d", scenes)
	t.Logf("tally: comparisons %d", comparisons)
}

// codesDiffer says how two counts differ, "" when they do not.
func codesDiffer(got, want *Codes) string {
	a, b := *got, *want
	a.Classes, b.Classes = slices.Clone(got.Classes), slices.Clone(want.Classes)
	if len(a.Classes) == len(b.Classes) {
		for i := range a.Classes {
			if d := a.Classes[i].AreaM2 - b.Classes[i].AreaM2; d > 1e-3 || d < -1e-3 {
				return fmt.Sprintf("class %d: area %f, want %f", i, a.Classes[i].AreaM2, b.Classes[i].AreaM2)
			}
			a.Classes[i].AreaM2 = b.Classes[i].AreaM2
		}
	}
	if !reflect.DeepEqual(a, b) {
		return fmt.Sprintf("got %+v, want %+v", a, b)
	}
	return ""
}

func TestCodesDifferSeesErrors(t *testing.T) {
	base := func() *Codes {
		return &Codes{Cells: 10, NoData: 1, Classes: []ClassCount{{Cells: 7, AreaM2: 5}}, Unknown: []UnknownCode{{Code: 9, Cells: 2, Row: 1}}}
	}
	if d := codesDiffer(base(), base()); d != "" {
		t.Error(d)
	}
	for name, spoil := range map[string]func(c *Codes){
		"cells": func(c *Codes) { c.Classes[0].Cells++ }, "area": func(c *Codes) { c.Classes[0].AreaM2 += 0.01 },
		"nodata": func(c *Codes) { c.NoData++ }, "first cell": func(c *Codes) { c.Unknown[0].Row++ }, "lost": func(c *Codes) { c.Unknown = nil },
	} {
		c := base()
		spoil(c)
		if codesDiffer(c, base()) == "" {
			t.Errorf("%s: not seen", name)
		}
	}
}

// brokenSource fails to read one block.
type brokenSource struct{ *raster.Memory }

func (b brokenSource) Open() (raster.Reader, error) {
	r, err := b.Memory.Open()
	return brokenReader{r}, err
}

type brokenReader struct{ raster.Reader }

func (b brokenReader) Read(w raster.Window, dst []uint8) error {
	if w.Row > 0 {
		time.Sleep(time.Duration(500-w.Row) * time.Microsecond) // the first one comes last
		return fmt.Errorf("x.tif: block 0, %d cannot be read", w.Row)
	}
	return b.Reader.Read(w, dst)
}

func TestCountCodesFails(t *testing.T) {
	g := raster.Grid{OriginX: 117, OriginY: 31, CellX: 0.01, CellY: 0.01, Cols: 10, Rows: 500, CRS: raster.CRS{Geographic: true, SemiMajorM: 6378137}}
	m := &raster.Memory{On: g, Classes: 1, Symbols: make([]uint8, 5000)}
	earth, err := raster.NewEarth(g, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{1, 2, 8} {
		for range 5 {
			_, err = CountCodes(context.Background(), &redline.Epoch{Source: brokenSource{m}}, earth, workers, new(redline.Progress))
			if err == nil || !strings.Contains(err.Error(), "block 0, 64 cannot be read") || redline.KindOf(err) != redline.Raster {
				t.Errorf("%d workers: got %v, want the first damaged block", workers, err)
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := CountCodes(ctx, &redline.Epoch{Source: m}, earth, 2, new(redline.Progress)); err != context.Canceled {
		t.Errorf("interrupted: got %v", err)
	}
}

func TestJudge(t *testing.T) {
	e := &redline.Epoch{Name: "x.tif", Year: 2020, Legend: landcover.Legend{Name: "clcd"}, NoData: "0"}
	for _, tt := range []struct {
		name    string
		unknown []UnknownCode
		more    int64
		want    string
	}{
		{"none", nil, 0, ""},
		{"outside the common grid", []UnknownCode{{Code: 7, Cells: 3}}, 0, ""},
		{"one", []UnknownCode{{Code: 7, Cells: 3, Common: 1, Row: 4, Col: 5}, {Code: 8, Cells: 1}}, 0, `x.tif (2020): code 7 is not in legend "clcd": 3 cells, first at row 4, column 5; do`},
		{"two", []UnknownCode{{Code: 7, Cells: 3, Common: 1, Row: 4, Col: 5}, {Code: 8, Cells: 1, Common: 1}}, 0,
			`x.tif (2020): 2 codes are not in legend "clcd": 7 (3 cells, first at row 4, column 5), 8 (1 cell, first at row 0, column 0); do`},
		{"too many", []UnknownCode{{Code: 7, Cells: 3, Common: 1, Row: 4, Col: 5}, {Code: 8, Cells: 1, Common: 1}}, 9,
			`x.tif (2020): more than 2 codes are not in legend "clcd": 7 (3 cells, first at row 4, column 5), 8 (1 cell, first at row 0, column 0) and others, so it may hold measurements rather than classes; do`},
		{"a fill value", []UnknownCode{{Code: -9999, Cells: 3, Common: 1, Row: 4, Col: 5}}, 0, `x.tif (2020): code -9999 is not in legend "clcd": 3 cells, first at row 4, column 5; -9999 looks like the fill value of ASCII grids and many programs, and the file declares NoData 0: if it is one, add the line -9999,NoData,,,nodata to a copy of the legend (greenshield legends NAME prints it); do`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := (&Codes{Unknown: tt.unknown, MoreUnknown: tt.more}).Judge(e, "; do")
			if got := fmt.Sprint(err); tt.want == "" && err != nil || tt.want != "" && got != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// manyCodes yields another code in every cell.
type manyCodes struct{ *raster.Memory }

func (m manyCodes) Open() (raster.Reader, error) {
	r, err := m.Memory.Open()
	return manyCodesReader{r, m.On.Cols}, err
}

type manyCodesReader struct {
	raster.Reader
	cols int
}

func (m manyCodesReader) Codes(w raster.Window, dst []int64) error {
	for i := range dst {
		dst[i] = int64((w.Row+i/w.Cols)*m.cols + w.Col + i%w.Cols)
	}
	return nil
}

// A raster of measurements has more codes than are listed; no cell may be lost.
func TestCodesOfMeasurements(t *testing.T) {
	g := raster.Grid{OriginX: 117, OriginY: 31, CellX: 0.001, CellY: 0.001, Cols: 500, Rows: 300, CRS: raster.CRS{Geographic: true, SemiMajorM: 6378137}}
	m := &raster.Memory{On: g, Symbols: bytes.Repeat([]byte{9}, 150_000)}
	earth, err := raster.NewEarth(g, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{1, 4} {
		c, err := CountCodes(context.Background(), &redline.Epoch{Source: manyCodes{m}, Window: raster.Window{Cols: 500, Rows: 300}}, earth, workers, new(redline.Progress))
		if err != nil {
			t.Fatal(err)
		}
		sum := c.MoreUnknown
		for _, u := range c.Unknown {
			sum += u.Cells
			if int64(u.Row*500+u.Col) != u.Code {
				t.Errorf("first cell of %d is row %d, column %d", u.Code, u.Row, u.Col)
			}
		}
		if len(c.Unknown) != maxUnknown || sum != 150_000 || c.Cells != 150_000 {
			t.Errorf("%d codes, %d cells", len(c.Unknown), sum)
		}
	}
}

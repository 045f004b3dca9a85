package engine

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/raster/patch"
	"greenshield/redline"
)

// addCounty adds a county whose outlines lie on subcells; counties may overlap and leave gaps.
func (s *twinScene) addCounty(rng *rand.Rand, inCounty *[][]bool) {
	zones, masks := s.in.Zones, s.inZone
	n := len(zones)
	s.addZone(rng)
	if len(s.in.Zones) > n {
		codes := []string{"340102", "340101", "340201", "3402", "b", "a", "340100", "340000"}
		area := redline.Area{Code: codes[rng.IntN(len(codes))], Name: fmt.Sprint("县", rng.IntN(3)), Shape: s.in.Zones[n].Shape}
		if area.Code != "b" && (!isGBCode(area.Code) || rng.IntN(2) == 0) {
			area.City = "市" + area.Code[:1]
		}
		s.in.Admin = append(s.in.Admin, area)
		*inCounty = append(*inCounty, s.inZone[n])
	}
	s.in.Zones, s.inZone = zones, masks
}

// isGBCode tells that a code of a county holds that of its city: it has six digits.
func isGBCode(code string) bool { return len(code) == 6 && strings.Trim(code, "0123456789") == "" }

// precedence is smaller for an area that goes before: a county before a city before a province, then by code and name.
func precedence(a redline.Area) string {
	level := cmp.Or(map[string]string{"340100": "1", "340000": "2"}[a.Code], "0")
	return level + " " + a.Code + " " + a.Name
}

// isEmptyOutline tells that a unit is the outline of a city or province with other areas inside, but without a cell.
func (s *twinScene) isEmptyOutline(u redline.Unit, cells []bool) bool {
	prefix := map[string]string{"340100": "3401", "340000": "34"}[u.Code]
	if u.Level != redline.LevelCounty || prefix == "" || slices.Contains(cells, true) {
		return false
	}
	return slices.ContainsFunc(s.in.Admin, func(a redline.Area) bool {
		return isGBCode(a.Code) && strings.HasPrefix(a.Code, prefix) && precedence(a)[0] < precedence(redline.Area{Code: u.Code})[0]
	})
}

// twinUnits finds the units and their cells. A centre belongs to the subcell south-east of it.
func (s *twinScene) twinUnits(inCounty [][]bool) map[redline.Unit][]bool {
	g := s.in.Grid
	at := func(mask []bool, cell int) bool {
		return mask[(cell/g.Cols*sub+sub/2)*g.Cols*sub+cell%g.Cols*sub+sub/2]
	}
	cells := map[redline.Unit][]bool{}
	put := func(u redline.Unit, cell int) {
		if cells[u] == nil {
			cells[u] = make([]bool, g.Rows*g.Cols)
		}
		if cell >= 0 {
			cells[u][cell] = true
		}
	}
	city := func(a redline.Area) (redline.Unit, bool) {
		if isGBCode(a.Code) {
			u := redline.Unit{Level: redline.LevelCity, Code: a.Code[:4] + "00"}
			for _, b := range s.in.Admin {
				if u.Name == "" && isGBCode(b.Code) && b.Code[:4] == a.Code[:4] {
					u.Name = b.City
				}
			}
			for _, b := range s.in.Admin {
				if b.Code == u.Code && b.Code == "340100" && (u.Name == "" || strings.HasPrefix(u.Name, "县")) {
					u.Name = min(cmp.Or(u.Name, b.Name), b.Name)
				}
			}
			return u, true
		}
		return redline.Unit{Level: redline.LevelCity, Code: a.City, Name: a.City}, a.City != ""
	}
	for _, a := range s.in.Admin {
		put(redline.Unit{Level: redline.LevelCounty, Code: a.Code, Name: a.Name}, -1)
		if c, ok := city(a); ok {
			put(c, -1)
		}
	}
	for _, z := range s.in.Zones {
		put(redline.Unit{Level: redline.LevelZone, Layer: z.Layer, Code: z.ID, Name: z.Name, ZoneType: z.Type}, -1)
		put(redline.Unit{Level: redline.LevelZoneType, Code: z.Type.String(), Name: z.Type.Chinese(), ZoneType: z.Type}, -1)
	}
	for cell := range g.Rows * g.Cols {
		put(redline.Unit{Level: redline.LevelWhole}, cell)
		if len(s.in.Admin) > 0 {
			best := -1
			for i, a := range s.in.Admin {
				if !at(inCounty[i], cell) {
					continue
				}
				if best < 0 || precedence(a) < precedence(s.in.Admin[best]) {
					best = i
				}
			}
			put(redline.Unit{Level: redline.LevelCounty}, -1)
			if best < 0 {
				put(redline.Unit{Level: redline.LevelCounty}, cell)
			} else {
				a := s.in.Admin[best]
				put(redline.Unit{Level: redline.LevelCounty, Code: a.Code, Name: a.Name}, cell)
				if c, ok := city(a); ok {
					put(c, cell)
				}
			}
		}
		for i, z := range s.in.Zones {
			if at(s.inZone[i], cell) {
				put(redline.Unit{Level: redline.LevelZone, Layer: z.Layer, Code: z.ID, Name: z.Name, ZoneType: z.Type}, cell)
				put(redline.Unit{Level: redline.LevelZoneType, Code: z.Type.String(), Name: z.Type.Chinese(), ZoneType: z.Type}, cell)
			}
		}
	}
	for u := range cells {
		if s.isEmptyOutline(u, cells[u]) {
			delete(cells, u)
		}
	}
	for u := range cells { // cities that have lost their only outline
		inCity := func(a redline.Area) bool {
			c, ok := city(a)
			return ok && c == u && cells[redline.Unit{Level: redline.LevelCounty, Code: a.Code, Name: a.Name}] != nil
		}
		if u.Level == redline.LevelCity && !slices.ContainsFunc(s.in.Admin, inCity) {
			delete(cells, u)
		}
	}
	return cells
}

// twinSurvey surveys cell by cell.
func (s *twinScene) twinSurvey(o redline.Options, inCounty [][]bool) map[redline.Unit]*redline.UnitSurvey {
	g := s.in.Grid
	classes := s.in.Before.Legend.Classes
	cells := s.twinUnits(inCounty)
	units := map[redline.Unit]*redline.UnitSurvey{}
	for u := range cells {
		found := &redline.UnitSurvey{Unit: u}
		units[u] = found
		class := func(epoch, r, c int) landcover.Ecosystem { // NoData outside the unit
			if r < 0 || c < 0 || r >= g.Rows || c >= g.Cols || !cells[u][r*g.Cols+c] {
				return landcover.NoData
			}
			if s.symbols[0][r*g.Cols+c] == raster.NoData || s.symbols[1][r*g.Cols+c] == raster.NoData {
				return landcover.NoData
			}
			return classes[s.symbols[epoch][r*g.Cols+c]].Ecosystem
		}
		for cell, in := range cells[u] {
			if !in {
				continue
			}
			b, a := class(0, cell/g.Cols, cell%g.Cols), class(1, cell/g.Cols, cell%g.Cols)
			if b == landcover.NoData {
				found.NoDataCells++
				continue
			}
			found.Cells[b][a]++
			found.AreaM2[b][a] += 900
		}
		for epoch := range found.Pattern {
			seen := make([]bool, len(cells[u]))
			for cell := range cells[u] {
				kind := class(epoch, cell/g.Cols, cell%g.Cols)
				if kind == landcover.NoData {
					continue
				}
				p := &found.Pattern[epoch][kind]
				for _, d := range [][2]int{{0, 1}, {1, 0}, {0, -1}, {-1, 0}} {
					if other := class(epoch, cell/g.Cols+d[0], cell%g.Cols+d[1]); other != kind && other != landcover.NoData {
						p.EdgeM += 30
					}
				}
				if seen[cell] {
					continue
				}
				p.Patches++
				size, stack := 0.0, []int{cell}
				seen[cell] = true
				for len(stack) > 0 {
					k := stack[len(stack)-1]
					stack = stack[:len(stack)-1]
					size += 900
					for i := range 9 {
						r, c := k/g.Cols+i/3-1, k%g.Cols+i%3-1
						if (o.Conn == patch.Four && i%2 == 0) || class(epoch, r, c) != kind || seen[r*g.Cols+c] {
							continue
						}
						seen[r*g.Cols+c] = true
						stack = append(stack, r*g.Cols+c)
					}
				}
				p.LargestM2 = max(p.LargestM2, size)
			}
		}
	}
	return units
}

// surveyDiffers says how a survey differs from the twin's, "" when it does not.
func surveyDiffers(found *redline.Survey, want map[redline.Unit]*redline.UnitSurvey) string {
	if len(found.Units) != len(want) {
		return fmt.Sprintf("%d units, want %d", len(found.Units), len(want))
	}
	for _, got := range found.Units {
		want, ok := want[got.Unit]
		if !ok {
			return fmt.Sprintf("no unit %+v wanted", got.Unit)
		}
		if got.NoDataCells != want.NoDataCells || got.Cells != want.Cells {
			return fmt.Sprintf("%+v: %d cells of NoData and the matrix\n%v, want %d and\n%v", got.Unit, got.NoDataCells, got.Cells, want.NoDataCells, want.Cells)
		}
		for b := range got.AreaM2 {
			for a := range got.AreaM2[b] {
				if math.Abs(got.AreaM2[b][a]-want.AreaM2[b][a]) > 1e-6 {
					return fmt.Sprintf("%+v: %g m² from %d to %d, want %g", got.Unit, got.AreaM2[b][a], b, a, want.AreaM2[b][a])
				}
			}
		}
		for e := range got.Pattern {
			for k, p := range got.Pattern[e] {
				w := want.Pattern[e][k]
				if p.Patches != w.Patches || math.Abs(p.LargestM2-w.LargestM2) > 1e-6 || math.Abs(p.EdgeM-w.EdgeM) > 1e-6 {
					return fmt.Sprintf("%+v, epoch %d, class %d: %+v, want %+v", got.Unit, e, k, p, w)
				}
			}
		}
	}
	return ""
}

func TestSurveyAgainstTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(70, 80))
	rules := testRules(t)
	levels := map[redline.Level]int{}
	for i := range 300 {
		s := newTwinScene(t, rng)
		var inCounty [][]bool
		for range rng.IntN(6) {
			s.addCounty(rng, &inCounty)
		}
		o := redline.Options{Rules: rules, Conn: patch.Eight, MinSeverity: 1, Survey: true}
		if rng.IntN(2) == 0 {
			o.Conn = patch.Four
		}
		var first *redline.Summary
		for tile := 0; tile < 16; tile += 1 + rng.IntN(6) {
			_, sum, err := run(t, s.in, o, Tuning{Workers: 1 + rng.IntN(3), Tile: tile})
			if err != nil {
				t.Fatalf("scene %d: %v", i, err)
			}
			if first == nil {
				first = sum
				if d := surveyDiffers(sum.Survey, s.twinSurvey(o, inCounty)); d != "" {
					t.Fatalf("scene %d: %s", i, d)
				}
				for _, u := range sum.Survey.Units {
					levels[u.Level]++
				}
				var changed, nodata int64
				for i := range sum.Overview.Changed {
					changed, nodata = changed+int64(sum.Overview.Changed[i]), nodata+int64(sum.Overview.NoData[i])
				}
				if changed != sum.ChangedCells || nodata != sum.NoDataCells || len(sum.Overview.Changed) != sum.Overview.Cols*sum.Overview.Rows {
					t.Fatalf("scene %d: the overview %+v has %d changed cells and %d of NoData, want %d and %d", i, sum.Overview, changed, nodata, sum.ChangedCells, sum.NoDataCells)
				}
				continue
			}
			if !reflect.DeepEqual(sum.Survey, first.Survey) || !reflect.DeepEqual(sum.Overview, first.Overview) {
				t.Fatalf("scene %d: tile %d gives another survey", i, tile)
			}
		}
	}
	for _, level := range []redline.Level{redline.LevelWhole, redline.LevelCity, redline.LevelCounty, redline.LevelZoneType, redline.LevelZone} {
		if levels[level] < 250 {
			t.Errorf("only %d units of level %s", levels[level], level)
		}
	}
}

func TestSurveyDiffersSeesWrongAnswers(t *testing.T) {
	unit := redline.Unit{Level: redline.LevelCounty, Code: "340101"}
	right := redline.UnitSurvey{Unit: unit, NoDataCells: 1}
	right.Cells[1][2], right.AreaM2[1][2], right.Pattern[1][2] = 1, 900, redline.Pattern{Patches: 1, LargestM2: 900, EdgeM: 30}
	want := map[redline.Unit]*redline.UnitSurvey{unit: &right}
	if d := surveyDiffers(&redline.Survey{Units: []redline.UnitSurvey{right}}, want); d != "" {
		t.Error("right answer refused:", d)
	}
	for name, spoil := range map[string]func(u *redline.UnitSurvey){
		"unit":    func(u *redline.UnitSurvey) { u.Code = "340102" },
		"NoData":  func(u *redline.UnitSurvey) { u.NoDataCells++ },
		"cells":   func(u *redline.UnitSurvey) { u.Cells[2][1]++ },
		"area":    func(u *redline.UnitSurvey) { u.AreaM2[1][2]++ },
		"patches": func(u *redline.UnitSurvey) { u.Pattern[1][2].Patches++ },
		"largest": func(u *redline.UnitSurvey) { u.Pattern[1][2].LargestM2++ },
		"edge":    func(u *redline.UnitSurvey) { u.Pattern[1][2].EdgeM++ },
	} {
		wrong := right
		spoil(&wrong)
		if surveyDiffers(&redline.Survey{Units: []redline.UnitSurvey{wrong}}, want) == "" {
			t.Error(name, "not seen")
		}
	}
	if surveyDiffers(&redline.Survey{Units: slices.Repeat([]redline.UnitSurvey{right}, 2)}, want) == "" {
		t.Error("a unit too many is not seen")
	}
}

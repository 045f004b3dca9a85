package visits

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/priority"
	"greenshield/redline/qgis"
	"greenshield/redline/redlinetest"
)

// some returns cases with random places and worth, by id.
func some(r *rand.Rand, n int) (stops []*Stop) {
	for i := range n {
		s := &Stop{Case: ledger.Case{ID: ledger.CaseID("34", int64(i+1)), Fields: map[string]string{}},
			At: orb.Point{117 + r.Float64(), 30 + r.Float64()}, Severity: 1 + r.IntN(4)}
		if r.IntN(3) > 0 {
			s.Prio = &redline.Priority{Score: r.IntN(101), Why: "其他图也显示同类变化"}
		}
		s.Worth = s.worth()
		stops = append(stops, s)
	}
	return stops
}

// shortest returns the length of the shortest way by trying all.
func shortest(w *way, k int) float64 {
	if k == len(w.order) {
		return w.metres()
	}
	best := math.Inf(1)
	for i := k; i < len(w.order); i++ {
		w.order[k], w.order[i] = w.order[i], w.order[k]
		best = min(best, shortest(w, k+1))
		w.order[k], w.order[i] = w.order[i], w.order[k]
	}
	return best
}

// TestOrderIsShort: the way of a day is never longer than as given or by nearest neighbours, and at most 5 % longer
// than the shortest of 6 cases.
func TestOrderIsShort(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for n := range 60 {
		o := &Settings{}
		if n%2 == 0 {
			o.From = &orb.Point{117.5, 30.5}
		}
		stops := some(r, 1+n%6)
		w := newWay(o, stops)
		given := w.metres()
		first := 0
		if w.start {
			first = len(stops)
		}
		near := newWay(o, stops)
		near.order = slices.DeleteFunc(near.neighbours(first), func(i int) bool { return i == len(stops) })
		w.shorten()
		got, best := w.metres(), shortest(newWay(o, stops), 0)
		if got > given+same || got > near.metres()+same || got < best-same || got > 1.05*best {
			t.Errorf("%d cases: %.0f m; as given %.0f, by neighbours %.0f, shortest %.0f", len(stops), got, given, near.metres(), best)
		}
		d := o.day(stops)
		if math.Abs(d.Metres()-got) > same {
			t.Errorf("the legs of the day are %.0f m, the way is %.0f m", d.Metres(), got)
		}
	}
}

// TestPlanKeepsItsWord: each case is once in a day or left; each day has the most worthy case that was left, keeps its
// number and its hours; the same cases give the same plan.
func TestPlanKeepsItsWord(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for n := range 40 {
		o := &Settings{Days: 1 + n%4, PerDay: 1 + n%5, StayMin: 60, SpeedKM: 40}
		if n%3 > 0 {
			o.Hours = 1 + float64(n%9)
		}
		if n%2 > 0 {
			o.From = &orb.Point{117.5, 30.5}
		}
		stops := some(r, 30)
		days, far, later := Make(stops, o)
		left := slices.Clone(stops)
		left = slices.DeleteFunc(left, func(s *Stop) bool { return slices.Contains(far, s) })
		for _, d := range days {
			most := left[0]
			for _, s := range left {
				if s.Worth > most.Worth {
					most = s
				}
			}
			hours := float64(len(d.Stops))*o.StayMin/60 + d.Metres()/1000/o.SpeedKM
			if !slices.Contains(d.Stops, most) || len(d.Stops) > o.PerDay || o.Hours > 0 && hours > o.Hours+1e-9 {
				t.Fatalf("plan %d: a day of %d cases and %.2f hours", n, len(d.Stops), hours)
			}
			left = slices.DeleteFunc(left, func(s *Stop) bool { return slices.Contains(d.Stops, s) })
		}
		if !slices.Equal(left, later) || len(days) > o.Days || len(days) < o.Days && len(left) > 0 {
			t.Fatalf("plan %d: %d days, %d cases are left, want %d", n, len(days), len(later), len(left))
		}
		for _, s := range far {
			if w := newWay(o, []*Stop{s}); w.metres()/1000/o.SpeedKM+1 <= o.Hours {
				t.Errorf("case %s is called too far, at %.1f km there and back", s.Case.ID, w.metres()/1000)
			}
		}
		again, _, _ := Make(stops, o)
		if fmt.Sprint(again) != fmt.Sprint(days) {
			t.Error("the same cases give another plan")
		}
	}
}

// TestTiesGoById: of equally worthy cases the one with the smallest id comes first.
func TestTiesGoById(t *testing.T) {
	var stops []*Stop
	for i := range 4 {
		stops = append(stops, &Stop{Case: ledger.Case{ID: ledger.CaseID("34", int64(i+1))}, At: orb.Point{117 + float64(i), 30}, Worth: 1})
	}
	days, _, _ := Make(stops, &Settings{Days: 4, PerDay: 1})
	for i, d := range days {
		if d.Stops[0] != stops[i] {
			t.Errorf("day %d has case %s", i+1, d.Stops[0].Case.ID)
		}
	}
}

// hostilePlan returns a plan whose texts are hostile.
func hostilePlan() *Plan {
	r := rand.New(rand.NewPCG(7, 8))
	stops := some(r, 2*len(redlinetest.Hostile))
	i := 0
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range redlinetest.Hostile {
			if !yield(name) {
				return
			}
		}
	}) {
		text := redlinetest.Hostile[name]
		stops[i].Zone, stops[i].Case.Fields = text, map[string]string{ledger.FieldCountyName: text,
			ledger.FieldLeadSource: text, ledger.FieldExtNo: text, ledger.FieldAreaM2: "45000", ledger.FieldLeadText: text}
		i++
	}
	c := &Chosen{Ledger: redlinetest.Hostile["html"], Stops: stops, Left: []Left{{"no_place", "没有位置", 3}}}
	p, err := New(c, &Settings{Days: 9, PerDay: 7, From: &orb.Point{117.5, 30.5}, Begin: "2026-03-06"}, nil)
	if err != nil {
		panic(err)
	}
	return p
}

// TestFilesAreWellFormed: GPX and KML are XML of the elements that their schemas have, in their order, and the page
// holds no markup of others; the same plan gives the same bytes.
func TestFilesAreWellFormed(t *testing.T) {
	p := hostilePlan()
	stops := 0
	for _, d := range p.Days {
		stops += len(d.Stops)
	}
	for name, write := range map[string]func(*Plan, io.Writer) error{"gpx": (*Plan).writeGPX, "kml": (*Plan).writeKML, "html": (*Plan).writePage, "csv": (*Plan).writeCSV} {
		var first, second bytes.Buffer
		redlinetest.Must(t, write(p, &first))
		redlinetest.Must(t, write(hostilePlan(), &second))
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s: the same plan gives other bytes", name)
		}
		if name != "csv" && strings.Contains(first.String(), "<img") || strings.Contains(first.String(), ",=cmd") || strings.ContainsAny(first.String(), "\x00\x1b\u202e") {
			t.Errorf("%s holds hostile text as it is", name)
		}
		count := map[string]int{}
		if name == "gpx" || name == "kml" {
			for d := xml.NewDecoder(&first); ; {
				token, err := d.Token()
				if err == io.EOF {
					break
				}
				redlinetest.Must(t, err)
				if e, ok := token.(xml.StartElement); ok {
					count[e.Name.Local]++
				}
			}
		}
		days := len(p.Days)
		if name == "gpx" && (count["wpt"] != stops || count["rte"] != days || count["rtept"] != stops+2*days) {
			t.Errorf("gpx has %v", count)
		}
		if name == "kml" && (count["Folder"] != days || count["Point"] != stops || count["LineString"] != days) {
			t.Errorf("kml has %v", count)
		}
		if text := second.String(); name == "html" && (!strings.Contains(text, "不是道路里程") || !strings.Contains(text, "GCJ-02") ||
			!strings.Contains(text, "没有位置：3 个") || strings.Count(text, "<svg") != days || !strings.Contains(text, "第 1 天（2026 年 3 月 6 日）") ||
			!strings.Contains(text, "第 2 天（2026 年 3 月 9 日）")) {
			t.Errorf("the page lacks something it has to say: %.3000s", text)
		}
	}
}

// TestWorth: what is not known counts as the middle.
func TestWorth(t *testing.T) {
	for _, tt := range []struct {
		severity int
		prio     *redline.Priority
		want     float64
	}{{4, nil, 2}, {0, nil, 1}, {3, &redline.Priority{Score: 80}, 2.4}, {0, &redline.Priority{Score: 0}, 0}} {
		if got := (&Stop{Severity: tt.severity, Prio: tt.prio}).worth(); got != tt.want {
			t.Errorf("severity %d: %v, want %v", tt.severity, got, tt.want)
		}
	}
}

// TestRankNote: weights that are proposed, calibrated or changed by hand are told apart.
func TestRankNote(t *testing.T) {
	const method = "价值 = 严重程度（1–4，不明按 2）× 核查优先级 ÷ 100（不明按 50）。"
	for _, tt := range []struct {
		model  *priority.Model
		ranked int
		want   string
	}{
		{nil, 0, "台账中没有这些点位的核查优先级，只按严重程度排序。"},
		{priority.Simple(), 2, "3 个点位中 2 个有核查优先级（简单规则，建议权重，非官方标准）。"},
		{&priority.Model{Name: "池州.json"}, 3, "3 个点位中 3 个有核查优先级（按台账中的核查结论校准的模型 池州.json）。"},
		{&priority.Model{Name: "a.json", Edited: true}, 3,
			"3 个点位中 3 个有核查优先级（按台账中的核查结论校准的模型 a.json，文件在校准之后被人修改过）。"},
	} {
		p := &Plan{Chosen: &Chosen{Stops: make([]*Stop, 3), Ranked: tt.ranked}, Model: tt.model}
		if got := p.rankNote(); got != tt.want+method {
			t.Errorf("%+v: %s, want %s", tt.model, got, tt.want+method)
		}
	}
}

// TestStyles: QGIS shows each layer by day, lines as lines and dashed, with Chinese names of fields.
func TestStyles(t *testing.T) {
	p := hostilePlan()
	for l, want := range map[layer][]string{
		points: {`<symbol type="marker"`, `<layerGeometryType>0<`, "次序", "核查原因"},
		areas:  {`<symbol type="fill"`, `<layerGeometryType>2<`, "次序"},
		routes: {`<symbol type="line"`, `name="line_style" value="dash"`, `<layerGeometryType>1<`, "直线距离合计(公里)"},
	} {
		qml, err := qgis.QML(p.style(l))
		redlinetest.Must(t, err)
		for _, text := range append(want, p.dayTitle(0), p.dayTitle(1)) {
			if !strings.Contains(qml, text) {
				t.Errorf("the style of %s lacks %s", l.name, text)
			}
		}
		if strings.Count(qml, "<symbol ") != len(p.Days) {
			t.Errorf("%s: %d symbols for %d days", l.name, strings.Count(qml, "<symbol "), len(p.Days))
		}
	}
}

func TestNiceLength(t *testing.T) {
	for x, want := range map[float64]float64{1: 1, 1.9: 1, 2: 2, 49: 20, 5000: 5000, 99999: 50000} {
		if got := niceLength(x); got != want {
			t.Errorf("%v: %v, want %v", x, got, want)
		}
	}
}

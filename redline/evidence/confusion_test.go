package evidence

import (
	"math"
	"strings"
	"testing"

	"greenshield/raster/landcover"
	"greenshield/redline/priority"
	"greenshield/redline/redlinetest"
	"greenshield/seeds"
)

func parsed(t *testing.T, rows string) *Confusion {
	c, err := ParseConfusion("x", []byte("map,truth,pct\n"+rows))
	redlinetest.Must(t, err)
	return c
}

// TestConfused: ground that is built in both years and forest on the map before looks like a change as much as ground
// that is forest in both years and built on the map after.
func TestConfused(t *testing.T) {
	before := parsed(t, "forest,built,3\nbuilt,forest,50\nforest,shrub,70\n")
	after := parsed(t, "built,forest,0.5\nforest,built,60\nshrub,forest,45\n")
	for _, c := range []struct {
		from, to landcover.Ecosystem
		want     float64
	}{
		{landcover.Forest, landcover.Built, 3.5},
		{landcover.Built, landcover.Forest, 100}, // 110, at most 100
		{landcover.Forest, landcover.Shrub, 100},
		{landcover.Shrub, landcover.Forest, math.NaN()},
		{landcover.Bare, landcover.Ice, math.NaN()},
	} {
		if got := confused(before, after, c.from, c.to); !same(got, c.want) {
			t.Errorf("%s → %s: %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

func TestParseConfusionFaults(t *testing.T) {
	for rows, want := range map[string]string{
		"moon,built,1\n":                        `x:2: map "moon" is no ecosystem class`,
		"built,nodata,1\n":                      `x:2: truth "nodata" is no ecosystem class`,
		"built,forest,\n":                       `x:2: pct "" is not a number from 0 to 100`,
		"built,forest,NaN\n":                    `x:2: pct "NaN" is not a number from 0 to 100`,
		"built,forest,100.1\n":                  `x:2: pct "100.1" is not a number from 0 to 100`,
		"built,forest,-1\n":                     `x:2: pct "-1" is not a number from 0 to 100`,
		"built,forest,1\nbuilt,forest,1\n":      "x:3: built for forest stands in an earlier line too",
		"built,forest,60\nforest,forest,40.6\n": "x:3: the shares of forest sum to more than 100 %",
		"built,forest\n":                        "x:2: 2 fields",
	} {
		if _, err := ParseConfusion("x", []byte("map,truth,pct\n"+rows)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", rows, err, want)
		}
	}
}

// TestShippedConfusions: each table is of a shipped legend, and an empty one says that nothing could be read.
func TestShippedConfusions(t *testing.T) {
	if len(seeds.Confusions()) == 0 {
		t.Fatal("there are none")
	}
	for _, name := range seeds.Confusions() {
		if _, ok := seeds.Legend(name); !ok {
			t.Errorf("%s is no legend", name)
		}
		text, _ := seeds.Confusion(name)
		c, err := ParseConfusion(name, text)
		redlinetest.Must(t, err)
		known := false
		for _, row := range c {
			for _, pct := range row {
				known = known || !math.IsNaN(pct)
			}
		}
		if says := strings.Contains(string(text), "# Empty: no confusion matrix"); says == known {
			t.Errorf("%s: numbers %v, it says it is empty %v", name, known, says)
		}
	}
}

// TestConfusionFollowsTheLegends: the classes of products of which no table is shipped, and of legends of the user, are
// confused nobody knows how often.
func TestConfusionFollowsTheLegends(t *testing.T) {
	for _, legend := range []string{"clcd", "from_glc", "mine.csv", ""} {
		in := mapped(t, make([]uint8, 400), 20, 30)
		in.Before.Legend.Name, in.After.Legend.Name = legend, legend
		f := New(in, &table, priority.Simple(), nil, 1, 1<<20)
		c := candidate("construction", landcover.Built)
		redlinetest.Must(t, f.NewExaminer().Examine(&c, cell, nil))
		if !math.IsNaN(c.Evidence.Confused) {
			t.Errorf("%q: %v %%", legend, c.Evidence.Confused)
		}
		f.confusedBefore, f.confusedAfter = parsed(t, "forest,built,3\n"), parsed(t, "built,forest,4\n")
		redlinetest.Must(t, f.NewExaminer().Examine(&c, cell, nil))
		if c.Evidence.Confused != 7 || priority.Of(&c)[priority.Confused] != 7 {
			t.Errorf("%v %%, want 7", c.Evidence.Confused)
		}
	}
}

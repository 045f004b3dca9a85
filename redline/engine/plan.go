package engine

import (
	"context"

	"greenshield/raster/change"
	"greenshield/raster/landcover"
	"greenshield/raster/patch"
	"greenshield/redline"
	"greenshield/redline/census"
	"greenshield/redline/dating"
	"greenshield/redline/territory"
)

// plan is what all bands of a run share. It does not change, except that since, units and years are set when the layers
// are read, and division and notes when the ground is divided.
type plan struct {
	in         *redline.Inputs
	options    redline.Options
	tuning     Tuning
	classifier *change.Classifier
	types      int           // number of change types
	groups     []string      // their transition groups
	stack      *dating.Stack // nil without maps between the epochs
	rows       []int         // the row in which each band begins, then the number of rows of the grid
	tile       struct{ cols, rows int }

	since    bool           // some zone has a date
	units    *census.Ground // nil without a survey
	years    *census.Years  // nil without a survey or without maps between
	division *territory.Division
	notes    []Annotator // the counties, if there are any, and those of the ports
}

// newPlan returns a plan that lacks its zones.
func newPlan(in *redline.Inputs, o redline.Options, t Tuning) (*plan, error) {
	p := &plan{in: in, options: o, tuning: t, types: len(o.Rules.Changes)}
	classes := func(e *redline.Epoch) []landcover.Class { return e.Legend.Classes[:len(e.Legend.Codes())] }
	before, after := in.Before.Source.Index(), in.After.Source.Index()
	var err error
	p.classifier, err = change.NewClassifier(
		before, after, classes(&in.Before), classes(&in.After), p.types, o.Rules.Change)
	for i := range o.Rules.Changes {
		p.groups = append(p.groups, o.Rules.Changes[i].Group())
	}
	if len(in.Between) > 0 && err == nil {
		p.stack, err = dating.NewStack(in, o.Rules.Changes)
	}
	p.layTiles()
	return p, err
}

// setLayers sets what follows from the layers. The error is that of ctx.
func (p *plan) setLayers(ctx context.Context) error {
	p.since = p.in.ZonesDated()
	if p.options.Survey {
		units, err := census.NewUnits(ctx, p.in.Grid, p.in.Admin, p.in.Zones, p.tuning.Workers)
		if err != nil {
			return err
		}
		p.units = &census.Ground{
			Grid: p.in.Grid, Earth: p.in.Earth, Before: &p.in.Before, After: &p.in.After, Between: p.in.Between,
			Conn: p.options.Conn, Units: units,
		}
		p.years = p.units.NewYears()
	}
	return nil
}

// tileCells is about how many cells of each epoch a worker holds, when memory allows: the two tiles stay in the
// second-level cache while they are read, counted and compared.
const tileCells = 512 << 10

// layTiles sets the size of tiles and the rows of bands. Bands begin where blocks of both epochs do, if
// there are such rows.
func (p *plan) layTiles() {
	g, t := p.in.Grid, p.tuning
	bc, _ := p.in.Before.Source.BlockSize()
	ac, _ := p.in.After.Source.BlockSize()
	blockCols, blockRows := max(bc, ac), blockRows(p.in)
	cells := tileCells
	if t.MaxMemory > 0 { // both epochs, as bytes, in at most a quarter of the memory
		cells = min(cells, int(t.MaxMemory/8/int64(max(1, t.Workers))))
	}
	height := t.Tile // of a band
	p.tile.cols, p.tile.rows = t.Tile, t.Tile
	if t.Tile == 0 {
		p.tile.rows = blockRows
		p.tile.cols = min(g.Cols, max(blockCols, cells/blockRows/blockCols*blockCols))
		for 2*p.tile.rows*p.tile.cols <= cells && p.tile.rows < 512 {
			p.tile.rows *= 2
		}
		// A worker holds the symbols of before of a whole band, and the dates of its changed cells.
		bytes, high := int64(g.Cols), 512
		if p.stack != nil {
			bytes *= 1 + datingBytes
			high = max(high, min(p.stack.BlockRows(), 4*high))
		}
		fits := func(height int) bool {
			return t.MaxMemory <= 0 || int64(height)*bytes <= t.MaxMemory/16/int64(max(1, t.Workers))
		}
		for height = p.tile.rows; height < high && fits(2*height); {
			height *= 2
		}
	}
	p.tile.cols = min(p.tile.cols, g.Cols)
	row := 0
	for ; row+height < g.Rows; row = p.bandEnd(row, height) {
		p.rows = append(p.rows, row)
	}
	p.rows = append(p.rows, row, g.Rows)
}

// bandEnd returns where a band ends that begins in a row and may have a height: where it tears the fewest cells from
// the blocks of both epochs, but not in its upper half.
func (p *plan) bandEnd(row, height int) int {
	best, least := row+height, int64(0)
	if p.tuning.Tile > 0 {
		return best
	}
	for end := row + height; end > row+height/2; end-- {
		_, cells := torn(p.in, end)
		if end == best || cells < least {
			best, least = end, cells
		}
		if cells == 0 {
			break
		}
	}
	return best
}

// torn tells of the blocks of both epochs that a row of the grid tears; see [raster.Source].
func torn(in *redline.Inputs, row int) (rows int, cells int64) {
	for _, e := range []*redline.Epoch{&in.Before, &in.After} {
		if 0 < row && row < in.Grid.Rows {
			high, n := e.Source.Torn(e.Window.Row + row)
			rows, cells = max(rows, high), cells+n
		}
	}
	return rows, cells
}

// maxBlockRows is up to how many rows blocks of both epochs may need to end together, for tiles to end there.
const maxBlockRows = 512

// blockRows returns after how many rows blocks of both epochs end together, so that none is read for two tiles; when
// these are too many, the rows of the higher blocks.
func blockRows(in *redline.Inputs) int {
	_, b := in.Before.Source.BlockSize()
	_, a := in.After.Source.BlockSize()
	b, a = max(1, b), max(1, a)
	gcd, rest := b, a
	for rest > 0 {
		gcd, rest = rest, gcd%rest
	}
	if both := b / gcd * a; both <= maxBlockRows {
		return both
	}
	return max(b, a)
}

// restrict leaves of the bands what lies in the rows [rows[0], rows[1]).
func (p *plan) restrict(rows [2]int) {
	inside := []int{rows[0]}
	for _, row := range p.rows {
		if rows[0] < row && row < rows[1] {
			inside = append(inside, row)
		}
	}
	if rows[0] < rows[1] {
		inside = append(inside, rows[1])
	}
	p.rows = inside
}

// slot returns the position in Part.Covered for a territory and the type of a run. Each territory has the change types,
// then change without a rule, then NoData.
func (p *plan) slot(rank int32, t uint8) int {
	k := int(t)
	switch t {
	case change.UnruledType:
		k = p.types
	case change.NoDataType:
		k = p.types + 1
	}
	return int(rank)*(p.types+2) + k
}

// raster describes the grid to package patch.
func (p *plan) raster() patch.Raster {
	return patch.Raster{Rows: p.in.Grid.Rows, Cols: p.in.Grid.Cols, Conn: p.options.Conn}
}

// touchM2 returns [territory.TouchCells] in square metres, in the middle row of the grid.
func (p *plan) touchM2() float64 {
	area := p.in.Earth.Row(p.in.Grid.Rows / 2)
	return territory.TouchCells * area.Run(0, p.in.Grid.Cols).M2() / float64(p.in.Grid.Cols)
}

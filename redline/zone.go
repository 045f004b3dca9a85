package redline

import (
	"fmt"

	"github.com/paulmach/orb"
)

// ZoneType is the legal kind of a zone. A smaller number is stricter: where zones overlap, the strictest one controls
// the ground.
type ZoneType uint8

// The zone types, strictest first. A feature of a reserve layer without a functional zone is Unzoned, which the
// Regulations on Nature Reserves (2017), Art. 30, treat like a core zone.
const (
	Core ZoneType = iota
	Buffer
	Unzoned
	CoreProtection
	Experimental
	GeneralControl
	NaturePark
	RedLine
	Periphery
	NumZoneTypes
)

var zoneTypes = [NumZoneTypes]struct{ name, zh string }{
	{"core", "核心区"},
	{"buffer", "缓冲区"},
	{"unzoned", "未分区"},
	{"core_protection", "核心保护区"},
	{"experimental", "实验区"},
	{"general_control", "一般控制区"},
	{"nature_park", "自然公园"},
	{"redline", "生态保护红线"},
	{"periphery", "外围保护地带"},
}

// ZoneTypes lists all zone types, strictest first.
func ZoneTypes() []ZoneType {
	all := make([]ZoneType, NumZoneTypes)
	for i := range all {
		all[i] = ZoneType(i)
	}
	return all
}

// String returns the type's name as rule tables write it.
func (t ZoneType) String() string { return zoneTypes[t].name }

// Chinese returns the type's name in Chinese.
func (t ZoneType) Chinese() string { return zoneTypes[t].zh }

// ParseZoneType returns the zone type with that name, as [ZoneType.String] gives it.
func ParseZoneType(name string) (ZoneType, error) {
	for t, w := range zoneTypes {
		if w.name == name {
			return ZoneType(t), nil
		}
	}
	return 0, fmt.Errorf("unknown zone type %q", name)
}

// The two layers that zones come from; [LayerChinese] names them in Chinese.
const (
	LayerRedLine = "redline" // 生态保护红线
	LayerReserve = "reserve" // 自然保护区/自然保护地
)

// LayerChinese returns the name of a layer of zones in Chinese.
func LayerChinese(layer string) string {
	if layer == LayerRedLine {
		return RedLine.Chinese()
	}
	return "自然保护地"
}

// Zone is one feature of a red-line or reserve layer.
type Zone struct {
	Layer    string // LayerRedLine or LayerReserve
	ID       string // unique within its layer
	Name     string
	Type     ZoneType
	FuncZone string // functional zone as the source writes it
	Level    string // administrative level as the source writes it
	Since    Date   // when the zone was founded or drawn; the zero value when that is not known
	Feature  int    // number of the feature in its source, from 1
	Source   string // "file|layer" for messages

	// Shape is the zone in lattice coordinates of the run's grid (u east, v south): valid, and not clipped to the grid.
	Shape orb.MultiPolygon
	// TotalM2 is the ellipsoidal area of the whole zone, its part outside the grid included.
	TotalM2 float64
}

package landcover

import "fmt"

// Ecosystem is an ecosystem class of level I (生态系统一级类). The zero value is NoData.
type Ecosystem uint8

// The ecosystem classes, in the order in which tables list them. Wetland includes
// open water, cropland includes orchards, built is all artificial surface.
const (
	NoData Ecosystem = iota
	Forest
	Shrub
	Grassland
	Wetland
	Cropland
	Built
	Desert
	Bare
	Ice
	NumEcosystems // with NoData
)

var ecosystems = [NumEcosystems]struct{ name, zh, color string }{
	{"nodata", "无数据", "#000000"},
	{"forest", "森林", "#006400"},
	{"shrub", "灌丛", "#7FA03C"},
	{"grassland", "草地", "#B9DC73"},
	{"wetland", "湿地", "#1E69B4"},
	{"cropland", "农田", "#FAE39C"},
	{"built", "城镇", "#E24290"},
	{"desert", "荒漠", "#E6C896"},
	{"bare", "裸地", "#CFBDA3"},
	{"ice", "冰川/永久积雪", "#F2FAFF"},
}

// Ecosystems lists the classes without NoData, in table order.
func Ecosystems() []Ecosystem {
	all := make([]Ecosystem, 0, NumEcosystems-1)
	for e := Forest; e < NumEcosystems; e++ {
		all = append(all, e)
	}
	return all
}

// String returns the class's name as legends and rule tables write it.
func (e Ecosystem) String() string { return ecosystems[e].name }

// Chinese returns the class's name in Chinese.
func (e Ecosystem) Chinese() string { return ecosystems[e].zh }

// Color returns the class's colour as #RRGGBB.
func (e Ecosystem) Color() string { return ecosystems[e].color }

// ParseEcosystem returns the class of that name.
func ParseEcosystem(name string) (Ecosystem, error) {
	for e, w := range ecosystems {
		if w.name == name {
			return Ecosystem(e), nil
		}
	}
	return NoData, fmt.Errorf("unknown ecosystem class %q", name)
}

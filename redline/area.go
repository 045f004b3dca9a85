package redline

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/paulmach/orb"
)

// Area is a polygon that only labels candidates: a county, or an approved project.
type Area struct {
	Code, Name string
	City       string           // of a county: the name of its city, "" when it is not known
	Shape      orb.MultiPolygon // lattice coordinates
}

// gbCode matches the code of a county (GB/T 2260), whose first four digits are those of its city.
var gbCode = regexp.MustCompile(`^[0-9]{6}$`)

// CityCode returns the code of a county's city: the one in the county's own code (GB/T 2260), else the name of the
// city; "" when neither is known.
func (a *Area) CityCode() string {
	if gbCode.MatchString(a.Code) {
		return a.Code[:4] + "00"
	}
	return a.City
}

// AdminLevel is the level of an administrative area. A smaller one lies inside a larger one.
type AdminLevel uint8

// The levels, the lowest first.
const (
	CountyLevel   AdminLevel = iota // 县级
	CityLevel                       // 地级
	ProvinceLevel                   // 省级
)

// String returns the level in English.
func (l AdminLevel) String() string { return [...]string{"county", "city", "province"}[l] }

// AdminLevel returns the level that the code of an area says (GB/T 2260): four zeros end that of a province, two that
// of a city. An area with any other code is a county.
func (a *Area) AdminLevel() AdminLevel {
	switch {
	case !gbCode.MatchString(a.Code) || !strings.HasSuffix(a.Code, "00"):
		return CountyLevel
	case strings.HasSuffix(a.Code, "0000"):
		return ProvinceLevel
	}
	return CityLevel
}

// Contains tells whether the codes say that b lies inside a: a is of a higher level, and the digits that name a begin
// the code of b.
func (a *Area) Contains(b *Area) bool {
	level := a.AdminLevel()
	if level <= b.AdminLevel() || !gbCode.MatchString(b.Code) {
		return false
	}
	own := 4 // digits that name a city
	if level == ProvinceLevel {
		own = 2
	}
	return a.Code[:own] == b.Code[:own]
}

// CompareAreas orders areas by precedence, for places that several of them cover: the lower level first, then the
// smaller code, then the smaller name, bytewise. Areas that differ in nothing else are equal.
func CompareAreas(a, b *Area) int {
	return cmp.Or(cmp.Compare(a.AdminLevel(), b.AdminLevel()), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Name, b.Name))
}

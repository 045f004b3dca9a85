package redline

// Status says what became of a zone. Clean is said of the ground: only of a zone inside which nothing changed, whoever
// controls it.
type Status string

// The statuses. A zone for which several hold has the first of them.
const (
	StatusChanged   Status = "changed"              // something changed where the zone controls, by any transition
	StatusElsewhere Status = "controlled_elsewhere" // something changed inside the zone, where stricter ones control
	StatusNot       Status = "not_covered"          // no valid cell lies in the zone
	StatusPartly    Status = "partly_covered"       // nothing changed inside the zone, but part of it was not seen
	StatusOverruled Status = "overruled"            // nothing changed inside the zone; other zones control all of it
	StatusClean     Status = "clean"                // all of the zone was seen, and nothing changed inside it
)

var statuses = map[Status]string{
	StatusChanged:   "有变化",
	StatusElsewhere: "有变化，由其他区管控",
	StatusNot:       "未覆盖",
	StatusPartly:    "部分覆盖且未见变化",
	StatusOverruled: "由其他区管控且无变化",
	StatusClean:     "已覆盖且无变化",
}

// Statuses lists all statuses in the order in which they are looked for.
func Statuses() []Status {
	return []Status{StatusChanged, StatusElsewhere, StatusNot, StatusPartly, StatusOverruled, StatusClean}
}

// String returns the status as files have it.
func (s Status) String() string { return string(s) }

// Chinese returns the status in Chinese.
func (s Status) Chinese() string { return statuses[s] }

// VisibleM2 is the smallest area, in square metres, that hectares with six decimals show. Smaller areas are rounding,
// and must not decide what is said of a zone.
const VisibleM2 = 0.005

// Seen says how much of a zone lies on cells that are valid in both epochs.
type Seen uint8

// How much of a zone may be seen.
const (
	SeenNot Seen = iota
	SeenPartly
	SeenWhole
)

// SeenOf tells how much is seen of a zone with an area of totalM2 square metres, of which missingM2 lie outside the
// grid or on NoData. Areas below [VisibleM2] count as none. So of a zone that is smaller than that itself nothing is
// missing, and it counts as seen whole.
func SeenOf(totalM2, missingM2 float64) Seen {
	switch {
	case missingM2 < VisibleM2:
		return SeenWhole
	case totalM2-missingM2 < VisibleM2:
		return SeenNot
	}
	return SeenPartly
}

// Seen tells how much of the zone the run saw.
func (z *ZoneTotal) Seen() Seen { return SeenOf(z.TotalM2, z.OutsideM2+z.NoDataM2) }

// Status says what became of the zone. Areas below [VisibleM2] count as none.
func (z *ZoneTotal) Status() Status {
	seen := z.TotalM2 - z.OutsideM2 - z.NoDataM2
	switch {
	case z.Candidates+z.Suppressed > 0 || z.ChangedM2 >= VisibleM2 || z.UnruledM2 >= VisibleM2:
		return StatusChanged
	case z.Inside.Candidates+z.Inside.Suppressed > 0 || z.Inside.UnruledM2 >= VisibleM2:
		return StatusElsewhere
	case seen < VisibleM2:
		return StatusNot
	case z.TotalM2-seen >= VisibleM2:
		return StatusPartly
	case z.ControlledM2 < VisibleM2:
		return StatusOverruled
	}
	return StatusClean
}

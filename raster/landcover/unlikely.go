package landcover

import (
	"fmt"
	"slices"
	"strings"
)

// Unlikely says why a map that is read by the legend hardly shows a landscape, so that its codes are probably those of
// another product; "" when it may, and when less than 50 km² of it are anything but wetland, which open water belongs
// to. m2 is the area of each code, in square metres; codes of NoData and those that the legend lacks do not count.
//
// Two things are unlikely: that a map shows no built-up land at all, where the legend has a code for it, and that more
// than 80 % of it is shrub, ice, or built. Both are this project's rule of thumb. Codes of another product that happen
// to stand in the legend mostly fall under one of them: reclassified maps count their classes from 1, so that built-up
// land, a high code in most products, seems to be missing.
func (l Legend) Unlikely(m2 map[int64]float64) string {
	const leastM2, most = 50e6, 0.8
	total := 0.0
	byEcosystem := map[Ecosystem]float64{}
	codes := map[Ecosystem][]string{}
	for i := range l.Codes() {
		class := l.Classes[i]
		total += m2[class.Code]
		byEcosystem[class.Ecosystem] += m2[class.Code]
		codes[class.Ecosystem] = append(codes[class.Ecosystem], fmt.Sprintf("%d %s", class.Code, class.Name()))
	}
	if total-byEcosystem[Wetland] < leastM2 {
		return ""
	}
	list := func(e Ecosystem) string {
		const maxListed = 5
		all := codes[e]
		if len(all) > maxListed {
			all = append(slices.Clone(all[:maxListed]), "…")
		}
		return strings.Join(all, ", ")
	}
	if len(codes[Built]) > 0 && byEcosystem[Built] == 0 {
		return fmt.Sprintf("none of its %.0f km² is built-up land (%s)", total/1e6, list(Built))
	}
	for _, e := range []Ecosystem{Shrub, Ice, Built} {
		if share := byEcosystem[e] / total; share > most {
			return fmt.Sprintf("%.0f %% of its %.0f km² are %s (%s)", 100*share, total/1e6, e, list(e))
		}
	}
	return ""
}

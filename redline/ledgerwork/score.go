package ledgerwork

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"greenshield/raster/landcover"
)

// Unofficial stands wherever a score stands.
const Unofficial = "评分是本程序的建议算法，不是官方考核结果"

// indicators are what a score is made of: each a share of what it counts.
var indicators = []struct {
	code, name, formula string
	share               func(t *tally) (part, whole int64)
}{
	{"judged", "核查率", "已核查 ÷ 问题点位", func(t *tally) (int64, int64) { return t.n[nJudged], t.n[nFound] }},
	{"on_time", "按期整改率", "按期整改 ÷（按期整改＋逾期整改＋超期未改）", func(t *tally) (int64, int64) {
		return t.n[nOnTime], t.n[nOnTime] + t.n[nTooLate] + t.n[nOverdue]
	}},
	{"struck_off", "销号率", "已销号 ÷ 属实", func(t *tally) (int64, int64) { return t.n[nStruckOff], t.n[nConfirmed] }},
	{"no_rebound", "未反弹率", "1 − 有反弹的点位 ÷ 曾销号的点位", func(t *tally) (int64, int64) {
		return t.onceStruck - t.rebounded, t.onceStruck
	}},
	{"no_false", "真实整改率", "1 − 有虚假整改的点位 ÷ 曾报整改完成的点位", func(t *tally) (int64, int64) {
		return t.onceSubmitted - t.faked, t.onceSubmitted
	}},
}

// Score is a formula by which cities and counties are given points: the weight of each of the indicators.
type Score struct{ weights []float64 }

// ParseScore reads weights: CSV with the columns that the shipped ones (folder ledger of seeds) have. Errors begin with
// name and the line.
func ParseScore(name string, text []byte) (Score, error) {
	rows, err := landcover.ReadTable(name, text, "indicator", "weight")
	if err != nil {
		return Score{}, err
	}
	s := Score{weights: make([]float64, len(indicators))}
	seen, sum := map[int]bool{}, 0.0
	var codes []string
	for _, i := range indicators {
		codes = append(codes, i.code)
	}
	for _, row := range rows {
		at := slices.Index(codes, row.Fields["indicator"])
		weight, err := strconv.ParseFloat(row.Fields["weight"], 64)
		switch {
		case at < 0 || seen[at]:
			return Score{}, fmt.Errorf("%s:%d: indicator is %q, but must be one of %s, each once", name, row.Line,
				row.Fields["indicator"], strings.Join(codes, ", "))
		case err != nil || !(weight >= 0 && weight <= 1e6):
			return Score{}, fmt.Errorf("%s:%d: weight is %q, but must be a number from 0 to 1000000", name, row.Line,
				row.Fields["weight"])
		}
		seen[at], s.weights[at] = true, weight
		sum += weight
	}
	if sum == 0 {
		return Score{}, fmt.Errorf("%s: no indicator has a weight", name)
	}
	return s, nil
}

// of returns the points of a place, 0 to 100. Indicators of which there is nothing to count are left out with their
// weights; false when all are.
func (s Score) of(t *tally) (points float64, ok bool) {
	sum, weights := 0.0, 0.0
	for i, indicator := range indicators {
		if part, whole := indicator.share(t); whole > 0 {
			sum += s.weights[i] * float64(part) / float64(whole)
			weights += s.weights[i]
		}
	}
	if weights == 0 {
		return 0, false
	}
	return math.Round(sum/weights*1000) / 10, true
}

package calibrate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"greenshield/redline/priority"
)

// twin is another way to the coefficients of ridge: Newton's method on a full matrix of zeros and ones, whose equations
// are solved by elimination.
func twin(held [][]int, real []bool, prior []float64, penalty float64) []float64 {
	p := len(prior)
	b := slices.Clone(prior)
	for range 500 {
		a := make([][]float64, p) // p rows of the Hessian, and the gradient as last column
		for j := range a {
			a[j] = make([]float64, p+1)
			if j > 0 {
				a[j][j] += penalty
				a[j][p] -= penalty * (b[j] - prior[j])
			}
		}
		for i, columns := range held {
			x := make([]float64, p)
			x[0] = 1
			for _, j := range columns {
				x[j] = 1
			}
			eta, y := 0.0, 0.0
			for j := range x {
				eta += x[j] * b[j]
			}
			if real[i] {
				y = 1
			}
			mu := 1 / (1 + math.Exp(-eta))
			for j := range x {
				a[j][p] += x[j] * (y - mu)
				for k := range x {
					a[j][k] += x[j] * x[k] * mu * (1 - mu)
				}
			}
		}
		for j := range p { // Gauss and Jordan, with pivots
			pivot := j
			for k := j; k < p; k++ {
				if math.Abs(a[k][j]) > math.Abs(a[pivot][j]) {
					pivot = k
				}
			}
			a[j], a[pivot] = a[pivot], a[j]
			for k := range p {
				if k == j {
					continue
				}
				f := a[k][j] / a[j][j]
				for l := j; l <= p; l++ {
					a[k][l] -= f * a[j][l]
				}
			}
		}
		for j := range p {
			b[j] += math.Max(-1, math.Min(1, a[j][p]/a[j][j]))
		}
	}
	return b
}

func TestRidgeIsItsTwin(t *testing.T) {
	r := rand.New(rand.NewPCG(18, 1))
	for trial := range 60 {
		n, p := 20+r.IntN(200), 1+r.IntN(8)
		prior := make([]float64, p)
		for j := range prior {
			prior[j] = r.NormFloat64()
		}
		held, real := make([][]int, n), make([]bool, n)
		for i := range held {
			for j := 1; j < p; j++ {
				if r.Float64() < 0.4 || j == 2 || j == 4 && slices.Contains(held[i], 3) { // constant, and nearly collinear
					held[i] = append(held[i], j)
				}
			}
			real[i] = r.Float64() < 0.3
		}
		real[0], real[1] = true, false
		penalty := math.Pow(10, r.Float64()*4-2)
		got, err := ridge(held, real, prior, penalty)
		if err != nil {
			t.Fatal(err)
		}
		for j, want := range twin(held, real, prior, penalty) {
			if math.Abs(got[j]-want) > 1e-7 {
				t.Errorf("trial %d: coefficient %d of %d is %v, by the twin %v", trial, j, p, got[j], want)
			}
		}
	}
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

// TestRidgeClosedForms: cases of which the solution is known without an iteration.
func TestRidgeClosedForms(t *testing.T) {
	table := func(ones, yes1, zeros, yes0 int) (held [][]int, real []bool) {
		for i := range ones {
			held, real = append(held, []int{1}), append(real, i < yes1)
		}
		for i := range zeros {
			held, real = append(held, nil), append(real, i < yes0)
		}
		return held, real
	}
	held, real := table(40, 30, 60, 6)
	for name, c := range map[string]struct {
		held    [][]int
		prior   []float64
		penalty float64
		want    []float64
	}{
		"the share alone":       {make([][]int, 100), []float64{-3}, 1, []float64{logit(0.36)}},
		"a table without pull":  {held, []float64{0, 0}, 1e-9, []float64{logit(0.1), logit(0.75) - logit(0.1)}},
		"wholly pulled":         {held, []float64{0, logit(0.75) - logit(0.1)}, 1e9, []float64{logit(0.1), logit(0.75) - logit(0.1)}},
		"a column that is none": {make([][]int, 100), []float64{0, 1.5}, 1, []float64{logit(0.36), 1.5}},
	} {
		got, err := ridge(c.held, real, c.prior, c.penalty)
		if err != nil {
			t.Fatal(name, err)
		}
		for j := range got {
			if math.Abs(got[j]-c.want[j]) > 1e-6 {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
	}
}

// TestRidgeHardCases: what breaks a regression without a penalty.
func TestRidgeHardCases(t *testing.T) {
	parted, same, real := make([][]int, 400), make([][]int, 400), make([]bool, 400)
	for i := range real {
		real[i] = i%2 == 0
		if real[i] {
			parted[i] = []int{1, 2}
			same[i] = []int{1, 2}
		} else if i%3 == 0 {
			same[i] = []int{1, 2}
		}
	}
	b, err := ridge(parted, real, []float64{0, 0, 0}, 0.1)
	if err != nil || !(b[1] > 2) || b[1] > priority.MaxWeight || math.Abs(b[1]-b[2]) > 1e-8 {
		t.Errorf("labels that a band parts wholly: %v, %v", b, err)
	}
	b, err = ridge(same, real, []float64{0, 1, -0.5}, 0.1)
	if err != nil || math.Abs((b[1]-1)-(b[2]+0.5)) > 1e-8 {
		t.Errorf("bands that always hold together do not move alike: %v, %v", b, err)
	}
	b, err = ridge(parted, real, []float64{20, -20, -20}, 0.1) // chances of 0 and 1 to the last bits
	if err != nil || !(b[0] < 0 && b[0]+b[1]+b[2] > 0) {
		t.Errorf("from a rule that is wholly wrong: %v, %v", b, err)
	}
}

package calibrate

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"

	"greenshield/redline/priority"
)

// Bounds of Newton's method: it ends when no coefficient moves by more than settled, and has failed after maxSteps, in
// each of which none moves by more than maxStep.
const (
	settled  = 1e-10
	maxStep  = 5
	maxSteps = 200
)

var errNoFit = errors.New("the weights do not settle; please report this")

// ridge returns the coefficients b, the base first, that minimise Σ −log-likelihood + penalty/2 · Σ (b[j] − prior[j])²
// over the other coefficients j ≥ 1. held lists for each row the columns j ≥ 1 that are 1 in it, the rest are 0. The
// base is not penalised, so both labels must be there; penalty > 0.
func ridge(held [][]int, real []bool, prior []float64, penalty float64) ([]float64, error) {
	b := append([]float64(nil), prior...)
	p := len(b)
	grad, step := mat.NewVecDense(p, nil), mat.NewVecDense(p, nil)
	hess := mat.NewSymDense(p, nil)
	cost := func(b []float64) float64 {
		sum := 0.0
		for j := 1; j < p; j++ {
			sum += penalty / 2 * (b[j] - prior[j]) * (b[j] - prior[j])
		}
		for i, columns := range held {
			sum += loss(logOdds(b, columns), real[i])
		}
		return sum
	}
	now := cost(b)
	for range maxSteps {
		newton(held, real, b, grad, hess)
		for j := 1; j < p; j++ {
			grad.SetVec(j, grad.AtVec(j)-penalty*(b[j]-prior[j]))
			hess.SetSym(j, j, hess.At(j, j)+penalty)
		}
		var cholesky mat.Cholesky
		if !cholesky.Factorize(hess) {
			hess.SetSym(0, 0, hess.At(0, 0)+settled) // all chances are 0 or 1 to the last bit
			if !cholesky.Factorize(hess) {
				return nil, errNoFit
			}
		}
		if err := cholesky.SolveVecTo(step, grad); err != nil && !isIll(err) {
			return nil, err
		}
		next, after, scale := make([]float64, p), 0.0, math.Min(1, maxStep/mat.Norm(step, math.Inf(1)))
		for ; ; scale /= 2 {
			for j := range next {
				next[j] = b[j] + scale*step.AtVec(j)
			}
			if after = cost(next); after <= now || scale < 1e-12 {
				break
			}
		}
		moved := 0.0
		for j := range next {
			moved = math.Max(moved, math.Abs(next[j]-b[j]))
		}
		b, now = next, after
		if moved <= settled {
			return b, nil
		}
	}
	return nil, errNoFit
}

// isIll tells that a solution is there, but its matrix is nearly singular, as with columns that are alike.
func isIll(err error) bool {
	var ill mat.Condition
	return errors.As(err, &ill)
}

// newton sets the gradient of the log-likelihood and its Hessian with the other sign.
func newton(held [][]int, real []bool, b []float64, grad *mat.VecDense, hess *mat.SymDense) {
	grad.Zero()
	hess.Zero()
	g, h := grad.RawVector().Data, hess.RawSymmetric()
	for i, columns := range held {
		chance := priority.Chance(logOdds(b, columns))
		miss, weight := -chance, chance*(1-chance)
		if real[i] {
			miss = 1 - chance
		}
		g[0] += miss
		h.Data[0] += weight
		for k, j := range columns { // ascending: the upper triangle
			g[j] += miss
			h.Data[j] += weight
			for _, l := range columns[k:] {
				h.Data[j*h.Stride+l] += weight
			}
		}
	}
}

func logOdds(b []float64, columns []int) float64 {
	sum := b[0]
	for _, j := range columns {
		sum += b[j]
	}
	return sum
}

// loss returns −log of the chance of what is there.
func loss(logOdds float64, real bool) float64 {
	if real {
		logOdds = -logOdds
	}
	if logOdds > 0 {
		return logOdds + math.Log1p(math.Exp(-logOdds))
	}
	return math.Log1p(math.Exp(logOdds))
}

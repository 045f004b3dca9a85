package raster

import (
	"fmt"
	"math"
)

// surface approximates a smooth function on the rectangle [0, w] × [0, h] by a
// product Chebyshev series, Σ coef[j][i]·Tᵢ(s)·Tⱼ(t) with s, t ∈ [−1, 1].
type surface struct {
	w, h float64
	n    int       // how many terms there are per axis
	coef []float64 // row j holds the terms of Tⱼ(t)
}

// surfaceOrders are the numbers of terms per axis that are tried. Projections over a province settle at 6 to 10. A
// grid that needs more than 40 is refused rather than measured badly.
var surfaceOrders = [...]int{4, 6, 8, 10, 12, 16, 20, 28, 40}

// fitSurfaces approximates the functions that f evaluates together (out[k][i] is the
// k-th function at point i) to an absolute error of tol[k], checked on a lattice of
// points between the nodes and on the border.
func fitSurfaces(w, h float64, tol []float64, f func(u, v []float64, out [][]float64) error) ([]surface, error) {
	eval := func(u, v []float64) ([][]float64, error) {
		out := make([][]float64, len(tol))
		for k := range out {
			out[k] = make([]float64, len(u))
		}
		return out, f(u, v, out)
	}
	const probes = 17 // per axis
	var pu, pv []float64
	for j := range probes {
		for i := range probes {
			pu = append(pu, w*float64(i)/(probes-1))
			pv = append(pv, h*float64(j)/(probes-1))
		}
	}
	want, err := eval(pu, pv)
	if err != nil {
		return nil, err
	}
	worst := 0.0
	for _, n := range surfaceOrders {
		u, v := make([]float64, 0, n*n), make([]float64, 0, n*n)
		for j := range n {
			for i := range n {
				u = append(u, w*(1+chebyshevNode(i, n))/2)
				v = append(v, h*(1+chebyshevNode(j, n))/2)
			}
		}
		values, err := eval(u, v)
		if err != nil {
			return nil, err
		}
		fits := make([]surface, len(tol))
		worst = 0
		for k := range fits {
			fits[k] = surface{w: w, h: h, n: n, coef: chebyshevTransform(values[k], n)}
			for i := range pu {
				worst = max(worst, math.Abs(fits[k].at(pu[i], pv[i])-want[k][i])/tol[k])
			}
		}
		if worst <= 1 {
			return fits, nil
		}
	}
	return nil, fmt.Errorf("the map projection varies too much over the raster to be measured: %.3g times the tolerance",
		worst)
}

// trim leaves out the highest orders whose terms are no larger than tol, all together: an equal-area projection needs
// one term alone.
func (f *surface) trim(tol float64) {
	n, lost := f.n, 0.0
	for ; n > 1; n-- { // what row n−1 and column n−1 hold
		for i := range n {
			lost += math.Abs(f.coef[(n-1)*f.n+i])
			if i < n-1 {
				lost += math.Abs(f.coef[i*f.n+n-1])
			}
		}
		if lost > tol {
			break
		}
	}
	kept := make([]float64, 0, n*n)
	for j := range n {
		kept = append(kept, f.coef[j*f.n:j*f.n+n]...)
	}
	f.n, f.coef = n, kept
}

func chebyshevNode(i, n int) float64 {
	return -math.Cos(math.Pi * (float64(i) + 0.5) / float64(n))
}

// chebyshevTransform turns values at the n×n nodes into coefficients.
func chebyshevTransform(values []float64, n int) []float64 {
	cos := make([]float64, n*n) // Tₖ at node i
	for k := range n {
		for i := range n {
			cos[k*n+i] = math.Cos(float64(k) * math.Acos(chebyshevNode(i, n)))
		}
	}
	pass := func(in []float64) []float64 { // transforms the rows and writes them as columns
		out := make([]float64, n*n)
		for j := range n {
			for k := range n {
				sum := 0.0
				for i := range n {
					sum += in[j*n+i] * cos[k*n+i]
				}
				if k == 0 {
					sum /= 2
				}
				out[k*n+j] = sum * 2 / float64(n)
			}
		}
		return out
	}
	return pass(pass(values))
}

// maxTerms is the most terms per axis: the largest order, and one more that integration adds.
const maxTerms = 41

// at evaluates the surface.
func (f *surface) at(u, v float64) float64 {
	var buf [maxTerms]float64
	return clenshaw(f.collapse(2*v/f.h-1, buf[:]), 2*u/f.w-1)
}

// series is a Chebyshev series on [0, w].
type series struct {
	w    float64
	coef []float64
}

func (c series) at(u float64) float64 { return clenshaw(c.coef, 2*u/c.w-1) }

// row returns the surface at height v as a series in u.
func (f *surface) row(v float64) series {
	return series{f.w, f.collapse(2*v/f.h-1, make([]float64, f.n))}
}

// collapse evaluates the polynomials in t ∈ [−1, 1]; buf holds the result.
func (f *surface) collapse(t float64, buf []float64) []float64 {
	var b1, b2 [maxTerms]float64
	n := f.n
	for j := n - 1; j > 0; j-- {
		coef := f.coef[j*n : j*n+n]
		for i, c := range coef {
			b1[i], b2[i] = c+2*t*b1[i]-b2[i], b1[i]
		}
	}
	for i := range n {
		buf[i] = f.coef[i] + t*b1[i] - b2[i]
	}
	return buf[:n]
}

func clenshaw(coef []float64, x float64) float64 {
	b1, b2 := 0.0, 0.0
	for k := len(coef) - 1; k > 0; k-- {
		b1, b2 = coef[k]+2*x*b1-b2, b1
	}
	return coef[0] + x*b1 - b2
}

// integral returns the series of the integral from 0: F(0) = 0.
func (c series) integral() series {
	n := len(c.coef)
	get := func(k int) float64 {
		if k < n {
			return c.coef[k]
		}
		return 0
	}
	out := make([]float64, n+1)
	for k := 1; k <= n; k++ {
		lower := get(k - 1)
		if k == 1 {
			lower *= 2
		}
		out[k] = (lower - get(k+1)) / float64(2*k) * c.w / 2
	}
	sign := 1.0
	for k := 1; k <= n; k++ { // so that F is 0 at x = −1
		sign = -sign
		out[0] -= sign * out[k]
	}
	return series{c.w, out}
}

// integralV returns the surface of the integral over v from 0: F(u, 0) = 0.
func (f *surface) integralV() surface {
	n := f.n
	out := surface{w: f.w, h: f.h, n: n + 1, coef: make([]float64, (n+1)*(n+1))}
	column := make([]float64, n)
	for i := range n {
		for j := range n {
			column[j] = f.coef[j*n+i]
		}
		for j, c := range (series{f.h, column}).integral().coef {
			out.coef[j*(n+1)+i] = c
		}
	}
	return out
}

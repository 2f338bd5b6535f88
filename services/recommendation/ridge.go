package recommendation

import (
	"math"
	"slices"
	"time"
)

// solve computes a good's neighbours j: w of (G_NN + λI) w = G_Nj, over the goods N with the largest G_ij²/G_ii.
func (m Model) solve(id int32, lambda float64) []Neighbour {
	g := m.goods[id]
	type candidate struct {
		pair
		score float64
	}
	near, least := make([]candidate, 0, neighbours+1), 0.0
	for _, p := range g.pairs {
		score := float64(p.weight*p.weight) / m.goods[p.id].mass
		if score <= least {
			continue
		}
		at := len(near)
		for at > 0 && near[at-1].score < score {
			at--
		}
		if near = slices.Insert(near, at, candidate{p, score}); len(near) > neighbours {
			near = near[:neighbours]
			least = near[neighbours-1].score
		}
	}
	n := len(near)
	if n == 0 {
		return nil
	}
	slices.SortFunc(near, func(a, b candidate) int { return int(a.id) - int(b.id) })
	a, w := make([]float64, n*n), make([]float64, n)
	for i, c := range near {
		other := m.goods[c.id]
		a[i*n+i], w[i] = other.mass+lambda, c.weight
		rest := other.pairs // both lists are in the order of ids
		for k := 0; k < i && len(rest) > 0; k++ {
			rest = rest[find(rest, near[k].id):]
			if len(rest) > 0 && rest[0].id == near[k].id {
				a[i*n+k] = rest[0].weight
			}
		}
	}
	cholesky(a, w)
	list := make([]Neighbour, 0, n)
	for i, c := range near {
		list = append(list, Neighbour{m.goods[c.id].sku, rounded(w[i])})
	}
	return list
}

// cholesky solves a x = b for a symmetric matrix of which it reads the lower half; x replaces b. The ridge makes the matrix
// positive definite but for weights of far-off times; a pivot that is not is left out.
func cholesky(a, b []float64) {
	n := len(b)
	for i := range n {
		for k := 0; k <= i; k++ {
			sum := a[i*n+k]
			for j := range k {
				sum -= float64(a[i*n+j] * a[k*n+j])
			}
			switch {
			case k < i && a[k*n+k] == 0:
				a[i*n+k] = 0
			case k < i:
				a[i*n+k] = sum / a[k*n+k]
			case sum > 0:
				a[i*n+i] = math.Sqrt(sum)
			default:
				a[i*n+i] = 0
			}
		}
	}
	divide := func(i int) {
		if a[i*n+i] == 0 {
			b[i] = 0
			return
		}
		b[i] /= a[i*n+i]
	}
	for i := range n {
		for j := range i {
			b[i] -= float64(a[i*n+j] * b[j])
		}
		divide(i)
	}
	for i := n - 1; i >= 0; i-- {
		for j := i + 1; j < n; j++ {
			b[i] -= float64(a[j*n+i] * b[j])
		}
		divide(i)
	}
}

// rounded keeps six decimals: rows stay short, and no list changes its order by less.
func rounded(w float64) float64 { return math.Round(w*1e6) / 1e6 }

// epoch is where exponents are 0. A float64 has room for three hundred years of them.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// steps of a half-life into which times are rounded, so that a table is enough: standard functions differ between CPUs.
const steps = 240

var fractions = func() (list [steps]float64) {
	const step = 1.0028922878693671 // 2^(1/240)
	list[0] = 1
	for i := 1; i < steps; i++ {
		list[i] = list[i-1] * step
	}
	return list
}()

// weightAt is 2^(t/halfLife).
func weightAt(t time.Time, halfLife time.Duration) float64 {
	seconds := t.Unix() - epoch.Unix()
	step := int64(halfLife/time.Second) / steps
	n := seconds / step
	if seconds%step < 0 {
		n--
	}
	whole, part := n/steps, n%steps
	if part < 0 {
		whole, part = whole-1, part+steps
	}
	return math.Ldexp(fractions[part], int(max(min(whole, 900), -900)))
}

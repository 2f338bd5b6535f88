package picture

import (
	"math"
	"slices"
	"time"
)

func sortTimes(times []time.Time) {
	slices.SortFunc(times, func(a, b time.Time) int { return a.Compare(b) })
}

// ticks returns round times, at most so many.
func ticks(from, to time.Time, most int) (all []time.Time) {
	const minute = time.Minute
	steps := []time.Duration{15 * time.Second, 30 * time.Second, minute, 2 * minute, 5 * minute, 15 * minute, time.Hour}
	for _, step := range steps {
		if to.Sub(from) > time.Duration(most)*step {
			continue
		}
		for at := from.Truncate(step).Add(step); at.Before(to); at = at.Add(step) {
			all = append(all, at)
		}
		break
	}
	return all
}

// axis is the range of values of a chart, from bottom to top.
type axis struct {
	bottom, top float64
	log         bool
	ticks       []float64
}

// place returns the position of a value, between 0 and 1.
func (a axis) place(v float64) float64 {
	if a.log {
		return math.Max(0, (math.Log10(math.Max(v, a.bottom))-math.Log10(a.bottom))/(math.Log10(a.top)-math.Log10(a.bottom)))
	}
	return math.Min(1, math.Max(0, (v-a.bottom)/(a.top-a.bottom)))
}

// axis finds round ends for the values of the curves.
func (p panel) axis(all []curve, stacked bool) axis {
	most, least := 0.0, math.Inf(1)
	note := func(v float64) {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			most = math.Max(most, v)
			if v > 0 {
				least = math.Min(least, v)
			}
		}
	}
	for _, one := range all {
		for _, s := range one.points {
			note(s.Value)
		}
	}
	if stacked {
		_, all := sums(all)
		for _, sum := range all {
			for _, v := range sum {
				note(v)
			}
		}
	}
	if most == 0 {
		return axis{0, 1, false, []float64{0, 1}}
	}
	if p.FieldConfig.Defaults.Custom.ScaleDistribution.Type == "log" {
		a := axis{bottom: math.Pow(10, math.Floor(math.Log10(least))), top: math.Pow(10, math.Ceil(math.Log10(most))), log: true}
		if a.top <= a.bottom {
			a.top = 10 * a.bottom
		}
		for t := a.bottom; t <= a.top*1.001; t *= 10 {
			a.ticks = append(a.ticks, t)
		}
		return a
	}
	base := 10.0
	if p.FieldConfig.Defaults.Unit == "bytes" {
		base = 2
	}
	size := math.Pow(base, math.Floor(math.Log(most/4)/math.Log(base)))
	for _, factor := range []float64{1, 2, 2.5, 5, 10} {
		if factor*size*4 >= most*.999 {
			size *= factor
			break
		}
	}
	a := axis{top: size * math.Ceil(most/size-1e-9)}
	for t := 0.0; t <= a.top*1.001; t += size {
		a.ticks = append(a.ticks, t)
	}
	return a
}

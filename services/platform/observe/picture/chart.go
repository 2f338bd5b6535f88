package picture

import (
	"image/color"
	"math"
	"time"

	"orderflow.example/services/platform/observe/prometheus"
)

// chart draws lines, or stacked areas, with axes, thresholds and a legend.
func (p panel) chart(c *canvas, in box, all []curve, from, to time.Time) {
	plot := box{in.x + 68, in.y + 6, in.w - 80, in.h - 32}
	plot.h -= p.legend(c, box{in.x + 10, in.y, in.w - 20, in.h}, all)
	stacked := p.FieldConfig.Defaults.Custom.Stacking.Mode == "normal"
	y := p.axis(all, stacked)
	for _, tick := range y.ticks {
		at := plot.y + plot.h*(1-y.place(tick))
		c.stroke(plot.x, at, plot.x+plot.w, at, grid)
		c.right(p.format(tick), plot.x-6, at+4, 11, faint)
	}
	span := to.Sub(from)
	for _, tick := range ticks(from, to, int(plot.w/70)) {
		at := plot.x + plot.w*float64(tick.Sub(from))/float64(span)
		c.stroke(at, plot.y, at, plot.y+plot.h, grid)
		c.font(regular, 11)
		c.SetColor(faint)
		c.DrawStringAnchored(tick.UTC().Format("15:04:05"), at, plot.y+plot.h+14, .5, 0)
	}
	place := func(s prometheus.Sample) (float64, float64) {
		return plot.x + plot.w*float64(s.At.Sub(from))/float64(span), plot.y + plot.h*(1-y.place(s.Value))
	}
	if stacked {
		stack(c, all, place)
	} else {
		for i, one := range all {
			draw(c, one.points, place, palette[i%len(palette)])
		}
	}
	p.limits(c, plot, y)
}

// draw draws a line, broken where there is no value.
func draw(c *canvas, points []prometheus.Sample, place func(prometheus.Sample) (float64, float64), with color.Color) {
	c.SetColor(with)
	c.SetLineWidth(1.5)
	drawing := false
	for i, s := range points {
		if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) || i > 0 && s.At.Sub(points[i-1].At) > 2*step(points) {
			c.Stroke()
			drawing = false
			if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
				continue
			}
		}
		if x, y := place(s); drawing {
			c.LineTo(x, y)
		} else {
			c.MoveTo(x, y)
			drawing = true
		}
	}
	c.Stroke()
}

// step is the shortest time between two points.
func step(points []prometheus.Sample) time.Duration {
	shortest := time.Hour
	for i := 1; i < len(points); i++ {
		shortest = min(shortest, points[i].At.Sub(points[i-1].At))
	}
	return shortest
}

// stack draws stacked areas, the last on top.
func stack(c *canvas, all []curve, place func(prometheus.Sample) (float64, float64)) {
	times, sums := sums(all)
	for i := len(all) - 1; i >= 0; i-- {
		if len(times) < 2 {
			return
		}
		with := palette[i%len(palette)]
		below := make([]float64, len(times))
		if i > 0 {
			below = sums[i-1]
		}
		for k, at := range times {
			x, y := place(prometheus.Sample{At: at, Value: sums[i][k]})
			if k == 0 {
				c.MoveTo(x, y)
			} else {
				c.LineTo(x, y)
			}
		}
		for k := len(times) - 1; k >= 0; k-- {
			c.LineTo(place(prometheus.Sample{At: times[k], Value: below[k]}))
		}
		c.ClosePath()
		c.SetColor(veiled(with, .55))
		c.Fill()
		line := make([]prometheus.Sample, len(times))
		for k, at := range times {
			line[k] = prometheus.Sample{At: at, Value: sums[i][k]}
		}
		draw(c, line, place, with)
	}
}

// sums are the cumulative values of the curves, at all times of any curve.
func sums(all []curve) (times []time.Time, sums [][]float64) {
	seen := map[time.Time]bool{}
	for _, one := range all {
		for _, s := range one.points {
			if !seen[s.At] {
				seen[s.At] = true
				times = append(times, s.At)
			}
		}
	}
	sortTimes(times)
	below := make([]float64, len(times))
	for _, one := range all {
		values := map[time.Time]float64{}
		for _, s := range one.points {
			if !math.IsNaN(s.Value) {
				values[s.At] = s.Value
			}
		}
		sum := make([]float64, len(times))
		for k, at := range times {
			sum[k] = below[k] + values[at]
		}
		sums, below = append(sums, sum), sum
	}
	return times, sums
}

// limits draws the thresholds within the axis.
func (p panel) limits(c *canvas, plot box, y axis) {
	if p.FieldConfig.Defaults.Custom.ThresholdsStyle.Mode == "" {
		return
	}
	for _, s := range p.FieldConfig.Defaults.Thresholds.Steps {
		if s.Value == nil || *s.Value > y.top || s.Color == "green" {
			continue
		}
		at := plot.y + plot.h*(1-y.place(*s.Value))
		c.stroke(plot.x, at, plot.x+plot.w, at, veiled(named[s.Color], .8), 6, 4)
	}
}

// legend names the curves below the chart, in at most three lines, and returns their height.
func (p panel) legend(c *canvas, in box, all []curve) float64 {
	const most, high = 3, 15.0
	type entry struct {
		x, row float64
		i      int
	}
	var entries []entry
	x, row, left := 0.0, 0.0, 0
	c.font(regular, 11)
	for i, one := range all {
		w := width(c, one.name) + 26
		if x > 0 && x+w > in.w {
			x, row = 0, row+1
		}
		if row >= most {
			left = len(all) - i
			break
		}
		entries = append(entries, entry{x, row, i})
		x += w
	}
	rows := math.Min(row+1, most)
	top := in.y + in.h - rows*high - 2
	for _, e := range entries {
		at := top + e.row*high
		c.fill(in.x+e.x, at+7, 12, 3, palette[e.i%len(palette)])
		c.text(all[e.i].name, in.x+e.x+16, at+12, 11, regular, faint)
	}
	if left > 0 {
		c.right("…", in.x+in.w, top+rows*high-3, 11, faint)
	}
	return rows * high
}

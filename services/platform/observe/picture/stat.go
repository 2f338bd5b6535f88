package picture

import (
	"image/color"
	"math"

	"orderflow.example/services/platform/observe/prometheus"
)

// stat draws the last value large, in the colour of its threshold, over its course.
func (p panel) stat(c *canvas, in box, all []curve) {
	for i, one := range all {
		part := box{in.x + float64(i)*in.w/float64(len(all)), in.y, in.w / float64(len(all)), in.h}
		value, known := last(one.points)
		if !known {
			c.middle("–", part, 24, faint)
			continue
		}
		with := p.colour(value)
		p.spark(c, part, one.points, with)
		text := p.format(value)
		if name := one.name; len(name) == 3 && name == upper(name) { // a currency
			text = name + " " + text
		}
		size := 26.0
		for c.font(bold, size); size > 12; size-- {
			if c.font(bold, size); width(c, text) < part.w-16 {
				break
			}
		}
		c.middle(text, box{part.x, part.y - 8, part.w, part.h}, size, with)
	}
}

func width(c *canvas, s string) float64 { w, _ := c.MeasureString(s); return w }

func upper(s string) string {
	for _, r := range s {
		if r < 'A' || r > 'Z' {
			return ""
		}
	}
	return s
}

func last(points []prometheus.Sample) (float64, bool) {
	for i := len(points) - 1; i >= 0; i-- {
		if v := points[i].Value; !math.IsNaN(v) && !math.IsInf(v, 0) {
			return v, true
		}
	}
	return 0, false
}

// spark draws the sparkline behind a number.
func (p panel) spark(c *canvas, in box, points []prometheus.Sample, with color.RGBA) {
	top := 0.0
	for _, s := range points {
		if !math.IsNaN(s.Value) {
			top = math.Max(top, s.Value)
		}
	}
	if top == 0 || len(points) < 2 {
		return
	}
	base, height := in.y+in.h-2, in.h*.4
	from, span := points[0].At, points[len(points)-1].At.Sub(points[0].At).Seconds()
	c.MoveTo(in.x, base)
	for _, s := range points {
		v := s.Value
		if math.IsNaN(v) {
			v = 0
		}
		c.LineTo(in.x+in.w*s.At.Sub(from).Seconds()/span, base-height*v/top)
	}
	c.LineTo(in.x+in.w, base)
	c.ClosePath()
	c.SetColor(veiled(with, .22))
	c.Fill()
}

// colour returns the colour of the highest threshold reached.
func (p panel) colour(value float64) color.RGBA {
	with := named["green"]
	for _, s := range p.FieldConfig.Defaults.Thresholds.Steps {
		if s.Value == nil || value >= *s.Value {
			with = named[s.Color]
		}
	}
	return with
}

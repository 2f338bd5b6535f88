// Package picture draws dashboards: the panels of a dashboard's JSON, in its layout, with a Prometheus's answers to their
// queries. It only resembles Grafana: enough to judge titles, units and shapes without one.
package picture

import (
	"encoding/json"
	"fmt"
	"image"
	"strings"
	"time"

	"git.sr.ht/~sbinet/gg"

	"orderflow.example/services/platform/observe/prometheus"
)

// Answer answers a query of a panel.
type Answer func(expr string) ([]prometheus.Series, error)

type dashboard struct {
	Title  string
	Panels []panel
}

type panel struct {
	Type        string
	Title       string
	GridPos     struct{ H, W, X, Y int }
	Targets     []struct{ Expr, LegendFormat string }
	FieldConfig struct {
		Defaults struct {
			Unit       string
			Thresholds struct {
				Steps []struct {
					Value *float64
					Color string
				}
			}
			Custom struct {
				Stacking          struct{ Mode string }
				ScaleDistribution struct{ Type string }
				ThresholdsStyle   struct{ Mode string }
			}
		}
	}
}

// The sizes of a picture, in pixels.
const (
	column = 50 // of 24
	line   = 30 // of Grafana's grid
	gap    = 6
	head   = 44
)

// Dashboard draws the dashboard of the JSON over a range of time.
func Dashboard(text []byte, about string, answer Answer, from, to time.Time) (image.Image, error) {
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	lines := 0
	for _, p := range d.Panels {
		lines = max(lines, p.GridPos.Y+p.GridPos.H)
	}
	c := &canvas{gg.NewContext(24*column+gap, head+lines*line+gap)}
	c.fill(0, 0, float64(c.Width()), float64(c.Height()), page)
	c.text(d.Title, 12, 28, 18, bold, bright)
	c.right(about, float64(c.Width())-12, 28, 12, faint)
	for _, p := range d.Panels {
		x, y := float64(p.GridPos.X*column+gap), float64(head+p.GridPos.Y*line)
		w, h := float64(p.GridPos.W*column-gap), float64(p.GridPos.H*line-gap)
		if p.Type == "row" {
			c.text("▾ "+p.Title, x, y+17, 14, bold, bright)
			continue
		}
		c.fill(x, y, w, h, board)
		c.text(c.fit(p.Title, w-20, 13), x+10, y+20, 13, bold, bright)
		all, err := p.ask(answer)
		if err != nil {
			return nil, err
		}
		switch area := (box{x, y + 28, w, h - 28}); {
		case len(all) == 0:
			c.middle("–", area, 22, faint)
		case p.Type == "stat":
			p.stat(c, area, all)
		default:
			p.chart(c, area, all, from, to)
		}
	}
	return c.Image(), nil
}

// line is one line of a panel.
type curve struct {
	name   string
	points []prometheus.Sample
}

func (p panel) ask(answer Answer) (all []curve, err error) {
	for _, t := range p.Targets {
		found, err := answer(t.Expr)
		if err != nil {
			return nil, fmt.Errorf("picture: %s: %w", p.Title, err)
		}
		for _, s := range found {
			name := t.LegendFormat
			for label, value := range s.Labels {
				name = strings.ReplaceAll(name, "{{"+label+"}}", value)
			}
			all = append(all, curve{name, s.Samples})
		}
	}
	return all, nil
}

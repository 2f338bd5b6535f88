package stories

import (
	"slices"
	"strings"

	"orderflow.example/services/platform/check/choreography"
	"orderflow.example/services/platform/services"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/saga/explore"
)

// line is one step of a story: service, trigger and reaction, as in the table of the choreography.
type line struct{ service, on, does, says, order string }

func lineOf(p explore.Possible) line {
	l := line{service: p.Machine.String()}
	var rows []string
	for _, r := range p.Machine.Rows {
		if r.On.Name() == p.On.Type && causes(r.Form, p.Form) {
			on, does := choreography.Line(p.Machine, r)
			l.on, rows = on, append(rows, does)
		}
	}
	if p.Who != "" {
		rows = append(rows, "*"+p.Who+"*")
	}
	l.does = strings.Join(rows, "; ")
	var says []string
	for _, e := range p.Says {
		says = append(says, "`"+strings.TrimPrefix(bare(e.Type), p.Machine.Service+".")+"`")
	}
	l.says = strings.Join(says, ", ")
	return l
}

// causes reports whether rows of this form lead to steps of that form.
func causes(row saga.Form, step string) bool {
	switch step {
	case "hears":
		return row == saga.Reaction
	case "expires":
		return row == saga.Deadline
	}
	return row == saga.Calling
}

// leadsOn reports whether a service reacts to the event, or it moves money or goods.
func leadsOn(p explore.Possible) bool {
	return slices.ContainsFunc(p.Says, func(e saga.Event) bool {
		for _, app := range services.All {
			if app.Name == p.Machine.Service && app.Model.Event != nil && app.Model.Event(e) != nil {
				return true
			}
			for _, m := range app.Model.Machines {
				for _, r := range m.Rows {
					if r.On.Name() == e.Type && r.Form != saga.Projection {
						return true
					}
				}
			}
		}
		return false
	})
}

func bare(event string) string { return strings.TrimSuffix(event, ".v1") }

package choreography

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"orderflow.example/shared/saga"
)

// Table returns the choreography as a Markdown table. Rows of a service that differ only in their trigger share a line.
func (c Choreography) Table() string {
	var b strings.Builder
	b.WriteString("| service | on | does | → emits |\n|---|---|---|---|\n")
	for _, m := range c.Machines {
		name := "**" + m.Service + "**"
		if m.Key != saga.Order && m.Key != "" {
			name += " (" + string(m.Key) + ")"
		}
		for _, l := range m.lines() {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, strings.Join(l.on, ", "), l.does, l.emits)
			name = ""
		}
	}
	return b.String()
}

type line struct {
	on          []string
	does, emits string
}

func (m Machine) lines() (lines []line) {
	for _, r := range m.Rows {
		on := m.code(r.On)
		if r.Command {
			on = "*" + r.On + "*"
		}
		does, emits := m.does(r), strings.Join(m.codes(r.Emits), " / ")
		same := slices.IndexFunc(lines, func(l line) bool { return l.does == does && l.emits == emits })
		if same >= 0 {
			lines[same].on = append(lines[same].on, on)
			continue
		}
		lines = append(lines, line{[]string{on}, does, emits})
	}
	return lines
}

// Line returns the cells of a machine's row: the trigger, and the reaction.
func Line(m *saga.Machine, r saga.Row) (on, does string) {
	described := Describe(m).Machines[0]
	l := row(r)
	if on = described.code(l.On); l.Command {
		on = "*" + l.On + "*"
	}
	return on, described.does(l)
}

func (m Machine) does(r Row) string {
	var words []string
	switch r.Form {
	case "on":
		if len(r.Compensates) == 0 {
			words = append(words, "decides")
		}
	case "call":
		words = append(words, "asks "+r.Asks+m.unless(r))
	case "after":
		when := duration(r.After) + " later"
		if r.At {
			when = "at the time it carries"
		}
		words = append(words, when+m.unless(r))
	case "show":
		if r.Spreads {
			words = append(words, "shows it wherever it names")
		} else {
			words = append(words, "shows it")
		}
	case "known":
		words = append(words, "keeps the latest")
	}
	for _, known := range r.Knows {
		words = append(words, "looks up "+m.code(known))
	}
	for _, e := range r.Emits {
		if slices.Contains(m.Numbered, e) {
			words = append(words, "numbers "+m.code(e))
		}
	}
	if len(r.Compensates) > 0 {
		words = append(words, "undoes "+strings.Join(m.codes(r.Compensates), ", "))
	}
	if len(r.Past) > 0 {
		words = append(words, "only past "+strings.Join(m.codes(r.Past), " or "))
	}
	if len(r.Pivot) > 0 {
		words = append(words, "**the pivot**")
	}
	return strings.Join(words, "; ")
}

func (m Machine) unless(r Row) string {
	if len(r.Unless) == 0 {
		return ""
	}
	return ", unless " + strings.Join(m.codes(r.Unless), " or ")
}

func (m Machine) code(event string) string { return "`" + short(m.Service, event) + "`" }

func (m Machine) codes(events []string) (list []string) {
	for _, e := range events {
		list = append(list, m.code(e))
	}
	return list
}

// duration formats a duration for people: "7 days", "2 minutes".
func duration(text string) string {
	d, err := time.ParseDuration(text)
	if err != nil {
		return text
	}
	for _, unit := range []struct {
		name string
		of   time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		if n := d / unit.of; n > 0 && d%unit.of == 0 && (n > 1 || unit.name != "day") {
			if n == 1 {
				return "1 " + unit.name
			}
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	return text
}

package observe

// Dashboard is one page of panels.
type Dashboard struct {
	Name    string // of its file and its address
	Title   string
	About   string
	Service bool // about one service, chosen by a variable
	Rows    []Row
}

// Row is a line of panels, which share its width by their spans.
type Row struct {
	Title  string // "" for none
	Panels []Panel
}

// Panel answers one question.
type Panel struct {
	Asks    string // the title
	Do      string // what to do when it looks bad
	Kind    Kind
	Unit    string // Grafana's name of it
	Span    int    // of 24
	Queries []Query
	Good    float64 // threshold of yellow, with Bad that of red
	Bad     float64
	Low     bool   // low is bad
	Limits  bool   // Good and Bad are set
	Alert   string // the alert about it
	Log     bool   // on a logarithmic scale

	// Empty is why there may legitimately be no data.
	Empty string
}

// Kind is a panel's kind of visualisation.
type Kind int

const (
	Lines Kind = iota
	Areas      // stacked
	Number
)

// Query is an expression of a panel: a line for each series.
type Query struct {
	Expr   string
	Legend string // of its labels: "{{service}}"
}

// The units of panels, by Grafana's names.
const (
	seconds     = "s"
	percent     = "percentunit"
	perMinuteOf = "suffix: /min"
	perSecondOf = "suffix: /s"
	number      = "short"
	bytes       = "bytes"
	amount      = "locale"
)

// Dashboards returns all dashboards.
func Dashboards() []Dashboard {
	return []Dashboard{pipeline(), delivery(), oneService(), business(), decisions()}
}

func lines(asks string, span int, unit, do string, queries ...Query) Panel {
	return Panel{Asks: asks, Span: span, Unit: unit, Do: do, Queries: queries}
}

func areas(asks string, span int, unit, do string, queries ...Query) Panel {
	p := lines(asks, span, unit, do, queries...)
	p.Kind = Areas
	return p
}

func stat(asks string, span int, unit, do string, queries ...Query) Panel {
	p := lines(asks, span, unit, do, queries...)
	p.Kind = Number
	return p
}

// limit sets the thresholds: bad is above, or if good is the larger, below.
func (p Panel) limit(good, bad float64) Panel {
	p.Good, p.Bad, p.Limits, p.Low = good, bad, true, bad < good
	return p
}

func (p Panel) alerts(name string) Panel {
	p.Alert = name
	return p
}

func (p Panel) mayBeEmpty(why string) Panel {
	p.Empty = why
	return p
}

func (p Panel) logarithmic() Panel {
	p.Log = true
	return p
}

package parked

import (
	"fmt"
	"strings"
)

// Kind says what sort of mistake a Refusal is about.
type Kind int

// The kinds of refusals.
const (
	Invalid  Kind = iota // the request can never be carried out
	NotFound             // what it is about is not there, or not any more
	Conflict             // the present state does not allow it
)

// Refusal is the answer to a request that is not carried out; nothing of it was. Its texts repeat nothing of the request.
type Refusal struct {
	Kind   Kind
	Slug   string // stable name: "redrive-running"
	Detail string // what is wrong and what to do
	Faults []Fault
}

// Fault is one mistake in a request and its place, as in "orders[2]".
type Fault struct {
	Location string
	Detail   string
}

func (r *Refusal) Error() string {
	parts := make([]string, 0, len(r.Faults)+1)
	for _, f := range r.Faults {
		parts = append(parts, f.Location+": "+f.Detail)
	}
	if r.Detail != "" && (len(parts) == 0 || r.Kind != Invalid) {
		parts = append([]string{r.Detail}, parts...)
	}
	return strings.Join(parts, "; ")
}

func refuse(kind Kind, slug, detail string, args ...any) *Refusal {
	return &Refusal{Kind: kind, Slug: slug, Detail: fmt.Sprintf(detail, args...)}
}

// faults gathers what is wrong with a request.
type faults []Fault

func (f *faults) add(location, detail string, args ...any) {
	*f = append(*f, Fault{location, fmt.Sprintf(detail, args...)})
}

// err is nil where nothing was added.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return &Refusal{Kind: Invalid, Slug: "invalid", Detail: "the request is not valid; errors lists every fault", Faults: f}
}

const maxReason = 500

// reasonFault is what is wrong with the reason an operator gives; empty where nothing is.
func reasonFault(reason string, needed bool) string {
	switch {
	case needed && strings.TrimSpace(reason) == "":
		return "say why: what is given up is not processed again"
	case len(reason) > maxReason:
		return fmt.Sprintf("want at most %d bytes", maxReason)
	case strings.ContainsFunc(reason, func(r rune) bool { return r < ' ' || r == '\uFFFD' }):
		return "want one line of text"
	}
	return ""
}

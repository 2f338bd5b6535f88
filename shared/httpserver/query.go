package httpserver

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// Query reads the parameters of a list and collects their faults.
type Query struct {
	*gin.Context
	faults []Fault
}

// NewQuery returns the query of a list with these filters beside limit and cursor. Any other parameter is refused, so
// that a misspelt filter is not ignored.
func NewQuery(c *gin.Context, filters ...string) *Query {
	q := &Query{Context: c}
	for name, values := range c.Request.URL.Query() {
		switch place := "query." + FieldName(name); {
		case name != "limit" && name != "cursor" && !slices.Contains(filters, name):
			q.faults = append(q.faults, Fault{Detail: "this list does not have such a parameter", Location: place})
		case len(values) > 1:
			q.faults = append(q.faults, Fault{Detail: "want the parameter once", Location: place})
		}
	}
	return q
}

// Fault adds a fault of a parameter.
func (q *Query) Fault(name, detail string) {
	q.faults = AddFaults(q.faults, Fault{Detail: detail, Location: "query." + name})
}

// Limit is the most items that a page may hold: standard by default, most at most.
func (q *Query) Limit(standard, most int) int {
	text, given := q.GetQuery("limit")
	if !given {
		return standard
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		q.Fault("limit", "want a number from 1 to "+strconv.Itoa(most))
	}
	return n
}

// OneOf is a filter that has one of these values, empty if it is missing or empty.
func (q *Query) OneOf(name string, values ...string) string {
	text := q.Query(name)
	if text != "" && !slices.Contains(values, text) {
		q.Fault(name, "want one of "+strings.Join(values, ", "))
	}
	return text
}

// YesOrNo is a filter of true and false, nil if it is missing or empty.
func (q *Query) YesOrNo(name string) *bool {
	text := q.Query(name)
	if text == "" {
		return nil
	}
	yes := text == "true"
	if !yes && text != "false" {
		q.Fault(name, "want true or false")
	}
	return &yes
}

// Yes tells whether a filter is true.
func (q *Query) Yes(name string) bool {
	yes := q.YesOrNo(name)
	return yes != nil && *yes
}

// Several is a filter of at most so many values, separated by commas; nil if it is missing or empty.
func (q *Query) Several(name string, most int) []string {
	text := q.Query(name)
	if text == "" {
		return nil
	}
	values := strings.Split(text, ",")
	if len(values) > most {
		q.Fault(name, "want at most "+strconv.Itoa(most)+" values, separated by commas")
	}
	return values
}

// Time is a filter of a moment, zero if it is missing or empty.
func (q *Query) Time(name string) time.Time {
	text := q.Query(name)
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		q.Fault(name, "want a time as 2030-01-02T15:04:05Z")
	}
	return at
}

// Cursor decodes the position at which a page begins into the value that position points to.
func (q *Query) Cursor(position any) (given bool) {
	text := q.Query("cursor")
	if text == "" {
		return false
	}
	if err := DecodeCursor(text, position); err != nil {
		q.Fault("cursor", err.Error())
	}
	return true
}

// Refused answers with the faults, if there are any.
func (q *Query) Refused() bool {
	if q.faults == nil {
		return false
	}
	WriteProblem(q.Context, Invalid(q.faults...))
	return true
}

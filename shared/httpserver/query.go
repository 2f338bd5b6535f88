package httpserver

import (
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
)

// Query reads the parameters of a list and gathers what is wrong with them.
type Query struct {
	*gin.Context
	faults []Fault
}

// NewQuery is the query of a list with these filters beside limit and cursor. Any other parameter is refused, so that a
// misspelt filter does not pass for none.
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

// Fault notes what is wrong with a parameter.
func (q *Query) Fault(name, detail string) {
	q.faults = AddFaults(q.faults, Fault{Detail: detail, Location: "query." + name})
}

// Limit is how many items a page may hold: standard where nothing is said, most at most.
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

// YesOrNo is a filter of true and false, nil where it is left out or empty.
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

// Cursor reads the position that a page goes on from into what position points to.
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

// Refused answers where something is wrong.
func (q *Query) Refused() bool {
	if q.faults == nil {
		return false
	}
	WriteProblem(q.Context, Invalid(q.faults...))
	return true
}

package compatibility

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// bound compares a minimum, or with the sign -1 a maximum; nil is none.
func (c *comparison) bound(place, word string, before, after *int64, sign int64) {
	if before == nil && after == nil || before != nil && after != nil && *before == *after {
		return
	}
	breaks := loosened
	if before == nil || after != nil && *after*sign > *before*sign {
		breaks = tightened
	}
	c.broken(place, fmt.Sprintf("its %s was %s and is %s: %s", word, number(before), number(after), breaks), "put it back")
}

func number(n *int64) string {
	if n == nil {
		return "none"
	}
	return strconv.FormatInt(*n, 10)
}

func text(pattern *string) string {
	if pattern == nil {
		return "none"
	}
	return *pattern
}

func sorted(properties map[string]*schema) []string {
	return slices.Sorted(maps.Keys(properties))
}

package audit

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"time"
)

// difference is the first field in which a live and a replayed state differ, with both values as text.
type difference struct{ path, live, replayed string }

func (d difference) String() string {
	if personal.MatchString(d.path) {
		return d.path + " is not in the row what the topics say"
	}
	return fmt.Sprintf("%s is %s in the row, %s by the topics", d.path, d.live, d.replayed)
}

// numbers are both values, where they are numbers.
func (d difference) numbers() (live, replayed *int64) {
	a, errA := strconv.ParseInt(d.live, 10, 64)
	b, errB := strconv.ParseInt(d.replayed, 10, 64)
	if errA != nil || errB != nil || personal.MatchString(d.path) {
		return nil, nil
	}
	return &a, &b
}

// differenceIn finds the first difference; its path is "" for equal states. nil and an empty list are equal, since rows do not
// distinguish them.
func differenceIn(live, replayed any) difference {
	if reflect.DeepEqual(live, replayed) {
		return difference{}
	}
	path, a, b := differ("", reflect.ValueOf(live), reflect.ValueOf(replayed))
	return difference{path, a, b}
}

// personal are fields whose values never appear in reports.
var personal = regexp.MustCompile(`ShipTo|Email|Token|CustomerID|Name|Line1|Line2|Postcode`)

var stamp = reflect.TypeFor[time.Time]()

// differ returns the path of the first difference and both values, as text.
func differ(path string, a, b reflect.Value) (where, left, right string) {
	found := func() (string, string, string) {
		if path == "" {
			path = "it"
		}
		return path, text(a), text(b)
	}
	if a.IsValid() != b.IsValid() || a.IsValid() && a.Type() != b.Type() {
		return found()
	}
	if !a.IsValid() {
		return "", "", ""
	}
	if a.Type() == stamp && a.CanInterface() {
		if !a.Interface().(time.Time).Equal(b.Interface().(time.Time)) {
			return found()
		}
		return "", "", ""
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if where, left, right = differ(join(path, a.Type().Field(i).Name), a.Field(i), b.Field(i)); where != "" {
				return where, left, right
			}
		}
		return "", "", ""
	case reflect.Slice, reflect.Array:
		if a.Len() != b.Len() {
			return join(path, "length"), strconv.Itoa(a.Len()), strconv.Itoa(b.Len())
		}
		for i := range a.Len() {
			if where, left, right = differ(fmt.Sprintf("%s[%d]", path, i), a.Index(i), b.Index(i)); where != "" {
				return where, left, right
			}
		}
		return "", "", ""
	case reflect.Map:
		if a.Len() != b.Len() {
			return join(path, "length"), strconv.Itoa(a.Len()), strconv.Itoa(b.Len())
		}
		for _, key := range a.MapKeys() {
			if where, left, right = differ(fmt.Sprintf("%s[%v]", path, key), a.MapIndex(key), b.MapIndex(key)); where != "" {
				return where, left, right
			}
		}
		return "", "", ""
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() {
			if a.IsNil() == b.IsNil() {
				return "", "", ""
			}
			return found()
		}
		return differ(path, a.Elem(), b.Elem())
	}
	if !a.Equal(b) {
		return found()
	}
	return "", "", ""
}

func join(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}

func text(v reflect.Value) string {
	switch {
	case !v.IsValid():
		return "nothing"
	case v.Kind() == reflect.String:
		return strconv.Quote(v.String())
	}
	s := fmt.Sprintf("%v", v)
	if len(s) > 120 {
		s = s[:120] + "…"
	}
	return s
}

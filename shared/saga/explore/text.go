package explore

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// text formats a value so that two values of one type have the same text only if they are equal. Fields that are zero are
// left out.
func text(v any) string {
	var b strings.Builder
	write(&b, reflect.ValueOf(v))
	return b.String()
}

var instant = reflect.TypeFor[time.Time]()

func write(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Invalid:
		b.WriteByte('-')
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			b.WriteByte('-')
			return
		}
		b.WriteByte('&')
		if v.Kind() == reflect.Interface {
			b.WriteString(v.Elem().Type().String())
		}
		write(b, v.Elem())
	case reflect.Struct:
		if v.Type() == instant && v.CanInterface() {
			b.WriteString(v.Interface().(time.Time).UTC().Format(time.RFC3339Nano))
			return
		}
		b.WriteByte('{')
		first := true
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				continue
			}
			if !first {
				b.WriteByte(' ')
			}
			first = false
			b.WriteString(v.Type().Field(i).Name)
			b.WriteByte(':')
			write(b, v.Field(i))
		}
		b.WriteByte('}')
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.IsNil() {
			b.WriteByte('-')
			return
		}
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(' ')
			}
			write(b, v.Index(i))
		}
		b.WriteByte(']')
	case reflect.Map:
		var pairs []string
		for _, k := range v.MapKeys() {
			var pair strings.Builder
			write(&pair, k)
			pair.WriteByte(':')
			write(&pair, v.MapIndex(k))
			pairs = append(pairs, pair.String())
		}
		slices.Sort(pairs)
		b.WriteString("map[" + strings.Join(pairs, " ") + "]")
	case reflect.String:
		if s := v.String(); plain(s) {
			b.WriteString(s)
		} else {
			b.WriteString(strconv.Quote(s))
		}
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		panic(fmt.Sprintf("explore: a state holds a %s: only values can be compared", v.Type()))
	default:
		fmt.Fprint(b, v)
	}
}

// plain tells whether a text needs no quotes.
func plain(s string) bool {
	return s != "" && s != "-" && strings.IndexFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.@#/", r)
	}) < 0
}

package contract_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/saga/contract"
)

type line struct {
	Name  string `json:"name" schema:"min=2"`
	Count int64  `json:"count" schema:"min=1"`
}

type order struct {
	Lines   []line   `json:"lines" schema:"min=1"`
	Country string   `json:"country" schema:"pattern=^[A-Z]{2}$"`
	Policy  string   `json:"policy" schema:"enum=all|some"`
	Paid    bool     `json:"paid"`
	Rules   []string `json:"rules"`
	First   *line    `json:"first,omitempty"`
	Email   string   `json:"email,omitempty" x:"personal"`
}

const good = `{"lines":[{"name":"ab","count":1}],"country":"GB","policy":"all","paid":false,"rules":null}`

func of[T any](t *testing.T) *contract.Contract {
	t.Helper()
	c, err := contract.Of(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnErrorNamesThePlaceAndRepeatsNoValue(t *testing.T) {
	t.Parallel()
	c := of[order](t)
	for _, test := range []struct{ old, new, want string }{
		{`"count":1`, `"count":0`, "lines[0].count: is below 1"},
		{`"count":1`, `"count":9007199254740992`, "lines[0].count: is above 9007199254740991"},
		{`"count":1`, `"count":1.0`, "lines[0].count: want an integer in digits alone"},
		{`"count":1`, `"count":1e3`, "lines[0].count: want an integer in digits alone"},
		{`"count":1`, `"count":"secret"`, "lines[0].count: want integer, not string"},
		{`"count":1`, `"count":1,"count":2`, "lines[0].count: is there twice"},
		{`"count":1`, `"count":1,"Name":"secret"`, "lines[0].name: its name is in another case"},
		{`,"count":1`, ``, "lines[0].count: is missing"},
		{`"ab"`, `"é"`, "lines[0].name: shorter than 2"},
		{`[{"name":"ab","count":1}]`, `[]`, "lines: 0 items are fewer than 1"},
		{`[{"name":"ab","count":1}]`, `null`, "lines: want array, not null"},
		{`"GB"`, `"secret"`, "country: does not match ^[A-Z]{2}$"},
		{`"all"`, `"secret"`, "policy: is none of all, some"},
		{`false`, `fals`, "paid: not JSON at byte 72"},
		{`}]`, `}],"first":{"name":"abc"}`, "first.count: is missing"},
		{`}]`, "}],\"email\":\"secret\xff\"", "email: not UTF-8"},
		{`}]`, `}],"email":null`, "email: want string, not null"},
		{`null}`, `null} secret`, "not JSON at byte 92"},
		{`null}`, `null`, "the JSON ends too early"},
	} {
		data := strings.Replace(good, test.old, test.new, 1)
		if err := c.CheckOpen([]byte(data)); err == nil || err.Error() != test.want {
			t.Errorf("%s\ngives %v\nwant  %s", data, err, test.want)
		}
	}
}

func TestOnlyAWriterIsHeldToKnownFields(t *testing.T) {
	t.Parallel()
	c := of[order](t)
	if err := c.CheckClosed([]byte(good)); err != nil {
		t.Error(err)
	}
	grown := strings.Replace(good, `"count":1`, `"count":1,"added":{"later":[1e3]}`, 1)
	if err := c.CheckOpen([]byte(grown)); err != nil {
		t.Error(err)
	}
	if err := c.CheckClosed([]byte(grown)); err == nil || err.Error() != `lines[0]: there is no field "added"` {
		t.Error(err)
	}
}

func TestOnlyDepthIsBounded(t *testing.T) {
	t.Parallel()
	c := of[order](t)
	with := func(unknown string) error {
		return c.CheckOpen([]byte(strings.Replace(good, `{"lines"`, `{"unknown":`+unknown+`,"lines"`, 1)))
	}
	if err := with(strings.Repeat("[", 9_999) + strings.Repeat("]", 9_999)); err != nil {
		t.Error(err)
	}
	if err := with(strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)); err == nil || err.Error() != "deeper than 10000" {
		t.Error(err)
	}
	if err := with("[" + strings.Repeat(`[],[[]],{},{"a":{}},`, 10_000) + "[]]"); err != nil {
		t.Error(err)
	}
}

func TestEscapesCountAsWhatTheyStandFor(t *testing.T) {
	t.Parallel()
	c := of[order](t)
	escaped := strings.NewReplacer("GB", `\u0047B`, "ab", `\ud83d\ude00\n`, `"paid"`, `"p\u0061id"`).Replace(good)
	if err := c.CheckClosed([]byte(escaped)); err != nil {
		t.Error(err)
	}
	if err := c.CheckOpen([]byte(strings.Replace(good, "ab", `\ud83d\ude00`, 1))); err == nil {
		t.Error("one character, written as two escapes, counts as two")
	}
}

func TestADeclarationThatCannotBeHeldIsRefused(t *testing.T) {
	t.Parallel()
	type recursive struct {
		Inner []recursive `json:"inner"`
	}
	for _, test := range []struct {
		payload any
		want    string
	}{
		{"text", "a payload is a struct"},
		{struct{ N int64 }{}, "want an exported field with a name of its own"},
		{struct {
			N int64 `json:"-"`
		}{}, "want an exported field with a name of its own"},
		{struct {
			N int64 `json:"n,string"`
		}{}, "want an exported field with a name of its own"},
		{struct {
			N int `json:"n"`
		}{}, "n: int: payloads are made of"},
		{struct {
			At time.Time `json:"at"`
		}{}, "at: time.Time has its own UnmarshalJSON or UnmarshalText"},
		{struct {
			Raw json.RawMessage `json:"raw"`
		}{}, "has its own UnmarshalJSON or UnmarshalText"},
		{struct {
			N map[string]string `json:"n"`
		}{}, "payloads are made of"},
		{struct {
			N int64 `json:"n" schema:"pattern=^1$"`
		}{}, `tag schema:"pattern=^1$"`},
		{struct {
			N string `json:"n" schema:"pattern=("`
		}{}, "missing closing )"},
		{struct {
			N bool `json:"n" schema:"min=1"`
		}{}, `tag schema:"min=1"`},
		{struct {
			N string `json:"n" schema:"min=-1"`
		}{}, "a length cannot be negative"},
		{struct {
			N int64 `json:"n" schema:"min=one"`
		}{}, "invalid syntax"},
		{recursive{}, "holds another"},
	} {
		if _, err := contract.Of(reflect.TypeOf(test.payload)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s gives %v, want %s", reflect.TypeOf(test.payload), err, test.want)
		}
	}
	twice := reflect.StructField{Name: "F1", Type: reflect.TypeFor[string](), Tag: `json:"f0"`}
	if _, err := contract.Of(reflect.StructOf([]reflect.StructField{wide(1).Field(0), twice})); err == nil {
		t.Error("two fields have one name")
	}
	if _, err := contract.Of(wide(65)); err == nil || !strings.Contains(err.Error(), "more than 64 fields") {
		t.Error(err)
	}
	if c, err := contract.Of(wide(64)); err != nil || c.CheckOpen([]byte(`{}`)) == nil {
		t.Errorf("64 fields: %v, %v", c, err)
	}
}

func wide(n int) reflect.Type {
	var fields []reflect.StructField
	for i := range n {
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("F%d", i), Type: reflect.TypeFor[string](), Tag: reflect.StructTag(fmt.Sprintf(`json:"f%d"`, i)),
		})
	}
	return reflect.StructOf(fields)
}

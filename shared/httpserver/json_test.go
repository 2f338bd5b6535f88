package httpserver_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"orderflow.example/shared/httpserver"
)

type order struct {
	address
	Lines []struct {
		SKU      string `json:"sku"`
		Quantity int32  `json:"quantity"`
	} `json:"lines"`
	Note  *string        `json:"note"`
	At    time.Time      `json:"at"`
	Meta  map[string]int `json:"meta"`
	Share float64        `json:"share"`
	Inner string         `json:"-"`
}

type address struct {
	City string `json:"city"`
}

func faults(body string) []string {
	var list []string
	for _, f := range httpserver.UnmarshalStrict([]byte(body), new(order)) {
		list = append(list, f.Location+": "+f.Detail)
	}
	sort.Strings(list)
	return list
}

func TestEveryFaultOfABodyIsReportedWithItsPlace(t *testing.T) {
	t.Parallel()
	got := faults(`{"lines":[{"sku":1,"quantity":1.0},{"sku":"a","quantity":1e3},{"SKU":"a","quantity":2147483648},null],
		"note":null,"at":"yesterday","meta":{"x":"y"},"Inner":"x","share":"1","city":null,"extra":{}}`)
	const whole = "want an integer, written without fraction or exponent"
	want := []string{
		"body.Inner: unknown field",
		"body.at: not a valid time",
		"body.city: want a string",
		"body.extra: unknown field",
		"body.lines[0].quantity: " + whole,
		"body.lines[0].sku: want a string",
		"body.lines[1].quantity: " + whole,
		"body.lines[2].SKU: unknown field",
		"body.lines[2].quantity: the integer is out of range",
		"body.lines[3]: want an object",
		"body.meta.x: want an integer",
		"body.share: want a number",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTextThatIsNotOneJSONValueIsRefused(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"":                               "empty",
		"{":                              "cut off",
		`{"city":"a"`:                    "cut off",
		`{"city":"a",}`:                  "not valid JSON",
		`{"city":"a"} {}`:                "more after the end",
		`{"city":"a"}]`:                  "more after the end",
		`{"city":"a","city":"b"}`:        "body.city: given twice",
		`{"meta":{"x":1,"\u0078":2}}`:    "body.meta.x: given twice",
		`{"city":"a\u0000b"}`:            "U+0000",
		"{\"city\":\"\xff\"}":            "not UTF-8",
		strings.Repeat("[", 1000):        "nested too deeply",
		`[]`:                             "want an object",
		`null`:                           "want an object",
		`{"city":"secret-city" "x":"y"}`: "not valid JSON",
	} {
		got := strings.Join(faults(body), "; ")
		if !strings.Contains(got, want) || strings.Contains(got, "secret") {
			t.Errorf("%q: got %q, want %q", body, got, want)
		}
	}
}

func TestAGoodBodyIsReadAsEncodingJSONReadsIt(t *testing.T) {
	t.Parallel()
	body := []byte(`{"city":"Łódź","lines":[{"sku":"a","quantity":-2147483648}],"note":null,"at":"2026-01-02T03:04:05Z",
		"meta":{"x":1},"share":1e-3}`)
	var got, want order
	if f := httpserver.UnmarshalStrict(body, &got); f != nil {
		t.Fatal(f)
	}
	if err := json.Unmarshal(body, &want); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v, %v", got, want, err)
	}
}

func FuzzStrictIsNeverMoreLenientThanEncodingJSON(f *testing.F) {
	f.Add(`{"lines":[{"sku":"a","quantity":1}],"at":"2026-01-02T03:04:05Z"}`)
	f.Add(`{"city":"a","city":null}`)
	f.Fuzz(func(t *testing.T, body string) {
		var strict, lenient order
		if httpserver.UnmarshalStrict([]byte(body), &strict) != nil {
			return
		}
		if err := json.Unmarshal([]byte(body), &lenient); err != nil || !reflect.DeepEqual(strict, lenient) {
			t.Errorf("%q: %v", body, err)
		}
	})
}

func TestCardNumbersAreFoundHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	url := start(t, httpserver.Options{}, func(e *gin.Engine) {
		e.POST("/", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	})
	cards := []string{
		`{"n":4111111111111111}`, `{"n":"4111111111111111"}`, `{"n":"4111 1111 1111 1111"}`, `{"n":"4111-1111-1111-1111"}`,
		`4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1`, `{"n":"378282246310005"}`, `{"n":"4222222222222"}`, `{"n":"6304000000000000000"}`,
		`{"n":"4111 1111 1111 1111 12 26"}`, `{"n":"call 12 4111 1111 1111 1111"}`, `{"n":"Visa4111111111111111x"}`,
		`{"n":"\u0034111111111111111"}`, `{"n":"4111\u002d1111\u00201111 1111"}`, `not json 5555555555554444`,
		`{"n":"card 4111.1111.1111.1111"}`, `{"n":"4111\u00a01111\u00a01111\u00a01111"}`, `{"n":"4111\u20091111\u20071111\u202f1111"}`,
		`{"n":"4111_1111_1111_1111"}`, `{"n":"4111/1111/1111/1111"}`, `{"n":"4111–1111—1111‑1111"}`, `{"n":"4111·1111•1111|1111"}`,
		`{"n":"٤١١١١١١١١١١١١١١١"}`, `{"n":"4111１１１１ 1111 1111"}`, `{"n":"4111\u200b1111\u200d1111\u20601111"}`,
		`{"n":"2026-11-26T16:50:00.4111111111111111Z"}`,
		`{"sku":"4111111111111111"}`, `{"sku":["5555 5555 5555 4444"]}`, `{"4111111111111111":1}`,
	}
	for _, body := range cards {
		response, answer := call(t, "POST", url, body)
		p := wantProblem(t, response, answer, 422, "card-number")
		if len(p.Errors) != 1 || !strings.HasPrefix(p.Errors[0].Location, "body") || strings.Contains(answer, "1111") {
			t.Errorf("%s: %s", body, answer)
		}
	}
	fine := []string{
		`{"n":4111111111111112}`, `{"n":"411111111111"}`, `{"n":"0000000000000000"}`, `{"n":"41111111111111111111111111"}`,
		`{"id":"01920000-0000-7000-8000-000000000001","other":"a4111111-1111-7111-8111-111111111111"}`,
		`{"token":"deadbeef4111111111111111deadbeef"}`, `{"a":4111,"b":1111,"c":1111,"d":1111}`, `[4111,1111,1111,1111]`,
		`{"sku":"5091091530083"}`, `{"items":[{"sku":"4006381333931","quantity":4111111111111111}]}`,
		`{"skus":["x"],"sku":"4222222222222"}`,
		`{"n":"9999999999999995"}`, `{"reason":"the one with the number 5091091530083 is broken"}`, // no issuer's
		`{"phone":"+44 20 7946 0958","from":"2026-11-23","to":"2026-12-24"}`,
		`{"due_at":"2026-11-26T16:50:00.411111111Z"}`, `{"due_at":"2026-11-26T04:22:22.222222220+02:22"}`,
		`{"n":"until 2026-05-05T05:05:05.050050505Z"}`,
	}
	for _, body := range fine {
		if response, answer := call(t, "POST", url, body); response.StatusCode != 204 {
			t.Errorf("%s was refused: %s", body, answer)
		}
	}
}

func TestOnlyJSONIsDecoded(t *testing.T) {
	t.Parallel()
	url := start(t, httpserver.Options{}, func(e *gin.Engine) {
		e.POST("/", func(c *gin.Context) {
			var o struct { // fields without omitempty are required
				Lines []struct {
					SKU string `json:"sku,omitempty"`
				} `json:"lines,omitempty"`
			}
			if p := httpserver.DecodeJSON(c, &o); p != nil {
				httpserver.WriteProblem(c, p)
				return
			}
			c.String(200, fmt.Sprint(len(o.Lines)))
		})
	})
	response, body := call(t, "POST", url, `{}`, "Content-Type", "text/plain")
	wantProblem(t, response, body, 415, "media-type")
	response, body = call(t, "POST", url, `{"x":"secret"}`, "Content-Type", "application/json; charset=utf-8")
	p := wantProblem(t, response, body, 422, "invalid")
	if len(p.Errors) != 1 || p.Errors[0].Location != "body.x" || strings.Contains(body, "secret") {
		t.Errorf("got %s", body)
	}
	if _, body = call(t, "POST", url, `{"lines":[{}]}`); body != "1" {
		t.Errorf("got %s", body)
	}
}

package run_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/httpserver"
)

// every calls fn for each operation of both listeners' documents, and fails if the condition chose too few.
func every(t *testing.T, r running, least int, chosen func(trial.Operation) bool, fn func(d door, o trial.Operation)) {
	t.Helper()
	n := 0
	for _, d := range doors(r) {
		for _, o := range trial.Operations(t, d.caller) {
			if chosen(o) {
				n++
				fn(d, o)
			}
		}
	}
	if n < least {
		t.Errorf("only %d operations were tried", n)
	}
}

func takesBody(o trial.Operation) bool { return o.TakesBody }

func isList(o trial.Operation) bool { return slices.Contains(o.Query, "cursor") }

// want sends a request and expects an answer of this status that names the place, if there is one.
func want(t *testing.T, d door, status int, place, method, path string, body any, headers ...string) trial.Answer {
	t.Helper()
	a, err := d.caller.Send(method, path, body, headers...)
	if err != nil || a.Status != status || place != "" && !strings.Contains(a.Body, `"location":"`+place+`"`) {
		t.Errorf("%s: %s %s %v: %d %s (%v), want %d %s", d.name, method, path, body, a.Status, a.Body, err, status, place)
	}
	return a
}

func TestEveryListRefusesFiltersItDoesNotHave(t *testing.T) {
	t.Parallel()
	every(t, start(t), 14, isList, func(d door, o trial.Operation) {
		for query, place := range map[string]string{"colour=red": "query.colour", "limit=1&limit=2": "query.limit",
			"limit=0": "query.limit", "cursor=x": "query.cursor"} {
			want(t, d, 422, place, "GET", o.At()+"?"+query, nil)
		}
	})
}

func TestAFilterOfAFewValuesRefusesEveryOther(t *testing.T) {
	t.Parallel()
	every(t, start(t), 4, func(o trial.Operation) bool { return o.Closed != nil }, func(d door, o trial.Operation) {
		for _, name := range o.Closed {
			want(t, d, 422, "query."+name, o.Method, o.At()+"?"+name+"=colour", nil)
		}
	})
}

func TestNoProblemRepeatsWhatWasSent(t *testing.T) {
	t.Parallel()
	const secret = "zq7marked"
	text := regexp.MustCompile(`:("[^"]*"|[0-9]+|true|false)`)
	every(t, start(t), 35, func(o trial.Operation) bool { return o.TakesBody || o.Query != nil }, func(d door, o trial.Operation) {
		check := func(query string, body any) {
			a, err := d.caller.Send(o.Method, o.At()+query, body, "Idempotency-Key: "+fresh("k"))
			if err != nil || a.Status >= 400 && strings.Contains(a.Body, secret) {
				t.Errorf("%s: %s %s%s %v: %d %s (%v)", d.name, o.Method, o.Path, query, body, a.Status, a.Body, err)
			}
		}
		for _, name := range o.Query {
			check("?"+name+"="+secret, nil)
		}
		if body, has := o.GoodBody("x"); has && o.TakesBody {
			for _, at := range text.FindAllStringIndex(body, -1) {
				check("", body[:at[0]]+`:"`+secret+`"`+body[at[1]:])
			}
		}
	})
}

// Cursors can be made up: what is in them is input like any other.
func TestNoCursorIsAFailureOfOurs(t *testing.T) {
	t.Parallel()
	cursors := []string{`"\u0000"`, `"a\u0000b"`, `"\ud800"`, `"\u202e"`, `"'; --"`, `"294277-01-01"`, `-1`,
		`9223372036854775807`,
		`{"At":"0000-01-01T00:00:00Z","ID":"a\u0000"}`, `{"At":"9999-12-31T23:59:59Z","ID":"x"}`,
		`{"At":"0000-01-01T00:00:00Z","ID":""}`, `{}`, `{"HappenedAt":"never","ID":"x"}`, `{"HappenedAt":"\u0000","ID":"x"}`,
		`["a","b"]`, `null`}
	every(t, start(t), 14, isList, func(d door, o trial.Operation) {
		for _, text := range cursors {
			path := o.At() + "?cursor=" + base64.RawURLEncoding.EncodeToString([]byte(text))
			if a, err := d.caller.Send("GET", path, nil); err != nil || a.Status != 200 && !refusal4xx(a) {
				t.Errorf("%s: GET %s, which is %s: %d %s (%v)", d.name, path, text, a.Status, a.Body, err)
			}
		}
	})
}

func TestNoValueOfAParameterIsAFailureOfOurs(t *testing.T) {
	t.Parallel()
	values := []string{"", "%20", "x", "%C3%A9%C3%A9", "true", "-1", "9223372036854775808", "1e3", "0000-01-01", "9999-12-31",
		"2026-02-30", "%5C", "%25", "_%25", "'", "%22%22", "%F0%9F%98%80", "a%2Cb", "%7B%7D", strings.Repeat("x", 300)}
	every(t, start(t), 15, func(o trial.Operation) bool { return o.Query != nil }, func(d door, o trial.Operation) {
		for _, name := range o.Query {
			for _, value := range values {
				a, err := d.caller.Send(o.Method, o.At()+"?"+name+"="+value, nil)
				if err != nil || a.Status >= 300 && !refusal4xx(a) {
					t.Errorf("%s: %s %s?%s=%s: %d %s (%v)", d.name, o.Method, o.Path, name, value, a.Status, a.Body, err)
				}
			}
		}
	})
}

func TestWhatHasNoParametersRefusesEach(t *testing.T) {
	t.Parallel()
	every(t, start(t), 25, func(o trial.Operation) bool { return o.Query == nil && strings.HasPrefix(o.Path, "/v1/") },
		func(d door, o trial.Operation) {
			body, _ := o.GoodBody("x")
			want(t, d, 422, "query.overdue", o.Method, o.At()+"?overdue=true", bodyUnlessGET(o, body), "Idempotency-Key: "+fresh("k"))
		})
}

func bodyUnlessGET(o trial.Operation, body string) any {
	if !o.TakesBody {
		return nil
	}
	return body
}

func TestABodyNeedsTheMediaTypeOfJSONInAnyCase(t *testing.T) {
	t.Parallel()
	every(t, start(t), 15, takesBody, func(d door, o trial.Operation) {
		key := "Idempotency-Key: " + fresh("k")
		for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1"} {
			want(t, d, 415, "", o.Method, o.At(), "{}", "Content-Type: "+kind, key)
		}
		for _, kind := range []string{"APPLICATION/JSON", "application/json; charset=UTF-8"} {
			a, err := d.caller.Send(o.Method, o.At(), "[", "Content-Type: "+kind, key)
			if err != nil || a.Status == 415 || !refusal4xx(a) {
				t.Errorf("%s: %s %s as %s: %d %s (%v)", d.name, o.Method, o.Path, kind, a.Status, a.Body, err)
			}
		}
	})
}

func TestAnyOtherMethodIs405AndSaysWhichThereAre(t *testing.T) {
	t.Parallel()
	for _, d := range doors(start(t)) {
		there := map[string][]string{}
		for _, o := range trial.Operations(t, d.caller) {
			there[o.At()] = append(there[o.At()], o.Method)
			if o.Method == "GET" {
				there[o.At()] = append(there[o.At()], "HEAD")
			}
		}
		if d.name != "customers" { // as the stock, or the product, of a SKU of this name
			for _, path := range []string{"/v1/stock/receipts", "/v1/stock/counts", "/v1/products/sale"} {
				there[path] = append(there[path], "GET", "HEAD")
			}
		}
		for path, methods := range there {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE"} {
				if slices.Contains(methods, method) {
					continue
				}
				a := want(t, d, 405, "", method, path, nil)
				allowed := strings.Split(a.Header.Get("Allow"), ", ")
				for _, m := range methods {
					if !slices.Contains(allowed, m) {
						t.Errorf("%s: %s %s: Allow is %q, there is %s", d.name, method, path, allowed, m)
					}
				}
			}
		}
	}
}

func TestEveryReadIsTaggedAndNotSentAgain(t *testing.T) {
	t.Parallel()
	r := start(t)
	sku := fresh("tagged")
	r.site.Sell(t, sku, price, received)
	buyer := r.site.Buy(t, trial.NewBasket(trial.Line{SKU: sku, Quantity: 1}))
	buyer.Await(t, "completed")
	seen := 0
	every(t, r, 20, func(o trial.Operation) bool { return o.Tagged }, func(d door, o trial.Operation) {
		caller := d.caller
		if d.name == "customers" {
			caller = r.site.Customer(buyer.Name)
		}
		path := o.At("id", buyer.ID, "order", buyer.ID, "sku", sku)
		first, err := caller.Send("GET", path, nil)
		if err != nil || first.Status != 200 {
			return
		}
		seen++
		tag := first.Header.Get("ETag")
		if tag == "" || !strings.Contains(first.Header.Get("Cache-Control"), "no-cache") {
			t.Errorf("%s: GET %s: headers %v", d.name, path, first.Header)
		}
		if strings.Contains(first.Body, `"as_of":`) { // of the moment when it was read: no two are equal
			return
		}
		trial.Await(t, "GET "+path+" that is not sent again", func() (bool, string) { // others change lists meanwhile
			again, err := caller.Send("GET", path, nil, "If-None-Match: "+tag)
			tag = again.Header.Get("ETag")
			return err == nil && again.Status == 304 && again.Body == "", fmt.Sprint(again, err)
		})
	})
	if seen < 20 {
		t.Errorf("only %d resources were there", seen)
	}
}

func TestWhatAReadOnlyOperatorAndAForeignHostAreAnsweredIsDescribed(t *testing.T) {
	t.Parallel()
	r := start(t)
	token, err := httpserver.MintScoped(r.site.Key, httpserver.AudienceOperators, "ann", httpserver.ReadOnly, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	writes := func(o trial.Operation) bool { return o.Method != "GET" && o.NeedsToken }
	every(t, r, 13, writes, func(d door, o trial.Operation) {
		if d.name == "customers" {
			return
		}
		a, err := trial.Caller{URL: d.caller.URL, Token: token}.Send(o.Method, o.At(), bodyUnlessGET(o, "{}"))
		if err != nil || a.Status != 403 || !slices.Contains(o.Answers, "403") || !slices.Contains(o.Answers, "421") {
			t.Errorf("%s %s: %d %s (%v), described are %v", o.Method, o.Path, a.Status, a.Body, err, o.Answers)
		}
	})
}

// The answer comes although the body is never sent: the server did not wait for it.
func TestNobodyWithoutATokenIsReadABody(t *testing.T) {
	t.Parallel()
	every(t, start(t), 13, func(o trial.Operation) bool { return o.TakesBody && o.NeedsToken }, func(d door, o trial.Operation) {
		host := strings.TrimPrefix(d.caller.URL, "http://")
		conn, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(trial.Patience))
		fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"+
			"Idempotency-Key: k\r\nContent-Length: 60000\r\n\r\n", o.Method, o.At(), host)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != 401 || answer.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %s %s: %s", d.name, o.Method, o.Path, answer.Status)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
	})
}

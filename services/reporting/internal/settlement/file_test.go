package settlement

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/reporting"
	"orderflow.example/services/reporting"
	"orderflow.example/shared/engine"
)

const day = "2026-03-01"

// whole makes a file of these lines.
func whole(lines ...string) []byte {
	body := Header + "\n"
	for _, l := range lines {
		body += l + "\n"
	}
	sum := sha256.Sum256([]byte(body))
	return fmt.Appendf(nil, "%strailer,%d,%s\n", body, len(lines), hex.EncodeToString(sum[:]))
}

func sale(n int) string {
	return fmt.Sprintf("txn_%d,capture,order-%d,au_%d,2026-03-01T09:30:00Z,GBP,1530,41,1489", n, n, n)
}

const back = "txn_b,refund,order-1,re_1,2026-03-01T10:00:00Z,EUR,-500,0,-500"

func TestAFileIsReadWithItsAmountsAndItsPayoutInEachCurrency(t *testing.T) {
	t.Parallel()
	f, err := Parse(day, whole(sale(1), sale(2), back))
	if err != nil {
		t.Fatal(err)
	}
	p := f.page(0, "")
	want := reporting.FileLine{Order: "order-1", SettlementLineReadV1: event.SettlementLineReadV1{Transaction: "txn_b",
		Movement: "refund", Reference: "re_1", Gross: schemas.Money{Amount: -500, Currency: "EUR"}, Day: day}}
	payout := []schemas.Money{{Amount: -500, Currency: "EUR"}, {Amount: 2978, Currency: "GBP"}}
	if p.Total != 3 || p.Lines[2] != want || !slices.Equal(p.Payout, payout) {
		t.Errorf("read %+v", p)
	}
	if empty, err := Parse(day, whole()); err != nil || empty.page(0, "").Total != 0 {
		t.Errorf("a day without lines is read as %+v (%v)", empty, err)
	}
}

func TestAFileThatIsCutShortOrDamagedAtAnyByteIsRefused(t *testing.T) {
	t.Parallel()
	file := whole(sale(1), sale(2), back)
	for n := range file {
		if _, err := Parse(day, file[:n]); err == nil || !strings.HasPrefix(err.Error(), "line ") {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
		damaged := slices.Clone(file)
		damaged[n] ^= 1
		if _, err := Parse(day, damaged); err == nil {
			t.Errorf("byte %d damaged: accepted", n)
		}
	}
	lines := strings.SplitAfter(string(file), "\n")
	without := strings.Join(slices.Delete(slices.Clone(lines), 2, 3), "")
	if _, err := Parse(day, []byte(without)); err == nil {
		t.Error("a file without one of its lines is accepted")
	}
}

func TestWhatIsWrongWithALineIsToldWithItsPlaceAndNotRepeated(t *testing.T) {
	t.Parallel()
	for bad, want := range map[string]string{
		"txn_9,capture,,au_9,,GBP,1530,41,1489":                                     "line 3: order: ",
		"txn_9,payout,order-9,au_9,,GBP,1530,41,1489":                               "line 3: type: ",
		"txn_9,capture,order-9,au_9,,gbp,1530,41,1489":                              "line 3: currency: ",
		"txn_9,capture,order-9,au_9,,GBP,15.30,41,1489":                             "line 3: gross: ",
		"txn_9,capture,order-9,au_9,,GBP,1530,41,1490":                              "line 3: net: ",
		"txn_9,capture,order-9,au_9,,GBP,9223372036854775807,1,9223372036854775806": "line 3: gross: ",
		"txn_9,capture,order-9,=cmd(),,GBP,1530,41,1489":                            "line 3: reference: ",
		sale(1): "line 3: transaction: it is in the file twice",
		"txn_9": "line 3: no line of CSV with 9 fields",
	} {
		_, err := Parse(day, whole(sale(1), bad, sale(2)))
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "order-9") {
			t.Errorf("%s: %v, want %s", bad, err, want)
		}
	}
	if _, err := Parse(day, []byte(strings.Replace(string(whole()), "fee,net", "net,fee", 1))); err == nil {
		t.Error("another header is accepted")
	}
}

// read reads a whole file in pages, as the service does.
func read(t *testing.T, c *Client, lines *[]reporting.FileLine) reporting.File {
	t.Helper()
	request := event.SettlementRequestedV1{Day: day}
	for {
		f, err := c.get(context.Background(), engine.Attempt{}, request)
		if err != nil {
			t.Fatal(err)
		}
		*lines = append(*lines, f.Lines...)
		if f.Refused != "" || f.Changed || f.Skipped+int64(len(f.Lines)) == f.Total {
			return f
		}
		request.Skip, request.Digest = f.Skipped+int64(len(f.Lines)), f.Digest
	}
}

func TestALargeFileIsReadInPagesAndOneThatChangesMeanwhileIsNoticed(t *testing.T) {
	t.Parallel()
	var all []string
	for n := range 2*reporting.PageLines + 7 {
		all = append(all, sale(n))
	}
	files, asked := [][]byte{whole(all...)}, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/settlements/"+day {
			t.Errorf("asked for %s", r.URL.Path)
		}
		_, _ = w.Write(files[min(asked, len(files)-1)])
		asked++
	}))
	t.Cleanup(server.Close)
	var lines []reporting.FileLine
	if read(t, New(server.URL), &lines); len(lines) != len(all) || lines[len(all)-1].Order != fmt.Sprint("order-", len(all)-1) {
		t.Errorf("%d lines were read of %d", len(lines), len(all))
	}
	altered := slices.Clone(all)
	altered[3] = sale(99_999)
	files, asked, lines = append(files, whole(altered...)), 0, nil
	if f := read(t, New(server.URL), &lines); !f.Changed || len(lines) != reporting.PageLines {
		t.Errorf("after %d lines the other file was answered with %+v", len(lines), f.Total)
	}
	files, asked, lines = [][]byte{whole(all...)[:4000]}, 0, nil
	if f := read(t, New(server.URL), &lines); f.Refused == "" || len(lines) != 0 {
		t.Errorf("of a file that is cut short %d lines are taken", len(lines))
	}
}

package run_test

import (
	"encoding/xml"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"orderflow.example/services/platform/trial"
)

// printed is the text of a PDF as pdftotext, of Poppler, finds it.
func printed(t *testing.T, pdf string) string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Fatal("pdftotext reads the invoice in this test: apt-get install poppler-utils")
	}
	read := exec.Command("pdftotext", "-layout", "-enc", "UTF-8", "-", "-")
	read.Stdin = strings.NewReader(pdf)
	out, err := read.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

func TestTheTotalsOfAnInvoiceAndItsCreditNoteAreTheOrdersByIndependentReadersOfBoth(t *testing.T) {
	t.Parallel()
	r := start(t)
	sku := fresh("invoiced")
	r.site.Sell(t, sku, price, received)
	b := r.site.Buy(t, trial.NewBasket(trial.Line{SKU: sku, Quantity: 3}))
	o := b.Await(t, "completed")
	b.Return(t, trial.Line{SKU: sku, Quantity: 1})
	trial.Await(t, "the refund of "+b.ID, func() (bool, string) {
		o = b.Order(t)
		return o.Payment.Refunded.Amount == price, fmt.Sprintf("%+v", o)
	})
	customer := r.site.Customer(b.Name)
	for path, amount := range map[string]int64{"/invoice": o.Payment.Captured.Amount, "/credit-notes/1": o.Payment.Refunded.Amount} {
		var a trial.Answer
		get := func(accept string) string {
			trial.Await(t, path+" of "+b.ID, func() (bool, string) {
				var err error
				a, err = customer.Send("GET", "/v1/orders/"+b.ID+path, nil, "Accept: "+accept)
				return err == nil && a.Status == 200, fmt.Sprint(a, err)
			})
			return a.Body
		}
		want := fmt.Sprintf("%d.%02d", amount/100, amount%100)
		if text := printed(t, get("application/pdf")); !strings.Contains(text, "Total GBP "+want) {
			t.Errorf("%s: there is no total of %s in %s", path, want, text)
		}
		var found struct {
			Total []string `xml:"LegalMonetaryTotal>TaxInclusiveAmount"`
		}
		if err := xml.Unmarshal([]byte(get("application/xml")), &found); err != nil || fmt.Sprint(found.Total) != "["+want+"]" {
			t.Errorf("%s: the total of the XML is %v, not %s (%v)", path, found.Total, want, err)
		}
	}
	if o.Payment.Captured.Amount != o.Total.Amount {
		t.Errorf("%+v", o)
	}
}

package run_test

import (
	"bytes"
	"fmt"
	"image/png"
	"os/exec"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"

	"orderflow.example/services/platform/trial"
)

// scanned is the text of the barcode on a PDF, as Poppler draws it and ZXing reads it.
func scanned(t *testing.T, pdf string) string {
	t.Helper()
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		t.Fatal("pdftoppm draws the label in this test: apt-get install poppler-utils")
	}
	draw := exec.Command("pdftoppm", "-png", "-r", "203", "-singlefile", "-")
	draw.Stdin = strings.NewReader(pdf)
	out, err := draw.Output()
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		t.Fatal(err)
	}
	found, err := oned.NewCode128Reader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		t.Fatal(err)
	}
	return found.GetText()
}

func TestTheLabelOfAParcelAndOfAReturnIsTheCustomersAndTheOperatorsAndAlwaysTheSame(t *testing.T) {
	t.Parallel()
	r := start(t)
	sku := fresh("labelled")
	r.site.Sell(t, sku, price, received)
	basket := trial.NewBasket(trial.Line{SKU: sku, Quantity: 3})
	basket.ShipTo.Name = "Łucja Żółć"
	b := r.site.Buy(t, basket)
	o := b.Await(t, "completed")
	b.Return(t, trial.Line{SKU: sku, Quantity: 1})
	trial.Await(t, "the goods of "+b.ID+" back", func() (bool, string) {
		o = b.Order(t)
		return len(o.Returns) == 1 && o.Returns[0].State == "received", fmt.Sprintf("%+v", o)
	})
	customer, operator := r.site.Customer(b.Name), r.site.Operator("shipping")
	parcel := o.Shipments[0]
	for id, kind := range map[string]string{parcel.ID: "PARCEL", o.Returns[0].ID: "RETURN"} {
		path := "/v1/orders/" + b.ID + "/shipments/" + id + "/label"
		a := customer.Must(t, 200, "GET", path, nil)
		if got := a.Header.Get("Content-Type"); got != "application/pdf" {
			t.Errorf("%s is served as %s", kind, got)
		}
		text, code := printed(t, a.Body), scanned(t, a.Body)
		for _, want := range []string{kind, "Łucja Żółć", b.ID, code, "Orderflow Example Ltd"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: there is no %q in %s", kind, want, text)
			}
		}
		if (code == parcel.TrackingNumber) != (kind == "PARCEL") {
			t.Errorf("%s: the barcode says %s, the parcel has %s", kind, code, parcel.TrackingNumber)
		}
		for _, again := range []trial.Caller{customer, operator} {
			if again.Must(t, 200, "GET", path, nil).Body != a.Body {
				t.Errorf("%s: other bytes the second time", kind)
			}
		}
		foreign := r.site.Customer("somebody else").Must(t, 404, "GET", path, nil)
		absent := r.site.Customer("somebody else").Must(t, 404, "GET",
			strings.Replace(path, b.ID, "019e5a3b-9c12-7a40-b2d1-5e6f70819007", 1), nil)
		if detail(t, foreign) != detail(t, absent) {
			t.Errorf("a foreign order is told from an absent one: %s, %s", foreign.Body, absent.Body)
		}
	}
	for _, id := range []string{"x", b.ID, "019e5a3b-9c12-7a40-b2d1-5e6f70819007"} {
		customer.Must(t, 404, "GET", "/v1/orders/"+b.ID+"/shipments/"+id+"/label", nil)
		operator.Must(t, 404, "GET", "/v1/orders/"+b.ID+"/shipments/"+id+"/label", nil)
	}
}

func detail(t *testing.T, a trial.Answer) string {
	return trial.Read[struct{ Detail string }](t, a).Detail
}

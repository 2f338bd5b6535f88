package pdf_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"

	"orderflow.example/schemas"
	"orderflow.example/services/invoice/internal/document"
	"orderflow.example/services/invoice/internal/document/documenttest"
	"orderflow.example/services/invoice/internal/pdf"
)

// read is the text of the pages as pdftotext, of Poppler, finds it.
func read(t *testing.T, file []byte) string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Fatal("pdftotext reads the pages in this test: apt-get install poppler-utils")
	}
	path := filepath.Join(t.TempDir(), "document.pdf")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", "-layout", "-enc", "UTF-8", path, "-").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if strings.Contains(string(out), "Error") {
		t.Fatalf("pdftotext: %s", out)
	}
	return string(out)
}

var into = flag.String("into", "", "folder into which an invoice of each script is drawn as a picture, to be looked at")

// picture lets pdftoppm, of Poppler, draw the first page.
func picture(t *testing.T, name string, file []byte) {
	t.Helper()
	if *into == "" {
		return
	}
	draw := exec.Command("pdftoppm", "-png", "-r", "80", "-f", "1", "-singlefile", "-", filepath.Join(*into, name))
	draw.Stdin = bytes.NewReader(file)
	if out, err := draw.CombinedOutput(); err != nil {
		t.Errorf("pdftoppm: %v: %s", err, out)
	}
}

// valid lets pdfcpu check the file against ISO 32000.
func valid(t *testing.T, file []byte) {
	t.Helper()
	config := model.NewDefaultConfiguration()
	config.ValidationMode = model.ValidationStrict
	if err := api.Validate(bytes.NewReader(file), config); err != nil {
		t.Error(err)
	}
}

func TestMain(m *testing.M) {
	api.DisableConfigDir() // nothing is written into the home of who tests
	os.Exit(m.Run())
}

// spaced is a text without its spaces, and without the marks that readers set around text from right to left.
func spaced(text string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\n' || r == '\u00a0' || r >= '\u202a' && r <= '\u202e' || r == '\u200e' || r == '\u200f' ||
			r >= '\u2066' && r <= '\u2069' {
			return -1
		}
		return r
	}, text)
}

func TestEveryScriptIsDrawnAndReadBack(t *testing.T) {
	t.Parallel()
	for script, s := range documenttest.Scripts {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			file := pdf.Draw(documenttest.Invoice(s.Buyer, s.Goods, "S", 2000))
			valid(t, file)
			picture(t, script, file)
			text := read(t, file)
			for _, want := range append([]string{s.Buyer.Name, s.Buyer.Line1, s.Buyer.City}, s.Goods...) {
				parts := []string{want}
				if script == "arabic" || script == "hebrew" {
					parts = strings.Fields(want) // where numbers are between them, pdftotext guesses in which order they are read
				}
				for _, part := range parts {
					if !strings.Contains(spaced(text), spaced(part)) {
						t.Errorf("%q is not read back in\n%s", part, text)
					}
				}
			}
			if len(file) > 150_000 {
				t.Errorf("%d bytes: are whole fonts in it?", len(file))
			}
		})
	}
}

func TestTheTotalsThatAnotherReaderFindsAreTheDocuments(t *testing.T) {
	t.Parallel()
	for _, d := range documenttest.Issued(25) {
		file := pdf.Draw(d)
		valid(t, file)
		text := strings.Join(strings.Fields(read(t, file)), " ")
		for _, want := range []string{
			fmt.Sprintf("Total without VAT %s VAT %s (%s%%) %s Total %s %s", d.Grouped(d.Net()), d.Country, d.Percent(), d.Grouped(d.Tax),
				d.Currency, d.Grouped(d.Amount)), d.Number, "27 November 2026", d.Order, d.Seller.TaxNumber,
		} {
			if !strings.Contains(text, want) {
				t.Fatalf("there is no %q in %s", want, text)
			}
		}
		for _, l := range d.Lines {
			if want := fmt.Sprintf("%s %d %s %s %s", l.Text, l.Quantity, d.Grouped(l.UnitPrice), d.Grouped(l.Tax),
				d.Grouped(l.Amount)); !strings.Contains(
				text, strings.Replace(want, " -", " −", 1)) {
				t.Fatalf("there is no %q in %s", want, text)
			}
		}
		if d.Credit && (!strings.Contains(text, "CREDIT NOTE") || !strings.Contains(text, "Corrects invoice "+d.Invoice)) {
			t.Fatalf("does not say what it corrects: %s", text)
		}
	}
}

func TestTheSameDocumentHasTheSameBytesAlsoSideBySide(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	for script, s := range documenttest.Scripts {
		d := documenttest.Invoice(s.Buyer, append([]string{"A cup"}, s.Goods...), "S", 2000)
		want := pdf.Draw(d)
		for range 4 {
			all.Go(func() {
				if !bytes.Equal(pdf.Draw(d), want) {
					t.Errorf("%s differs", script)
				}
			})
		}
	}
	all.Wait()
}

func TestALongInvoiceGoesOnOnMorePagesWithNothingLost(t *testing.T) {
	t.Parallel()
	goods := make([]string, 200)
	for n := range goods {
		goods[n] = fmt.Sprintf("Thing %03d %s", n, strings.Repeat("with a long description ", n%5))
	}
	text := strings.Join(strings.Fields(read(t, pdf.Draw(documenttest.Invoice(documenttest.Scripts["latin"].Buyer, goods, "G",
		0)))), " ")
	for n := range goods {
		if want := fmt.Sprintf("Thing %03d", n); !strings.Contains(text, want) {
			t.Errorf("%s is not in it", want)
		}
	}
	if !strings.Contains(text, "Page 1 of 9") && !strings.Contains(text, "Page 8 of ") {
		t.Errorf("its pages are not counted: %.2000s", text)
	}
}

func TestAnyTextIsDrawn(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " ", "\u0000", "(a) \\ b %", "😀 and ☃", "a\u0301\u0302\u0303", strings.Repeat("W", 200),
		"\ufffd\U0010ffff",
		"العربية and English עם עברית 123", strings.Repeat("漢字", 100), "\u202eevil", "a\u200db", "ﷺ", "क्ष्म्य"} {
		d := documenttest.Invoice(schemas.Address{Name: text, Line1: text, City: text, Postcode: text, Country: "GB"}, []string{text},
			"Z", 0)
		file := pdf.Draw(d)
		valid(t, file)
		read(t, file)
	}
}

func TestAmountsAreWrittenByTheirCurrency(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scale          int
		amount         int64
		plain, grouped string
	}{{2, 123456789, "1234567.89", "1,234,567.89"}, {2, -5, "-0.05", "−0.05"}, {0, 1234, "1234", "1,234"},
		{3, 1, "0.001", "0.001"}, {2, 0, "0.00", "0.00"}} {
		d := document.Document{Scale: c.scale}
		if d.Decimal(c.amount) != c.plain || d.Grouped(c.amount) != c.grouped {
			t.Errorf("%d: %s and %s", c.amount, d.Decimal(c.amount), d.Grouped(c.amount))
		}
	}
}

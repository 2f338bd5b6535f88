package ubl_test

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"orderflow.example/services/invoice/internal/document"
	"orderflow.example/services/invoice/internal/document/documenttest"
	"orderflow.example/services/invoice/internal/ubl"
)

var into = flag.String("into", "", "folder into which the documents are written, for scripts/en16931.sh")

// found are the texts of a document by path, read by the standard library.
func found(t *testing.T, file []byte) map[string][]string {
	t.Helper()
	all, path := map[string][]string{}, []string{}
	read := xml.NewDecoder(bytes.NewReader(file))
	for {
		token, err := read.Token()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatalf("%v in %s", err, file)
		}
		switch e := token.(type) {
		case xml.StartElement:
			path = append(path, e.Name.Local)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if text := strings.TrimSpace(string(e)); text != "" {
				all[strings.Join(path[1:], "/")] = append(all[strings.Join(path[1:], "/")], text)
			}
		}
	}
}

// documents are what is written of every kind: scripts, countries, credit notes, parts that were not charged.
func documents() []document.Document {
	all := documenttest.Issued(40)
	for _, s := range documenttest.Scripts {
		d := documenttest.Invoice(s.Buyer, s.Goods, "S", 2000)
		all = append(all, d, documenttest.CreditNote(d))
	}
	yen := documenttest.Invoice(documenttest.Scripts["japanese"].Buyer, []string{"A cup"}, "G", 0)
	yen.Currency, yen.Scale = "JPY", 0
	return append(all, yen)
}

func TestTheAmountsOfTheXMLAddUpToTheDocument(t *testing.T) {
	t.Parallel()
	for n, d := range documents() {
		file := ubl.Write(d)
		if *into != "" {
			kind := map[bool]string{false: "invoice", true: "creditnote"}[d.Credit]
			if err := os.WriteFile(filepath.Join(*into, fmt.Sprintf("%s-%03d.xml", kind, n)), file, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got := found(t, file)
		minor := func(text string) int64 {
			f, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			return int64(math.Round(f * math.Pow10(d.Scale)))
		}
		line := "InvoiceLine"
		if d.Credit {
			line = "CreditNoteLine"
		}
		var lines int64
		for _, text := range got[line+"/LineExtensionAmount"] {
			lines += minor(text)
		}
		total := func(name string) int64 { return minor(got["LegalMonetaryTotal/"+name][0]) }
		if lines != d.Net() || total("LineExtensionAmount") != d.Net() || total("TaxExclusiveAmount") != d.Net() ||
			total("TaxInclusiveAmount") != d.Amount || total("PayableAmount") != 0 || minor(got["TaxTotal/TaxAmount"][0]) != d.Tax ||
			len(got[line+"/LineExtensionAmount"]) != len(d.Lines) || len(got[line+"/Item/Name"]) != len(d.Lines) {
			t.Fatalf("lines %d of %d, tax %d, in %s", lines, d.Net(), d.Tax, file)
		}
		// EN 16931 lets the tax be at most one unit of the currency off its rate (BR-CO-17); ours is one minor unit off at most.
		if off := math.Abs(float64(d.Net()*d.Rate)/10_000 - float64(d.Tax)); off > 1 {
			t.Errorf("the tax of %d at %s%% is %d", d.Net(), d.Percent(), d.Tax)
		}
		if !bytes.Equal(file, ubl.Write(d)) {
			t.Error("the same document has other bytes")
		}
	}
}

func TestTextsOfAnyKindAreXML(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"<b>&amp;", `"'`, "a\x00b", "\ufffe", "😀", "]]>"} {
		d := documenttest.Invoice(documenttest.Scripts["latin"].Buyer, []string{text}, "S", 2000)
		d.Buyer.Name = text
		if got := found(t, ubl.Write(d))["AccountingCustomerParty/Party/PartyLegalEntity/RegistrationName"]; len(got) == 0 {
			t.Errorf("%q is not there", text)
		}
	}
}

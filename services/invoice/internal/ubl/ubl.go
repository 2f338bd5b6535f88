// Package ubl writes a document as UBL 2.1 XML with the content that EN 16931 wants of an invoice. The standard knows amounts of
// at most two decimals: documents in the few currencies with three are UBL, and not valid by it.
package ubl

import (
	"bytes"
	"encoding/xml"
	"strconv"

	"orderflow.example/schemas"
	"orderflow.example/services/invoice/internal/document"
)

const (
	base = "urn:oasis:names:specification:ubl:schema:xsd:"
	core = "urn:cen.eu:en16931:2017"
)

// The codes of UNTDID 1001 and 4461, and UN/ECE 20.
const (
	invoiceCode    = "380"
	creditNoteCode = "381"
	bankCard       = "48"
	piece          = "H87"
)

// exemptions say why no tax is charged, by category.
var exemptions = map[string]string{"G": "Export of goods", "E": "Exempt from tax"}

// Write is the XML. The same document gives the same bytes.
func Write(d document.Document) []byte {
	kind, line, quantity, code := "Invoice", "cac:InvoiceLine", "cbc:InvoicedQuantity", of("cbc:InvoiceTypeCode", invoiceCode)
	if d.Credit {
		kind, line, quantity = "CreditNote", "cac:CreditNoteLine", "cbc:CreditedQuantity"
		code = of("cbc:CreditNoteTypeCode", creditNoteCode)
	}
	w := writer{Document: d}
	root := in(kind,
		of("cbc:CustomizationID", core), of("cbc:ID", d.Number), of("cbc:IssueDate", d.IssuedOn), code,
		of("cbc:DocumentCurrencyCode", d.Currency),
		in("cac:OrderReference", of("cbc:ID", d.Order)))
	if d.Credit {
		root.add(in("cac:BillingReference", in("cac:InvoiceDocumentReference", of("cbc:ID", d.Invoice))))
	}
	root.add(
		in("cac:AccountingSupplierParty", in("cac:Party",
			in("cac:PartyName", of("cbc:Name", d.Seller.Name)),
			address(d.Seller.Address),
			in("cac:PartyTaxScheme", of("cbc:CompanyID", d.Seller.TaxNumber), vat()),
			in("cac:PartyLegalEntity", of("cbc:RegistrationName", d.Seller.Name), of("cbc:CompanyID", d.Seller.Registration)),
			in("cac:Contact", of("cbc:ElectronicMail", d.Seller.Email)))),
		in("cac:AccountingCustomerParty", in("cac:Party",
			address(d.Buyer),
			in("cac:PartyLegalEntity", of("cbc:RegistrationName", d.Buyer.Name)))),
		in("cac:PaymentMeans", of("cbc:PaymentMeansCode", bankCard)),
		in("cac:TaxTotal", w.money("cbc:TaxAmount", d.Tax),
			in("cac:TaxSubtotal", w.money("cbc:TaxableAmount", d.Net()), w.money("cbc:TaxAmount", d.Tax),
				w.category("cac:TaxCategory", exemptions[d.Category]))),
		in("cac:LegalMonetaryTotal", w.money("cbc:LineExtensionAmount", d.Net()), w.money("cbc:TaxExclusiveAmount", d.Net()),
			w.money("cbc:TaxInclusiveAmount", d.Amount), w.money("cbc:PrepaidAmount", d.Amount), w.money("cbc:PayableAmount", 0)))
	for n, l := range d.Lines {
		pieces := strconv.FormatInt(l.Quantity, 10)
		item := in("cac:Item", of("cbc:Name", l.Text))
		if l.SKU != "" {
			item.add(in("cac:SellersItemIdentification", of("cbc:ID", l.SKU)))
		}
		item.add(w.category("cac:ClassifiedTaxCategory", ""))
		// The price is that of all pieces: one of a piece without tax would be rounded, and no more add up to the line.
		root.add(in(line, of("cbc:ID", strconv.Itoa(n+1)), of(quantity, pieces, "unitCode", piece),
			w.money("cbc:LineExtensionAmount", l.Net()), item,
			in("cac:Price", w.money("cbc:PriceAmount", magnitude(l.Net())),
				of("cbc:BaseQuantity", strconv.FormatInt(magnitude(l.Quantity), 10), "unitCode", piece))))
	}
	root.attributes = []string{"xmlns", base + kind + "-2", "xmlns:cac", base + "CommonAggregateComponents-2",
		"xmlns:cbc", base + "CommonBasicComponents-2"}
	var out bytes.Buffer
	out.WriteString(xml.Header)
	root.write(&out, "")
	return out.Bytes()
}

type writer struct{ document.Document }

func (w writer) money(name string, amount int64) *element {
	return of(name, w.Decimal(amount), "currencyID", w.Currency)
}

func (w writer) category(name, why string) *element {
	return in(name, of("cbc:ID", w.Category), of("cbc:Percent", w.Percent()), of("cbc:TaxExemptionReason", why), vat())
}

func vat() *element { return in("cac:TaxScheme", of("cbc:ID", "VAT")) }

func address(a schemas.Address) *element {
	return in("cac:PostalAddress", of("cbc:StreetName", a.Line1), of("cbc:AdditionalStreetName", a.Line2),
		of("cbc:CityName", a.City), of("cbc:PostalZone", a.Postcode),
		in("cac:Country", of("cbc:IdentificationCode", a.Country)))
}

func magnitude(n int64) int64 { return max(n, -n) }

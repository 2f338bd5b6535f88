// Package wording turns messages into what customers read: subject, text and HTML, in their locale, from templates. Load checks
// the templates of every locale with every kind of message, so that none of them can fail later.
package wording

import (
	"embed"
	"errors"
	"fmt"
	html "html/template"
	"io/fs"
	"slices"
	"strings"
	text "text/template"

	"golang.org/x/text/currency"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/notification"
	"orderflow.example/services/notification"
)

//go:embed templates
var files embed.FS

// Wording holds the templates of all locales. It is safe for concurrent use.
type Wording struct {
	texts map[string]*text.Template
	pages map[string]*html.Template
}

// View is what a template may show.
type View struct {
	Shop           string
	Subject        string // not in the template of the subject itself
	Order          string // the id; empty in promotions
	Link           string // to the message on the web
	Amount         string // "15.30 GBP"
	Pieces         int64
	Reason         string // in words, "" where there are none for it
	Carrier        string
	TrackingNumber string
	Number, Of     int64  // "parcel 2 of 3"; 0 where the order leaves in one
	Title, Text    string // of a promotion
	Unsubscribe    string // the link to take no more promotions
}

// Letter is a message as customers read it.
type Letter struct{ Subject, Text, HTML, Link string }

// Files are the templates that are built in.
func Files() fs.FS {
	templates, err := fs.Sub(files, "templates")
	if err != nil {
		panic(err)
	}
	return templates
}

// Standard is the wording that is built in.
func Standard() Wording {
	w, err := Load(Files())
	if err != nil {
		panic(err) // a test loads it
	}
	return w
}

// Load reads LOCALE.txt and LOCALE.html for every locale. The error names each file and template that cannot be used.
func Load(from fs.FS) (w Wording, err error) {
	w = Wording{map[string]*text.Template{}, map[string]*html.Template{}}
	var faults []error
	for _, locale := range schemas.Locales {
		t, tErr := text.New(locale).Option("missingkey=error").ParseFS(from, locale+".txt")
		p, pErr := html.New(locale).Option("missingkey=error").ParseFS(from, locale+".html")
		if err := errors.Join(named(locale, ".txt", tErr), named(locale, ".html", pErr)); err != nil {
			faults = append(faults, err)
			continue
		}
		w.texts[locale], w.pages[locale] = t, p
		for _, kind := range notification.Kinds {
			apart := sample
			apart.Number, apart.Of = 2, 3
			for _, v := range []View{sample, apart} {
				if _, err := w.Write(locale, kind, v); err != nil {
					faults = append(faults, err)
					break
				}
			}
		}
	}
	others, _ := fs.Glob(from, "*.*")
	for _, name := range others {
		locale, ending, _ := strings.Cut(name, ".")
		if (ending == "txt" || ending == "html") && !schemas.KnownLocale(locale) {
			faults = append(faults, fmt.Errorf("%s: there is no locale %s; there are %s", name, locale,
				strings.Join(schemas.Locales, ", ")))
		}
	}
	return w, errors.Join(faults...)
}

func named(locale, ending string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("locale %s has no usable template %s%s: %w", locale, locale, ending, err)
}

var sample = View{Shop: "Shop", Order: "order", Link: "https://shop.example.com/x", Amount: "15.30 GBP", Pieces: 2, Reason: "so",
	Carrier: "carrier", TrackingNumber: "T1", Title: "title", Text: "text",
	Unsubscribe: "https://shop.example.com/u"}

// Write renders a message of this kind.
func (w Wording) Write(locale, kind string, v View) (l Letter, err error) {
	if !slices.Contains(schemas.Locales, locale) {
		locale = schemas.Locales[0]
	}
	var b strings.Builder
	put := func(file, name string, run func(name string) error) string {
		b.Reset()
		if failed := run(name); failed != nil && err == nil {
			err = fmt.Errorf("%s: template %s: %w", file, name, failed)
		}
		return b.String()
	}
	inText := func(name string) error { return w.texts[locale].ExecuteTemplate(&b, name, v) }
	inPage := func(name string) error { return w.pages[locale].ExecuteTemplate(&b, name, v) }
	l.Subject = strings.Join(strings.Fields(put(locale+".txt", kind+".subject", inText)), " ") // never a second header
	v.Subject, l.Link = l.Subject, v.Link
	l.Text, l.HTML = put(locale+".txt", kind, inText), put(locale+".html", kind, inPage)
	return l, err
}

// Of is what the templates may show of a message about an order.
func (w Wording) Of(locale string, m event.Message) View {
	v := View{Order: m.OrderID, Pieces: m.Pieces, Carrier: m.Carrier, TrackingNumber: m.TrackingNumber}
	if m.Parcel != nil {
		v.Number, v.Of = m.Parcel.Number, m.Parcel.Of
	}
	if m.Amount != nil {
		v.Amount = amount(locale, *m.Amount)
	}
	if t := w.texts[locale]; t != nil && t.Lookup("reason."+m.Reason) != nil {
		var b strings.Builder
		if t.ExecuteTemplate(&b, "reason."+m.Reason, nil) == nil {
			v.Reason = b.String()
		}
	}
	return v
}

// amount is money as a person reads it: "15.30 GBP".
func amount(locale string, m schemas.Money) string {
	digits := 2
	if unit, err := currency.ParseISO(m.Currency); err == nil {
		digits, _ = currency.Standard.Rounding(unit)
	}
	whole := fmt.Sprintf("%0*d", digits+1, m.Amount)
	if digits == 0 {
		return whole + " " + m.Currency
	}
	point := "."
	if locale == "de" {
		point = ","
	}
	return whole[:len(whole)-digits] + point + whole[len(whole)-digits:] + " " + m.Currency
}

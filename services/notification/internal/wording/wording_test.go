package wording_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/notification"
	"orderflow.example/services/notification"
	"orderflow.example/services/notification/internal/wording"
)

// built is a copy of the templates that are built in.
func built(t *testing.T) fstest.MapFS {
	t.Helper()
	all := fstest.MapFS{}
	for _, locale := range schemas.Locales {
		for _, ending := range []string{".txt", ".html"} {
			data, err := fs.ReadFile(wording.Files(), locale+ending)
			if err != nil {
				t.Fatal(err)
			}
			all[locale+ending] = &fstest.MapFile{Data: data}
		}
	}
	return all
}

func TestATemplateThatCannotBeUsedIsRefusedByName(t *testing.T) {
	t.Parallel()
	if _, err := wording.Load(built(t)); err != nil {
		t.Fatal(err)
	}
	for says, change := range map[string]func(fstest.MapFS){
		`de.txt: template delivered: template: de.txt`: func(f fstest.MapFS) {
			f["de.txt"].Data = []byte(strings.Replace(string(f["de.txt"].Data), "Ihr Paket ist zugestellt.", "{{.Parcel}}", 1))
		},
		`can't evaluate field Parcel`: func(f fstest.MapFS) {
			f["en.html"].Data = []byte(strings.Replace(string(f["en.html"].Data), "{{.Carrier}}", "{{.Parcel}}", 1))
		},
		"locale de has no usable template de.html": func(f fstest.MapFS) { delete(f, "de.html") },
		`template refunded.subject`: func(f fstest.MapFS) {
			f["en.txt"].Data = []byte(strings.Replace(string(f["en.txt"].Data), `"refunded.subject"`, `"x"`, 1))
		},
		"fr.txt: there is no locale fr; there are en, de": func(f fstest.MapFS) { f["fr.txt"] = &fstest.MapFile{} },
		"unclosed action": func(f fstest.MapFS) { f["en.txt"].Data = []byte("{{define") },
	} {
		files := built(t)
		change(files)
		if _, err := wording.Load(files); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
}

func TestEveryMessageSaysWhatItIsAboutInEveryLocale(t *testing.T) {
	t.Parallel()
	w := wording.Standard()
	m := event.Message{OrderID: "order-1", Reason: "payment_declined", Amount: &schemas.Money{Amount: 1530, Currency: "GBP"},
		Pieces:  17,
		Carrier: "Post", TrackingNumber: "T-42"}
	wants := map[string]map[string][]string{
		"en": {notification.Confirmed: {"15.30 GBP", "17"}, notification.Cancelled: {"the payment was declined"},
			notification.Dispatched: {"Post", "T-42"}, notification.Refunded: {"15.30 GBP"},
			notification.Settled: {"15.30 GBP"}, notification.Backordered: {"17", "cancel it"},
			notification.Owed: {"15.30 GBP"}, notification.Reversed: {"15.30 GBP"}},
		"de": {notification.Confirmed: {"15,30 GBP", "17"}, notification.Cancelled: {"die Zahlung wurde abgelehnt"},
			notification.Dispatched: {"Post", "T-42"}, notification.Refunded: {"15,30 GBP"},
			notification.Settled: {"15,30 GBP"}, notification.Backordered: {"17", "stornieren"},
			notification.Owed: {"15,30 GBP"}, notification.Reversed: {"15,30 GBP"}},
	}
	for _, locale := range schemas.Locales {
		for _, kind := range notification.Kinds {
			v := w.Of(locale, m)
			v.Link, v.Shop, v.Title, v.Text = "https://shop.example.com/m", "Shop", "<b>Mugs", "a < b"
			l, err := w.Write(locale, kind, v)
			if err != nil || l.Subject == "" || strings.Contains(l.Text+l.HTML, "<no value>") {
				t.Fatalf("%s %s: %v %+v", locale, kind, err, l)
			}
			for _, want := range append(wants[locale][kind], "https://shop.example.com/m") {
				if !strings.Contains(l.Text, want) || !strings.Contains(l.HTML, want) {
					t.Errorf("%s %s lacks %q:\n%s\n%s", locale, kind, want, l.Text, l.HTML)
				}
			}
			if kind == notification.Promoted && (!strings.Contains(l.HTML, "a &lt; b") || strings.Contains(l.HTML, "<b>Mugs") ||
				!strings.Contains(l.Text, "a < b")) {
				t.Errorf("%s: not escaped as its form needs: %+v", locale, l)
			}
		}
	}
	if money := w.Of("en", event.Message{Amount: &schemas.Money{Amount: 5, Currency: "JPY"}}).Amount; money != "5 JPY" {
		t.Error(money)
	}
}

func TestAMessageNamesTheParcelWhereThereAreSeveral(t *testing.T) {
	t.Parallel()
	w := wording.Standard()
	for locale, parts := range map[string][]string{"en": {"arcel 2 of 3", "our parcel"}, "de": {"Paket 2 von 3", "Paket"}} {
		for _, kind := range []string{notification.Dispatched, notification.Delivered, notification.Lost} {
			for _, several := range []bool{true, false} {
				m := event.Message{OrderID: "order-1", Kind: kind, Pieces: 4, Carrier: "Post", TrackingNumber: "T-42"}
				if several {
					m.Parcel = &schemas.Parcel{Number: 2, Of: 3}
				}
				l, err := w.Write(locale, kind, w.Of(locale, m))
				if err != nil {
					t.Fatal(err)
				}
				for _, text := range []string{l.Subject, l.Text, l.HTML} {
					if strings.Contains(text, parts[0]) != several || !several && strings.Contains(text, "0") {
						t.Errorf("%s %s, several %v:\n%s", locale, kind, several, text)
					}
				}
				if !several && !strings.Contains(l.Subject, parts[1]) {
					t.Errorf("%s %s: the subject is %s", locale, kind, l.Subject)
				}
			}
		}
	}
	for locale, wants := range map[string][]string{"en": {"4 pieces", "15.30 GBP", "goods were missing"},
		"de": {"4 Stück", "15,30 GBP", "fehlte Ware"}} {
		m := event.Message{Kind: notification.ParcelCancelled, Reason: "short_picked", Pieces: 4,
			Amount: &schemas.Money{Amount: 1530, Currency: "GBP"}}
		l, err := w.Write(locale, m.Kind, w.Of(locale, m))
		for _, want := range wants {
			if err != nil || !strings.Contains(l.Text, want) || !strings.Contains(l.HTML, want) {
				t.Errorf("%s lacks %q: %v\n%s\n%s", locale, want, err, l.Text, l.HTML)
			}
		}
	}
}

func TestASubjectIsOneLine(t *testing.T) {
	t.Parallel()
	l, err := wording.Standard().Write("en", notification.Promoted, wording.View{Title: "Mugs\r\nBcc: eve@example.com"})
	if err != nil || strings.ContainsAny(l.Subject, "\r\n") {
		t.Errorf("%q %v", l.Subject, err)
	}
}

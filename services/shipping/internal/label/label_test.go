package label_test

import (
	"bytes"
	"flag"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"

	"orderflow.example/schemas"
	"orderflow.example/services/shipping"
	"orderflow.example/services/shipping/internal/label"
	"orderflow.example/shared/typeset/typesettest"
)

var into = flag.String("into", "", "folder into which a label of each script is drawn as a picture, to be looked at")

// poppler lets one of Poppler's programs read a label.
func poppler(t *testing.T, file []byte, program string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Fatalf("%s reads the labels in this test: apt-get install poppler-utils", program)
	}
	read := exec.Command(program, args...)
	read.Stdin = bytes.NewReader(file)
	var said bytes.Buffer
	read.Stderr = &said
	out, err := read.Output()
	if err != nil || said.Len() > 0 {
		t.Fatalf("%s: %v: %s", program, err, said.Bytes())
	}
	return out
}

// scanned is the text of the barcode, as another program finds it in the picture of the page.
func scanned(t *testing.T, file []byte) string {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(poppler(t, file, "pdftoppm", "-png", "-r", "203", "-singlefile", "-")))
	if err != nil {
		t.Fatal(err)
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		t.Fatal(err)
	}
	found, err := oned.NewCode128Reader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		t.Fatalf("no barcode is found: %v", err)
	}
	return found.GetText()
}

func text(t *testing.T, file []byte) string {
	return string(poppler(t, file, "pdftotext", "-layout", "-enc", "UTF-8", "-", "-"))
}

// bare is a text without spaces and the marks that readers set around text from right to left.
func bare(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \n\u00a0\u200e\u200f", r) || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return -1
		}
		return r
	}, text)
}

func printed(to schemas.Address) shipping.Printed {
	return shipping.Printed{Carrier: "Albion Post", TrackingNumber: "AP000482714GB", Order: "019e5a3b-9c12-7a40-b2d1-5e6f70819007",
		From: shipping.StandardSender(), To: to, Pieces: 12, At: time.Date(2026, 11, 27, 10, 30, 0, 0, time.UTC)}
}

func address(s typesettest.Sample) schemas.Address {
	return schemas.Address{Name: s.Name, Line1: s.Line1, City: s.City, Postcode: s.Postcode, Country: s.Country}
}

func TestAnAddressInAnyScriptAndTheBarcodeAreReadBackByOtherPrograms(t *testing.T) {
	t.Parallel()
	for script, s := range typesettest.Scripts {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			p := printed(address(s))
			file := label.Draw(p)
			if *into != "" {
				if err := os.WriteFile(filepath.Join(*into, script+".png"),
					poppler(t, file, "pdftoppm", "-png", "-r", "150", "-singlefile", "-"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := scanned(t, file); got != p.TrackingNumber {
				t.Errorf("the barcode says %q", got)
			}
			read := bare(text(t, file))
			for _, want := range []string{s.Name, s.Line1, s.City, p.Order, "Albion Post", p.TrackingNumber, "27 November 2026", "PARCEL",
				p.From.Line1} {
				for _, part := range strings.Fields(want) { // readers guess the order of words from right to left
					if !strings.Contains(read, bare(part)) {
						t.Errorf("%q is not read back in\n%s", part, read)
					}
				}
			}
		})
	}
}

func TestAnyTrackingNumberIsScanned(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"1", "0123456789", "1Z999AA10123456784", "abc-XYZ 42", "JJD01 4600 0078 2410 9876 54",
		"420112019400111899223456789012", "A1B2C3D4E5F6G7H8"} {
		p := printed(address(typesettest.Scripts["latin"]))
		p.TrackingNumber = number
		if got := scanned(t, label.Draw(p)); got != number {
			t.Errorf("%q is scanned as %q", number, got)
		}
	}
}

func TestTheSameLabelHasTheSameBytesAlsoSideBySide(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	for script, s := range typesettest.Scripts {
		p := printed(address(s))
		want := label.Draw(p)
		for range 4 {
			all.Go(func() {
				if !bytes.Equal(label.Draw(p), want) {
					t.Errorf("%s differs", script)
				}
			})
		}
	}
	all.Wait()
}

func TestTheLongestAddressIsOnThePageAndLeavesTheBarcodeReadable(t *testing.T) {
	t.Parallel()
	long := strings.TrimSpace(strings.Repeat("Wide Words ", 18))
	p := printed(schemas.Address{Name: "A" + long, Line1: "B" + long, Line2: "C" + long, City: "D" + long, Postcode: "EC1A 1AA",
		Country: "GB"})
	p.Return, p.From = true, p.To
	p.From.City = "F" + long
	file := label.Draw(p)
	if got := scanned(t, file); got != p.TrackingNumber {
		t.Errorf("the barcode says %q", got)
	}
	read := text(t, file)
	for _, want := range []string{"AWide", "BWide", "CWide", "DWide", "FWide", "UNITED KINGDOM", "RETURN"} {
		if !strings.Contains(read, want) {
			t.Errorf("%q is not read back in\n%s", want, read)
		}
	}
}

func TestAnyTextIsDrawn(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{"", " ", "\u0000", "(a) \\ b %", "😀", "\u202eevil", strings.Repeat("漢字", 100), "\ufffd"} {
		p := printed(schemas.Address{Name: odd, Line1: odd, City: odd, Postcode: odd, Country: odd})
		p.Carrier, p.TrackingNumber = odd, odd
		text(t, label.Draw(p))
	}
}

func TestALabelTellsWhichOfSeveralParcelsItIs(t *testing.T) {
	t.Parallel()
	p := printed(schemas.Address{Name: "Ada", Line1: "1 High Street", City: "Leeds", Postcode: "LS1", Country: "GB"})
	p.Part = &schemas.Parcel{Number: 2, Of: 3}
	file := label.Draw(p)
	if said := strings.Join(strings.Fields(text(t, file)), " "); !strings.Contains(said, "Parcel 2 of 3") {
		t.Errorf("there is no parcel 2 of 3 in %s", said)
	}
	if got := scanned(t, file); got != p.TrackingNumber {
		t.Errorf("the barcode says %s, want %s", got, p.TrackingNumber)
	}
}

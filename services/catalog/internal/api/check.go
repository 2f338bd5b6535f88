package api

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"orderflow.example/shared/httpserver"
)

const (
	maxSKU         = 64 // characters
	maxDescription = 200
	maxPrice       = 10_000_000_000 // minor units, so that no order's total can overflow
)

var currency = regexp.MustCompile(`^[A-Z]{3}$`)

// check finds every fault.
func check(r request) (faults []httpserver.Fault) {
	refuse := func(place, detail string) {
		faults = append(faults, httpserver.Fault{Location: "body." + place, Detail: detail})
	}
	if n := len(r.Items); n == 0 || n > MaxItems {
		refuse("items", fmt.Sprintf("want 1 to %d items", MaxItems))
		return faults
	}
	seen := make(map[string]int, len(r.Items))
	for i, it := range r.Items {
		at := fmt.Sprintf("items[%d]", i)
		if !printable(it.SKU, maxSKU) || strings.TrimSpace(it.SKU) != it.SKU {
			refuse(at+".sku", fmt.Sprintf("want 1 to %d printable characters without space at the ends", maxSKU))
		}
		if !printable(it.Description, maxDescription) || strings.TrimSpace(it.Description) == "" {
			refuse(at+".description", fmt.Sprintf("want 1 to %d printable characters", maxDescription))
		}
		if it.Price.Amount < 1 || it.Price.Amount > maxPrice {
			refuse(at+".price.amount", fmt.Sprintf("want 1 to %d minor units", maxPrice))
		}
		if !currency.MatchString(it.Price.Currency) {
			refuse(at+".price.currency", "want three capital letters, as in GBP")
		}
		if first, twice := seen[it.SKU]; twice {
			refuse(at+".sku", fmt.Sprintf("items[%d] is about the same SKU", first))
		} else {
			seen[it.SKU] = i
		}
	}
	return faults
}

func printable(text string, most int) bool {
	return text != "" && utf8.ValidString(text) && utf8.RuneCountInString(text) <= most &&
		strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) < 0
}

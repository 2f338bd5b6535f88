package schemas

import "slices"

// Locales are the languages in which customers are written to, the default first: a customer chooses one, and the notification
// service has its templates in each.
var Locales = []string{"en", "de"}

// KnownLocale tells whether customers are written to in this language.
func KnownLocale(locale string) bool { return slices.Contains(Locales, locale) }

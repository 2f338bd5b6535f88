package catalog_test

import (
	"testing"

	"orderflow.example/schemas"
	event "orderflow.example/schemas/catalog"
	"orderflow.example/services/catalog"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

var machine = catalog.Choreography.Machine()

func pounds(pence int64) schemas.Money { return schemas.Money{Amount: pence, Currency: "GBP"} }

func says(description string, pence int64, backorderable bool) saga.Event {
	return catalog.List.Of(catalog.Listing{Description: description, Price: pounds(pence), Backorderable: backorderable})
}

func listed(description string, pence int64, backorderable bool) saga.Event {
	return event.ProductListed.Of(event.ProductListedV1{Description: description, Price: pounds(pence),
		Backorderable: backorderable})
}

func repriced(price schemas.Money) saga.Event {
	return event.PriceChanged.Of(event.PriceChangedV1{Price: price})
}

func TestOnlyWhatIsNewInAListingIsSaid(t *testing.T) {
	t.Parallel()
	euros := catalog.List.Of(catalog.Listing{Description: "green tea", Price: schemas.Money{Amount: 350, Currency: "EUR"},
		Backorderable: true})
	sagatest.Given(t, machine).
		When(says("tea", 300, false)).Then(listed("tea", 300, false)).
		When(says("tea", 300, false)).Then().
		When(says("tea", 320, false)).Then(repriced(pounds(320))).
		When(says("tea", 320, true)).Then(listed("tea", 320, true)).
		When(says("green tea", 350, true)).Then(listed("green tea", 350, true), repriced(pounds(350))).
		When(says("green tea", 350, true)).Then().
		When(euros).Then(repriced(schemas.Money{Amount: 350, Currency: "EUR"}))
}

func TestAnOldPriceComesBackWhenItIsListedAgain(t *testing.T) {
	t.Parallel()
	sagatest.Given(t, machine, listed("tea", 300, false), repriced(pounds(320))).
		When(says("tea", 300, false)).Then(repriced(pounds(300)))
}

func TestAProductIsWithdrawnAndPutBackOnlyByAPerson(t *testing.T) {
	t.Parallel()
	withdraws := catalog.ChangeSale.Of(catalog.Sale{Withdrawn: true, Reason: "recalled"})
	puts := catalog.ChangeSale.Of(catalog.Sale{})
	sagatest.Given(t, machine).When(withdraws).Then().When(puts).Then()
	sagatest.Given(t, machine, listed("tea", 300, false)).
		When(puts).Then().
		When(withdraws).Then(event.Withdrawn.Of(event.WithdrawnV1{Reason: "recalled"})).
		When(withdraws).Then().
		When(says("tea", 320, false)).Then(repriced(pounds(320))).
		When(withdraws).Then().
		When(puts).Then(event.Restored.Of(event.RestoredV1{})).
		When(puts).Then()
}

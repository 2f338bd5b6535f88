package store

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"orderflow.example/schemas"
	"orderflow.example/schemas/invoice"
	orders "orderflow.example/schemas/order"
	"orderflow.example/schemas/payment"
	"orderflow.example/schemas/refund"
	"orderflow.example/schemas/shipping"
	event "orderflow.example/schemas/storefront"
	"orderflow.example/services/storefront"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/sagatest"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

func open(t *testing.T) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), database.Options{URL: embeddedtest.Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := database.Migrate(t.Context(), db, Migrations, "storefront_migrations"); err != nil {
		t.Fatal(err)
	}
	return db
}

func pounds(pence int64) schemas.Money { return schemas.Money{Amount: pence, Currency: "GBP"} }

func placedBy(customer string) saga.Event {
	return storefront.PlaceOrder.Of(event.OrderPlacedV1{CustomerID: customer,
		Lines: []schemas.Line{{SKU: "MUG", Quantity: 2, UnitPrice: 250}}, Total: pounds(500),
		ShipTo: schemas.Address{Country: "GB"}, FillPolicy: "fill_all"})
}

// lives are states an order goes through, from nothing on.
func lives(t *testing.T) []storefront.Order {
	t.Helper()
	held := []schemas.Allocation{{SKU: "MUG", Quantity: 1, UnitPrice: 250, Warehouse: "north"}}
	d := sagatest.Given(t, storefront.Choreography.Machine())
	states := []storefront.Order{d.State().(storefront.Order)}
	for _, e := range []saga.Event{
		placedBy("ann"),
		storefront.RequestCancellation.Of(event.CancellationRequestedV1{}),
		orders.StatusChanged.Of(orders.StatusChangedV1{Status: "confirmed", Text: "All there.",
			Next: &orders.Next{Text: "Packing", By: "shop"}}),
		orders.Confirmed.Of(orders.ConfirmedV1{Lines: held, Total: pounds(250)}),
		payment.Authorized.Of(payment.AuthorizedV1{Amount: pounds(250)}), payment.Captured.Of(payment.CapturedV1{Amount: pounds(250)}),
		shipping.Prepared.Of(shipping.PreparedV1{ShipmentID: "s1", Carrier: "post", TrackingNumber: "T1"}),
		shipping.Delivered.Of(shipping.DeliveredV1{ShipmentID: "s1"}),
		shipping.Prepared.Of(shipping.PreparedV1{ShipmentID: "s2", Carrier: "post", TrackingNumber: "T3", Lines: held,
			Parcel: &schemas.Parcel{Number: 2, Of: 2}}),
		invoice.Issued.Of(invoice.IssuedV1{Document: invoice.Document{Number: "INV-2026-000001"}, ShipmentID: "s2"}),
		storefront.RequestReturn.Of(event.ReturnRequestedV1{ReturnID: "r1", Lines: []event.ReturnLine{{SKU: "MUG", Quantity: 1}},
			Reason: "broken"}),
		shipping.ReturnAuthorized.Of(shipping.ReturnAuthorizedV1{ReturnID: "r1", Carrier: "post", TrackingNumber: "T2"}),
		refund.Issued.Of(refund.IssuedV1{Amount: pounds(250)}),
		orders.StatusChanged.Of(orders.StatusChangedV1{Status: "returned", Reason: "all", Text: "All back.", Final: true}),
	} {
		states = append(states, d.When(e).State().(storefront.Order))
	}
	return states
}

func TestAnOrderSurvivesTheWayToItsRowAndBack(t *testing.T) {
	t.Parallel()
	for _, want := range lives(t) {
		if got := fromOrderRow(toOrderRow(want)); !reflect.DeepEqual(got, want) {
			t.Fatalf("was\n%+v\nis\n%+v", want, got)
		}
	}
	want := storefront.Product{SKU: "MUG", Listed: true, Description: "A mug", Price: pounds(250), Backorderable: true, Available: 7}
	if got := fromProductRow(toProductRow(want)); got != want {
		t.Fatalf("was %+v, is %+v", want, got)
	}
}

// keep writes states as the engine does.
func keep(t *testing.T, db *database.DB, s engine.Store, states map[string]any) {
	t.Helper()
	err := database.Transact(t.Context(), db, func(tx *gorm.DB) error {
		var inputs []saga.Event
		for key := range states {
			inputs = append(inputs, saga.Event{Key: key})
		}
		set, err := s.Load(tx, inputs)
		if err != nil {
			return err
		}
		for key, state := range states {
			set.Put(saga.Event{Key: key}, state)
		}
		return set.Save(tx)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnOrderSurvivesTheDatabase(t *testing.T) {
	t.Parallel()
	db := open(t)
	read := NewReader(db.Gorm())
	for _, want := range lives(t) {
		keep(t, db, Orders(), map[string]any{want.ID: want})
		got, found, err := read.Order(t.Context(), want.CustomerID, want.ID)
		if err != nil || !found || !reflect.DeepEqual(got, want) {
			t.Fatalf("found %v, %v; was\n%+v\nis\n%+v", found, err, want, got)
		}
	}
}

func TestCustomersReadTheirOwnOrdersAndNoOthers(t *testing.T) {
	t.Parallel()
	db := open(t)
	read := NewReader(db.Gorm())
	machine := storefront.Choreography.Machine()
	states := map[string]any{}
	for i := range 6 {
		id := fmt.Sprintf("018f0000-0000-7000-8000-00000000000%d", i)
		step, err := machine.Hear(machine.Blank(id), placedBy([]string{"ann", "bob"}[i%2]), func(*saga.Event) {})
		if err != nil {
			t.Fatal(err)
		}
		states[id] = step.State
	}
	keep(t, db, Orders(), states)
	if _, found, err := read.Order(t.Context(), "bob", "018f0000-0000-7000-8000-000000000000"); found || err != nil {
		t.Fatalf("bob reads ann's order: %v %v", found, err)
	}
	var got []string
	for before := ""; ; {
		page, err := read.Orders(t.Context(), "ann", before, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, o := range page {
			got = append(got, o.ID[35:]+o.CustomerID)
		}
		before = page[len(page)-1].ID
	}
	if !slices.Equal(got, []string{"4ann", "2ann", "0ann"}) {
		t.Fatalf("ann's orders: %v", got)
	}
	stories, err := read.Stories(t.Context(), map[string]int{"018f0000-0000-7000-8000-000000000000": 0,
		"018f0000-0000-7000-8000-000000000001": 1, "none": 0})
	if err != nil || len(stories) != 1 || len(stories["018f0000-0000-7000-8000-000000000000"].Timeline) != 1 {
		t.Fatalf("stories %v %v", stories, err)
	}
}

func TestOperatorsReadAllOrdersOrTheOpenOnesOldestFirst(t *testing.T) {
	t.Parallel()
	db := open(t)
	read := NewReader(db.Gorm())
	states := map[string]any{}
	for i, state := range lives(t) {
		state.ID = fmt.Sprintf("018f0000-0000-7000-8000-0000000000%02d", i)
		states[state.ID] = state
	}
	keep(t, db, Orders(), states)
	for _, only := range []bool{false, true} {
		var got, want []string
		for i := range len(states) {
			o := states[fmt.Sprintf("018f0000-0000-7000-8000-0000000000%02d", i)].(storefront.Order)
			if o.Exists() && (o.Open() || !only) {
				want = append(want, o.ID)
			}
		}
		for after := ""; ; after = got[len(got)-1] {
			page, err := read.All(t.Context(), after, only, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range page {
				got = append(got, o.ID)
			}
			if len(page) < 3 {
				break
			}
		}
		if !slices.Equal(got, want) || len(want) < 10 {
			t.Errorf("open only %v: read %v, want %v", only, got, want)
		}
	}
}

func TestOnlyListedProductsAreFoundAndPriced(t *testing.T) {
	t.Parallel()
	db := open(t)
	read := NewReader(db.Gorm())
	mug := storefront.Product{SKU: "MUG_1", Listed: true, Description: "100% Mug", Price: pounds(250),
		Backorderable: true, Available: 7}
	bag := storefront.Product{SKU: "bag", Listed: true, Description: "Jumbo Bag", Price: pounds(195)}
	gone := storefront.Product{SKU: "gone", Listed: true, Description: "A gone bag", Price: pounds(195), Withdrawn: true}
	keep(t, db, Products(), map[string]any{mug.SKU: mug, bag.SKU: bag, gone.SKU: gone,
		"CUP": storefront.Product{SKU: "CUP", Available: 3}})
	for q, want := range map[string][]storefront.Product{"": {mug, bag}, "BAG": {bag}, "mug_": {mug}, "0%": {mug}, "%": {mug},
		"cup": {}, "'": {}} {
		if got, err := read.Products(t.Context(), q, "", 10); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q finds %v %v", q, got, err)
		}
	}
	if got, err := read.Products(t.Context(), "", "MUG_1", 10); err != nil || !slices.Equal(got, []storefront.Product{bag}) {
		t.Errorf("after the mug: %v %v", got, err)
	}
	if p, found, err := read.Product(t.Context(), "MUG_1"); err != nil || !found || p != mug {
		t.Errorf("the mug: %+v %v %v", p, found, err)
	}
	if _, found, err := read.Product(t.Context(), "CUP"); err != nil || found {
		t.Errorf("a cup that is not for sale: %v %v", found, err)
	}
	if p, found, err := read.Product(t.Context(), "gone"); err != nil || !found || p != gone {
		t.Errorf("one that was withdrawn: %+v %v %v", p, found, err)
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			terms, err := read.Terms(context.Background(), []string{"MUG_1", "CUP", "NONE", "gone"})
			if _, cup := terms["CUP"]; err != nil || !terms["gone"].Withdrawn || terms["MUG_1"].Price != pounds(250) || cup {
				t.Errorf("terms %v %v", terms, err)
			}
		})
	}
	all.Wait()
}

func TestOrdersWaitUntilSomethingIsHeardOfThem(t *testing.T) {
	t.Parallel()
	db := open(t)
	read := NewReader(db.Gorm())
	at := time.UnixMilli(1_800_000_000_123)
	waiting := 0
	for i, state := range lives(t) {
		state.ID = firstID(at.Add(time.Duration(i)*time.Second)) + fmt.Sprintf("000-8000-0000000000%02d", i)
		keep(t, db, Orders(), map[string]any{state.ID: state})
		if state.Status == orders.StatusPlaced {
			waiting++
		}
	}
	for _, c := range []struct {
		since, upto      time.Duration
		old, placed, all int
	}{
		{-time.Hour, time.Hour, waiting, len(lives(t)), waiting}, {0, time.Second, 0, 1, waiting},
		{time.Second, 3 * time.Second, 2, 2, waiting},
	} {
		now, old, placed, err := read.Waiting(t.Context(), at.Add(c.since), at.Add(c.upto))
		if err != nil || now != c.all || old != c.old || placed != c.placed {
			t.Errorf("from %v to %v: %d wait, %d of them old, %d placed, %v; want %+v", c.since, c.upto, now, old, placed, err, c)
		}
	}
	if waiting != 2 {
		t.Errorf("%d wait", waiting)
	}
}

func TestPreferencesSurviveTheWayToTheirRowAndBackAndAreReadByTheirCustomerAlone(t *testing.T) {
	t.Parallel()
	db := open(t)
	read := NewReader(db.Gorm())
	want := storefront.Preferences{Customer: "ann", Chosen: &event.PreferencesChangedV1{Channels: []string{"sms"}, Locale: "de",
		Phone: "+441632960001", QuietHours: &event.QuietHours{From: "22:00", To: "07:00", Zone: "UTC"}}}
	keep(t, db, Preferences(), map[string]any{"ann": want})
	if got, err := read.Preferences(t.Context(), "ann"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := read.Preferences(t.Context(), "bob"); err != nil || got.Chosen != nil {
		t.Errorf("bob reads %+v %v", got, err)
	}
	seen := 0
	err := database.AsCustomer(t.Context(), db.Gorm(), "bob", func(tx *gorm.DB) error {
		return tx.Raw("SELECT count(*) FROM preferences").Row().Scan(&seen)
	})
	if err != nil || seen != 0 {
		t.Errorf("bob sees %d rows of others, %v", seen, err)
	}
}

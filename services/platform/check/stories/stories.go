// Package stories documents what happens to an order in a few cases that people ask for: each is run in memory by the
// services' machines, with their real decisions, and written step by step with the row of the choreography that caused
// it. It generates schemas/stories.md. The exploration tries all other paths.
package stories

import "orderflow.example/shared/saga/model"

// Story is one case. Events are named without version. A story only decides when people act: what follows is up to the
// services.
type Story struct {
	Title string
	Says  string // one sentence, for the reader
	Scene model.Scene

	When    map[string]string // acts of people, by their event: only after this event was emitted
	Outside []string          // answers of the outside, if several are possible
	Late    []string          // events that are emitted only when nothing else can happen
	Soon    []string          // deadlines of a moment, which fall due before anything else, by the event they run from
	Expires []string          // deadlines that fall due when nothing else can happen, by the event they run from
	Parks   string            // a service that cannot process its inputs, from its first event on, until an operator redrives it

	Ends string   // the status that the order ends in
	Must []string // events that the story is about
	Not  []string // events that it is not about
}

var (
	plain   = model.Scene{Stock: "enough", Fill: "fill_all", Customer: "trusted"}
	cancels = model.Scene{Stock: "enough", Fill: "fill_all", Customer: "trusted", Cancels: true}
	returns = model.Scene{Stock: "enough", Fill: "fill_all", Customer: "trusted", Returns: "all"}
)

func when(told, said string) map[string]string { return map[string]string{told: said} }

// All are the stories.
var All = []Story{
	{Title: "Placed and delivered", Says: "The goods are there, the customer is trusted and pays, and the parcel arrives.",
		Scene: plain, Ends: "completed", Must: []string{"payment.captured", "shipping.delivered"}},
	{Title: "Out of stock", Says: "The order can only be filled in full, and nothing lies on the shelves.",
		Scene: model.Scene{Stock: "none", Fill: "fill_available", Customer: "trusted"}, Ends: "cancelled",
		Must: []string{"inventory.rejected"}, Not: []string{"payment.authorized"}},
	{Title: "Back-ordered", Says: "A product is missing, and the order keeps its place in line until it comes in.",
		Scene: model.Scene{Stock: "late", Fill: "fill_all", Customer: "trusted"},
		When:  when("warehouse.stock_received", "inventory.backordered"), Expires: []string{"inventory.offered"}, Ends: "completed",
		Must: []string{"inventory.backordered", "inventory.reserved"}},
	{Title: "Back-ordered in vain", Says: "No goods come in until the day that the customer was told.",
		Scene: model.Scene{Stock: "late", Fill: "fill_all", Customer: "trusted"},
		When:  when("warehouse.stock_received", "order.cancelled"), Expires: []string{"inventory.backordered"}, Ends: "cancelled",
		Must: []string{"inventory.rejected"}, Not: []string{"inventory.reserved"}},
	{Title: "Found missing", Says: "A stock-taking finds none of what is set aside for the order, which nobody promised yet.",
		Scene: model.Scene{Stock: "enough", Fill: "fill_all", Customer: "trusted", Missing: true},
		When:  when("count_stock", "inventory.reserved"), Soon: []string{"inventory.recalled"}, Ends: "cancelled",
		Must: []string{"inventory.counted_out"}, Not: []string{"shipping.dispatched"}},
	{Title: "Declined", Says: "The gateway refuses to set the money aside.",
		Scene: plain, Outside: []string{"refuses to authorize (card_declined)"}, Ends: "cancelled",
		Must: []string{"payment.declined", "inventory.released"}, Not: []string{"payment.captured"}},
	{Title: "Fraud review rejected", Says: "The order is too large to pass unseen, and the operator who looks at it refuses it.",
		Scene: model.Scene{Stock: "enough", Fill: "fill_all", Customer: "review", Operator: "refuses"},
		When:  when("decide_review", "fraud.review_requested"), Ends: "cancelled", Must: []string{"fraud.rejected"}},
	{Title: "Cancelled before confirmation", Says: "The customer changes their mind at once.",
		Scene: cancels, When: when("storefront.cancellation_requested", "order.validated"), Ends: "cancelled",
		Must: []string{"order.cancelled"}, Not: []string{"order.confirmed", "payment.captured"}},
	{Title: "Cancelled after confirmation (void)", Says: "The money is set aside and not yet taken: the gateway lets go of it.",
		Scene: cancels, When: when("storefront.cancellation_requested", "order.confirmed"), Late: []string{"payment.capture_requested"},
		Ends: "cancelled", Must: []string{"shipping.withdrawn", "payment.voided"}, Not: []string{"payment.captured"}},
	{Title: "Cancelled after capture (refund)",
		Says:  "The money is taken and the parcel has not left: it is withdrawn, and the money given back.",
		Scene: cancels, When: when("storefront.cancellation_requested", "payment.captured"), Late: []string{"shipping.dispatched"},
		Ends: "cancelled", Must: []string{"shipping.withdrawn", "refund.issued"}, Not: []string{"shipping.dispatched"}},
	{Title: "Withdrawn too late", Says: "The customer cancels when the parcel has just left, and the order goes on.",
		Scene: cancels, When: when("storefront.cancellation_requested", "shipping.dispatched"), Ends: "completed",
		Must: []string{"order.cancellation_refused"}, Not: []string{"shipping.withdrawn"}},
	{Title: "Left without missing goods",
		Says:    "The warehouse does not find all goods of a customer who takes a part: the rest leaves, and is all that is paid for.",
		Scene:   model.Scene{Stock: "enough", Fill: "fill_available", Customer: "trusted"},
		Outside: []string{"packs the parcel without some goods"}, Ends: "completed",
		Must: []string{"warehouse.short_picked", "order.reduced", "payment.captured"}, Not: []string{"order.cancelled"}},
	{Title: "Two parcels", Says: "The goods lie in two warehouses: each sends a parcel, which is paid for by itself.",
		Scene: model.Scene{Stock: "enough", Fill: "fill_all", Customer: "trusted", Apart: true}, Ends: "completed",
		Must: []string{"payment.captured", "shipping.delivered", "order.shipped"}, Not: []string{"payment.voided"}},
	{Title: "Of two parcels one cancelled in time",
		Says:  "One has left when the customer cancels: the other is kept back, and what was set aside for it is let go of.",
		Scene: model.Scene{Stock: "enough", Fill: "fill_all", Customer: "trusted", Apart: true, Cancels: true},
		When:  when("storefront.cancellation_requested", "shipping.dispatched"), Late: []string{"payment.capture_requested"},
		Ends: "completed", Must: []string{"order.parcel_cancelled", "payment.voided", "inventory.released"},
		Not: []string{"refund.issued", "order.cancelled"}},
	{Title: "Of two parcels both lost", Says: "The carrier loses both: the money is given back for each.",
		Scene:   model.Scene{Stock: "enough", Fill: "fill_all", Customer: "trusted", Apart: true},
		Outside: []string{"loses the parcel"}, Ends: "cancelled",
		Must: []string{"shipping.lost", "refund.issued"}, Not: []string{"order.completed"}},
	{Title: "Lost", Says: "The carrier loses the parcel: the money is given back.",
		Scene: plain, Outside: []string{"loses the parcel"}, Ends: "cancelled", Must: []string{"shipping.lost", "refund.issued"}},
	{Title: "Returned", Says: "The customer sends everything back.",
		Scene: returns, When: when("storefront.return_requested", "order.completed"), Ends: "returned",
		Must: []string{"shipping.return_received", "refund.issued", "inventory.restocked"}},
	{Title: "Return refused", Says: "No carrier fetches the goods: the customer keeps them, and the shop the money.",
		Scene: returns, When: when("storefront.return_requested", "order.completed"), Outside: []string{"refuses the return"},
		Ends: "completed", Must: []string{"shipping.return_refused"}, Not: []string{"refund.requested"}},
	{Title: "Authorization timed out",
		Says:  "The gateway sets the money aside and never says so: it is let go of, whatever became of it.",
		Scene: plain, Outside: []string{"authorizes, the answer is lost"}, Expires: []string{"payment.authorization_requested"},
		Ends: "cancelled", Must: []string{"payment.outcome_unknown", "payment.voided"}, Not: []string{"payment.captured"}},
	{Title: "Parked and redriven",
		Says: "The warehouse cannot process what it hears of the order, which is cancelled meanwhile: all of it waits there, the " +
			"others go on, and redriven it is decided in order.",
		Scene: cancels, When: when("storefront.cancellation_requested", "shipping.prepared"), Parks: "warehouse", Ends: "cancelled",
		Must: []string{"warehouse.pick_requested", "warehouse.pick_cancelled", "order.cancelled"}, Not: []string{"warehouse.packed"}},
}

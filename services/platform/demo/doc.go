// Package demo replays the orders and cancellations of a real retailer through the HTTP API of a running platform, waits
// until every saga has ended and accounts for every row of the retailer's file: sold, returned, cancelled, or refused
// with its reason.
//
// It uses only the platform's two listeners, as any shop would, and keeps no state of its own: all requests follow from
// the file, keys included, so that the same command continues where a killed one stopped. The `orderflow demo` command
// uses it. It measures latencies, but is no benchmark: the sagas take as long as the simulated world takes.
//
// # File format
//
// A file is read as a whole: records as in RFC 4180, which may span lines, in one encoding (UTF-8, UTF-16,
// Windows-1252), with one separator (comma, semicolon, tab, bar, or the one of a line sep=), one order of day and month
// and one decimal mark. The report names them. If no row has a day above 12 and it matters, the user has to say the
// order. A stray quote costs its own line.
//
// # Ends of a row
//
//	malformed             too few or too many columns, no number, no date, no invoice or stock code; with its line
//	not goods             POST, DOT, C2, M, D, S, B, PADS, CRUK, AMAZONFEE, BANK CHARGES, ADJUST…, TEST…, gift vouchers
//	negative quantity     outside a cancellation; a positive one inside a cancellation; 0 in both
//	more pieces           than the limit of an order, 1,000,000
//	no price              a price of 0 or less
//	unknown country       no ISO 3166 code for it, as for "Unspecified"
//	catalogue: …          the platform refuses to list the product, with its reason; with its line
//	any other             a line of an order, or of a cancellation
//
// The first that applies counts. An invoice is one order; lines of the same product are merged; an invoice of more than
// 200 lines becomes several orders. Rows without a customer number are one customer per invoice, with a name that no
// number in a file can have. Idempotency keys are made of the file's name, the invoice and the part: an order is placed
// once even when the file is corrected and replayed, and a request that two importers send is executed once. Codes that
// differ in case are the same product; its price is its most frequent one (among equals the lowest), whatever a row has.
//
// # Ends of a cancellation
//
// Each row matches the latest earlier order of its customer that has so many pieces of the product left. When the rows
// of an invoice take back a whole order, the order is cancelled if it has not shipped; else they become a return after
// delivery. Rows that match no order, or an order that was never delivered, are refused.
//
// # The shop
//
// Two warehouses share all stock; the first gets the odd piece. The opening stock is 60% of the pieces ordered in the
// first 31 days of the file; every seven days 90% of those ordered in the seven days that follow are received, per
// product, rounded up. An order of at most ten lines is filled in full or not at all; a larger one also in part. Where goods
// may be waited for, a third of the former waits, as long as the platform lets orders wait. Goods that lie in both warehouses
// leave in two parcels. An operator approves orders in review up to 50,000.00 and refuses those above.
//
// By a hash of the order's number, of 1,000 orders: the card of 10 is declined, of 5 has no funds, of 5 gets its answer
// lost, of 5 is slow, of 5 fails at capture, of 50 fails at the first refund; 3 are suspected of fraud, and the parcels
// of 3 are lost.
package demo

// Package demo replays the orders and cancellations of a real retailer through the HTTP API of a running platform, waits
// until every saga has ended and accounts for every row of the retailer's file: sold, returned, cancelled, or refused
// with its reason.
//
// It knows the platform by its two listeners alone, as any shop would, and keeps nothing of its own: all that it sends
// follows from the file, keys included, so that the same command goes on where a killed one stopped. The `orderflow demo`
// command uses it. It measures on the way, but is no benchmark: the sagas take the time that the simulated world takes.
//
// # How a file is written
//
// A file is read as a whole: records as RFC 4180 has them, which may go on over lines, in one encoding (UTF-8, UTF-16,
// Windows-1252), with one separator (comma, semicolon, tab, bar, or what a line sep= names), one order of day and month
// and one decimal mark. The report says which. Where no row has a day above 12 and it matters, the order is asked for. A
// stray quote costs its own line.
//
// # What becomes of a row
//
//	malformed             too few or too many columns, no number, no date, no invoice or stock code; with its line
//	not goods             POST, DOT, C2, M, D, S, B, PADS, CRUK, AMAZONFEE, BANK CHARGES, ADJUST…, TEST…, gift vouchers
//	negative quantity     outside a cancellation; a positive one inside a cancellation; 0 in both
//	more pieces           than an order takes, 1,000,000
//	no price              a price of 0 or less
//	unknown country       none that ISO 3166 has a code for, as "Unspecified"
//	catalogue: …          the platform does not list the product, for what it says then; with its line
//	any other             a line of an order, or of a cancellation
//
// The first that applies counts. An invoice is one order; lines of the same product are one line; what has more than 200
// lines is several orders. Rows without a customer number are one customer per invoice, with a name that no number in a
// file can be. Keys of requests are made of the file's name, the invoice and the part: what was placed once stays placed
// when the file is corrected and replayed, and what two importers ask for at once is done once. Codes that differ in case
// are the same product, which costs what it was sold for most often (among equals the lowest), whatever a row says.
//
// # What becomes of a cancellation
//
// Each row matches the latest earlier order of its customer that has so many pieces of the product left. When the rows
// of an invoice take back a whole order, the order is cancelled if it has not shipped; else they are a return once it is
// with the customer. Rows that match nothing, or an order that never arrived, are refused.
//
// # The shop
//
// Two warehouses share all stock; the first gets the odd piece. There are at first 60% of the pieces that are ordered in
// the first 31 days of the file, and every seven days come 90% of those ordered in the seven days that follow, per
// product, rounded up. An order of at most ten lines is to be filled in full or not at all; a larger one takes what is
// there. An operator approves what goes to review up to 50,000.00 and refuses what is above.
//
// By a hash of the order's number: of 1,000 orders 10 have a card that is declined, 5 one without funds, 5 one whose
// answer is lost, 5 a slow one, 5 one that cannot be charged later, 50 one whose first refund fails; 3 are suspected
// of fraud, and the parcels of 3 are lost.
package demo

// Package world simulates the external systems: a payment gateway, carriers, a warehouse floor and its supplier, each
// behind the HTTP contract of a real one, with its faults. The platform mounts it unless a real adapter is configured;
// services call it over HTTP like any other external system.
//
// It is part of the product, not of its tests: it knows no expected result, and decides by its requests alone. Its
// answers are durable (its own Postgres database) and survive kill -9; its progress follows from stored times.
//
//	/sim/gateway/v1/…   authorizations, captures, voids, refunds; cards/{token}: the fingerprint of its card
//	/sim/gateway/book   its append-only book: ?limit= (1–1000, 100) &cursor= &order= → {items, next_cursor?}
//	/sim/stripe/v1/…    the same gateway behind Stripe's API: payment_intents, refunds; a token is a payment method
//	/sim/carrier/v1/…   labels, collections, tracking, rates (?country= &pieces=)
//	/sim/floor/v1/…     picks, purchases
//	/sim/mail/messages  what the mail server took over SMTP: ?limit= (1–1000, 100) &cursor= &to= → {items, next_cursor?}
//
// A repeat of an idempotency key gets the first answer, for ever; with another body, 422 idempotency_key_reused
// (floor: id_reused). A refusal is {code, detail?}: 402 of the gateway is final, 400 is a mistake of the client, after
// 503 try_again whatever was done is found under the same key.
//
// # Payment tokens
//
//	tok_ok                   authorised
//	tok_declined             402 card_declined
//	tok_insufficient_funds   402 insufficient_funds
//	tok_timeout              authorised, but the connection is dropped after 1 s; a retry or an inquiry gets the answer
//	tok_slow                 authorised, after 2 s
//	tok_capture_fails        authorised; every capture 402 capture_failed; can be voided
//	tok_single_capture       as tok_ok; there can be only one capture
//	tok_refund_fails_once    as tok_ok; the first refund is answered 503, the next succeeds
//	tok_refund_reversed      as tok_ok; 5–10 s after the first refund it comes back: it did not arrive
//	tok_chargeback           as tok_ok; 20–40 s after the capture the customer disputes it, and the gateway takes all that the shop
//	                         has of it, and a fee; 10–20 s later about every second dispute is won by the shop
//	tok_card_NAME            as tok_ok, with a card of its own, which has a fingerprint; NAME is of a to z, 0 to 9 and _
//	tok_card_chargeback…     the same, and disputed as tok_chargeback
//	anything else            402 unknown_token
//
// # Gateway's rules
//
//	void                     names the attempt: the idempotency key of the authorisation; releases what is open
//	void before the attempt  200 with amount 0, and the attempt will be 402 voided
//	void after the capture   402 already_captured, unless that left something open
//	capture                  of an open authorisation (402 already_captured, voided, unknown_reference) of the same order, at most
//	                         what is open (402 exceeds_authorized); the rest is released, unless "final": false
//	several captures         have to be asked for: "captures": 2 or more of the authorisation (402 single_capture); its answer
//	                         has "captures": 1 where there can be only one
//	refund                   any number, together no more than captured (402 exceeds_captured, not_captured)
//	refund after a dispute   together with what was charged back no more than captured (402 exceeds_captured)
//	book                     per order: authorized = captured + voided + open; refunded + charged back ≤ captured
//
// # Webhooks
//
//	body                     {id, type, created, data: {order, attempt, reference, amount, currency, reason, refund, dispute, fee,
//	                         card, capture, captures}}; signed as httpserver.SignatureHeader says; sent again until it is taken
//	type                     dispute_opened, dispute_won, dispute_lost, refund_reversed; authorized if the answer is late or lost
//	with faults              also authorized, declined, captured, capture_failed, voided, refunded, refund_failed of every request,
//	                         often before its answer; 20% are sent twice, 30% are up to 10 s late, in any order
//
// With --gateway stripe they are sent as Stripe's events, signed as Stripe signs.
//
// # Carriers' rules
//
//	country                  ISO 3166, two letters; refused by schemas.DeliveredTo: 422 no_carrier
//	postcode NOWHERE 1       422 no_carrier; NOWHERE PARCEL 2: only for the second parcel of an order that leaves in several
//	carrier                  the cheapest that takes the pieces to the country, as in /v1/rates
//	outbound parcel          label_created until collected, then 2–6 s in_transit, then delivered
//	postcode LOST 1          lost instead of delivered; LOST PARCEL 2: only the second parcel of an order that leaves in several
//	return parcel            posted by the customer 1–2 s after the label was made, then as above, to our dock
//	label                    voided: cannot be collected (409 voided); collected: cannot be voided (409 collected)
//
// # Carriers' webhooks
//
//	body                     {id, type, data: {order, tracking_number, at}}; signed as httpserver.SignatureHeader says; sent once
//	type                     lost, and delivered of a return
//	with faults              also label_created, voided, in_transit, out_for_delivery and delivered of every parcel; 10% are lost,
//	                         20% are sent twice, 40% are up to 10 s late, in any order
//
// # Floor's and supplier's rules
//
//	pick                     1–3 s picking, then packed; a cancelled pick stays cancelled, also one cancelled before it came
//	SKU SHORT-1              is never found: short, with these lines missing; packed without them if partial
//	purchase                 delivered after 5–10 s; with faults 30% come in two parts, two fifths of the pieces in half the time
//
// # Mail server's rules
//
//	address bounce…          550 at RCPT: there is no such mailbox
//	with faults              10% of recipients are greylisted for 2 s (451), 3% of messages deferred (451), and after
//	                         2% of messages that were taken the connection is dropped
//
// All these times are divided by the speed. With faults, 3% of requests (except of the book) are answered 503 before
// anything is done, 2% are done but the connection is dropped, 1% are 2 s late, and of 1% of picks one piece is missing.
// Faults depend on the request, how often it failed, and the seed: a run can be repeated, and retries succeed.
package world

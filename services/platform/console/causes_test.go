//go:build pictures

package console_test

import (
	"testing"
	"time"

	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/kafka"
)

// TestDrawASagaThatIsStuckForEachCause brings each cause about, draws the page of a saga that is stuck for it, mends it, and sees
// the saga end. The gateway may take ten minutes to answer about a capture: so long this takes.
func TestDrawASagaThatIsStuckForEachCause(t *testing.T) {
	t.Parallel()
	w := &world{trial.StartAround(t, 100, "shipping")}
	p, draw := w.drawn(t)
	stuck := func(b *trial.Buyer, name string, says ...string) {
		t.Helper()
		p.visit("/sagas/" + b.ID)
		p.see(says...)
		draw("stuck-" + name)
	}
	ends := func(b *trial.Buyer, state string) {
		t.Helper()
		b.Await(t, state)
		p.visit("/sagas/" + b.ID)
		p.gone("⚠")
	}

	w.Pause(t, "shipping")
	behind := w.order(t, "behind", 900)
	stuck(behind, "consumer_behind", "⚠ consumer behind, owed by shipping", "no process of shipping has reported for")
	w.Resume(t, "shipping")
	ends(behind, "completed")

	parked := w.together(t, "parked", 1)
	stuck(parked[0], "parked", "⚠ 1 owed", "inventory owes", "left although nothing is set aside")
	w.mend(t, parked...)
	p.press("Redrive this order")
	p.fill("Reason", "the reservation is mended")
	p.key("Enter")
	p.see("1 done")
	ends(parked[0], "completed")

	// Shipping's row is as it was before the parcel was packed, as from an older copy: it waits for the parcel, and nobody owes one.
	// What the order would do after a day an operator has taken off.
	w.Gate.Shut("/sim/gateway/v1/captures")
	forgotten := w.order(t, "forgotten", 900)
	p.visit("/sagas/" + forgotten.ID)
	p.see("tell what gateway.capture answered")
	w.Damage(t, "shipping", `UPDATE shipments SET packed = false WHERE order_id = ?`, forgotten.ID)
	w.Gate.Open()
	p.see("payment.captured", "order owes: act when time is up")
	p.press("Take off")
	p.fill("Reason", "the customer is patient")
	p.key("Enter")
	p.see("Taken off by ann")
	stuck(forgotten, "never_produced", "⚠ never produced", "no service owes it anything, and it has not ended", "Taken off by ann")
	p.press("Cancel the order")
	p.fill("Reason", "its parcel is not to be found")
	p.key("Enter")
	ends(forgotten, "cancelled")

	topic := kafka.TopicSpec{Name: "shipping.events", Partitions: 4}
	if err := w.Kafka(t).DeleteTopics(t.Context(), topic.Name); err != nil {
		t.Fatal(err)
	}
	unheard := w.order(t, "unheard", 900)
	stuck(unheard, "publisher_behind", "⚠ publisher behind, owed by shipping", "events that are not on its topic")
	if _, err := w.Kafka(t).CreateTopics(t.Context(), []kafka.TopicSpec{topic}); err != nil {
		t.Fatal(err)
	}
	ends(unheard, "completed")

	w.Gate.Shut("/sim/gateway/v1/captures")
	asked := w.order(t, "asked", 900)
	p.visit("/sagas/" + asked.ID)
	p.see("tell what gateway.capture answered")
	owed := trial.Read[struct{ Items []struct{ Until time.Time } }](t,
		w.Site.Operator("tracker").Must(t, 200, "GET", "/v1/obligations?kind=call&order="+asked.ID, nil)).Items
	if len(owed) != 1 {
		t.Fatalf("owed are %+v", owed)
	}
	time.Sleep(time.Until(owed[0].Until))
	stuck(asked, "outside_party", "⚠ outside party, owed by payment", "times without an answer")
	w.Gate.Open()
	ends(asked, "completed")
}

package audit_test

import (
	"strings"
	"testing"
	"time"

	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/service"
)

// The third order within the hour is one too many. It waits for a person, orders of another customer do not, and what is
// known of customers is what the topic says.
func TestAnOrderTooManyOfACustomerWaitsForAPersonAndOtherCustomersDoNot(t *testing.T) {
	p, site := startWith(t, run.Options{}, func(c *service.Config) {
		*c = c.With(service.Settings{"fraud-velocity": 2, "fraud-velocity-within": time.Hour})
	})
	site.Sell(t, "teapot", 1530, 1000)
	basket := trial.NewBasket(trial.Line{SKU: "teapot", Quantity: 1})
	var eager []*trial.Buyer
	for range 4 {
		b := site.BuyAs(t, "eager", basket)
		if len(eager) < 2 {
			b.Await(t, "completed")
		} else {
			b.Await(t, "in_review")
		}
		eager = append(eager, b)
	}
	site.BuyAs(t, "calm", basket).Await(t, "completed")
	fraud := site.Operator("fraud")
	for i, approve := range []bool{true, false} {
		review := trial.Read[struct{ Rules []string }](t,
			fraud.Must(t, 200, "POST", "/v1/reviews/"+eager[2+i].ID, map[string]any{"approve": approve}))
		if len(review.Rules) != 1 || review.Rules[0] != "velocity" {
			t.Errorf("the review is because of %v", review.Rules)
		}
	}
	eager[2].Await(t, "completed")
	eager[3].Await(t, "cancelled")
	fraudDB := p.Host.Databases()["fraud"].Gorm()
	var kept, watermark int
	if err := fraudDB.Raw(
		`SELECT sum(jsonb_array_length(seen)), (SELECT count(*) FROM engine.watermark WHERE topic = 'fraud.events' AND sequence > 0)
		FROM subjects`).Row().Scan(&kept, &watermark); err != nil {
		t.Fatal(err)
	}
	if kept != len(eager)+1 || watermark == 0 {
		t.Errorf("%d orders are kept of five within the hour, from %d partitions of fraud's own topic", kept, watermark)
	}
	if r := lookUnderway(t, p); !r.Holds() {
		t.Error(told(r))
	}
	if err := fraudDB.Exec(`UPDATE subjects SET seen = '[]' WHERE key = 'customer:calm'`).Error; err != nil {
		t.Fatal(err)
	}
	if text := told(look(t, p)); !strings.Contains(text, "fraud (subject)") {
		t.Errorf("a count that was changed by hand goes unnoticed:\n%s", text)
	}
}

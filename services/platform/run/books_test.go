package run_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/database"
)

// booked is what the API tells of an order's entries: the balance of each account.
func booked(t *testing.T, site *trial.Site, order string) (balance map[string]int64, entries int) {
	t.Helper()
	page := trial.Read[struct {
		Items []struct {
			Transfers []struct {
				Debit, Credit string
				Amount        struct{ Amount int64 }
			}
		}
	}](t, site.Operator("reporting").Must(t, 200, "GET", "/v1/journal?order="+order, nil))
	balance = map[string]int64{}
	for _, e := range page.Items {
		for _, x := range e.Transfers {
			balance[x.Debit] += x.Amount.Amount
			balance[x.Credit] -= x.Amount.Amount
		}
	}
	return balance, len(page.Items)
}

type discrepancy struct {
	Order, Movement string
	Booked, Settled int64
}

func discrepancies(t *testing.T, site *trial.Site, order string) []discrepancy {
	t.Helper()
	page := trial.Read[struct{ Items []discrepancy }](t,
		site.Operator("reporting").Must(t, 200, "GET", "/v1/reports/discrepancies?limit=200", nil))
	return slices.DeleteFunc(page.Items, func(d discrepancy) bool { return d.Order != order })
}

// The gateway's book is altered by hand in its database, as the file is made of that.
func TestThePayoutIsReconciledAndARowOfTheGatewaysBookThatIsAlteredIsNamedUntilItIsPutBack(t *testing.T) {
	t.Parallel()
	r := start(t)
	sku := fresh("reconciled")
	r.site.Sell(t, sku, price, received)
	buyer := r.site.Buy(t, trial.NewBasket(trial.Line{SKU: sku, Quantity: 2}))
	buyer.Await(t, "completed")
	buyer.Return(t, trial.Line{SKU: sku, Quantity: 1})
	trial.Await(t, "the entries of the sale, of the refund, and of their tax", func() (bool, string) {
		balance, entries := booked(t, r.site, buyer.ID)
		return entries == 4 && balance["gateway_clearing"] == price && balance["customers"] == 0 &&
			balance["revenue"]+balance["tax"]+balance["refunds"] == -price && balance["tax"] < 0, fmt.Sprint(entries, balance)
	})

	// The day may end between the two movements: both files are read.
	days := []string{time.Now().UTC().Format(time.DateOnly)}
	if earlier := time.Now().UTC().Add(-time.Hour).Format(time.DateOnly); earlier != days[0] {
		days = append(days, earlier)
	}
	settle := func() {
		for _, day := range days {
			r.site.Operator("reporting").Must(t, 202, "POST", "/v1/reports/daily/"+day+"/settlement", nil)
		}
	}
	settle()
	const fee = (2*price*14+500)/1000 + 20
	trial.Await(t, "the payout", func() (bool, string) {
		balance, _ := booked(t, r.site, buyer.ID)
		return balance["gateway_clearing"] == 0 && balance["fees"] == fee && balance["bank"] == price-fee, fmt.Sprint(balance)
	})
	if found := discrepancies(t, r.site, buyer.ID); len(found) > 0 {
		t.Errorf("without any difference: %+v", found)
	}

	url, err := database.Provision(t.Context(), r.Config.Postgres, run.World)
	if err != nil {
		t.Fatal(err)
	}
	world, err := database.Open(context.Background(), database.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	alter := func(set, kind string) {
		t.Helper()
		err := world.Gorm().Exec("UPDATE gateway_book SET "+set+" WHERE order_id = $1 AND kind = $2", buyer.ID, kind).Error
		if err != nil {
			t.Fatal(err)
		}
		settle()
	}
	for _, row := range []struct {
		set, to, back string
		settled       int64
	}{
		{"amount = amount - 7", "captured", "amount = amount + 7", 2*price - 7},
		{"kind = 'none'", "none", "kind = 'captured'", 0}, // it is not in the file any more
	} {
		alter(row.set, "captured")
		trial.Await(t, "the discrepancy of "+row.set, func() (bool, string) {
			found := discrepancies(t, r.site, buyer.ID)
			return slices.Equal(found, []discrepancy{{buyer.ID, "capture", 2 * price, row.settled}}), fmt.Sprint(found)
		})
		alter(row.back, row.to)
		trial.Await(t, "its end", func() (bool, string) {
			found := discrepancies(t, r.site, buyer.ID)
			return len(found) == 0, fmt.Sprint(found)
		})
	}
	if balance, _ := booked(t, r.site, buyer.ID); balance["gateway_clearing"] != 0 || balance["bank"] != price-fee {
		t.Errorf("after it was put back: %v", balance)
	}
	r.site.Operator("reporting").Must(t, 422, "POST", "/v1/reports/daily/2026-02-30/settlement", nil)
}

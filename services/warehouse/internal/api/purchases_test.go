package api

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/httpserver/idempotency/idempotencytest"
	"orderflow.example/shared/httpserver/openapi"
)

func TestAnOperatorSeesWhatIsOrderedHowMuchOfItCameAndWhichSupplierIsLate(t *testing.T) {
	t.Parallel()
	auth, err := httpserver.NewAuth(signing)
	if err != nil {
		t.Fatal(err)
	}
	s := httpserver.New(httpserver.Options{})
	log := slog.New(slog.DiscardHandler)
	submit, _ := engineOf(nil)
	Register(openapi.NewRoutes(s, auth.RequireOperator(), "Operators", "1", ""), idempotency.New(idempotencytest.New(), log),
		&catalogue{}, nil, submit)
	token, err := httpserver.Mint(signing, httpserver.AudienceOperators, "op", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	get := func(query string) (page purchasePage) {
		req := httptest.NewRequest(http.MethodGet, "/v1/purchases?"+query, nil)
		req.Header.Set("Authorization", "Bearer "+token)
		res := httptest.NewRecorder()
		if s.Engine().ServeHTTP(res, req); res.Code != 200 || json.Unmarshal(res.Body.Bytes(), &page) != nil {
			t.Fatalf("%s: %d %s", query, res.Code, res.Body)
		}
		return page
	}
	seen := func(p purchasePage) string {
		var ids []string
		for _, i := range p.Items {
			if i.Overdue {
				i.ID += " late"
			}
			ids = append(ids, i.ID)
		}
		return strings.Join(ids, ", ")
	}
	if all := get(""); seen(all) != "p1, p2 late, p3" || all.Items[0].Received != 4 || all.Items[0].Quantity != 10 {
		t.Errorf("%+v", all)
	}
	if late := get("overdue=true"); seen(late) != "p2 late" {
		t.Errorf("%+v", late)
	}
	first := get("limit=1")
	second := get("limit=1&cursor=" + first.NextCursor)
	if seen(first) != "p1" || seen(second) != "p2 late, p3" || second.NextCursor != "" {
		t.Errorf("%+v, then %+v", first, second)
	}
}

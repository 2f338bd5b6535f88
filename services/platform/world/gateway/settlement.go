package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"orderflow.example/services/platform/world/answer"
)

// settlementHeader is the first line of a settlement file. Amounts are in minor units, negative where the gateway took money
// from the shop.
var settlementHeader = []string{"transaction", "type", "order", "reference", "occurred_at", "currency", "gross", "fee", "net"}

// The gateway keeps 1.4% of what it captures and 20 minor units.
const (
	feePerMille = 14
	feeFixed    = 20
)

// settled is how the settlement file accounts for an entry of the book; false for one that moved no money.
func settled(e Entry) (kind, reference string, gross, fee int64, moved bool) {
	switch e.Kind {
	case Captured:
		return "capture", e.Reference, e.Amount, (e.Amount*feePerMille+500)/1000 + feeFixed, true
	case Refunded:
		return "refund", e.Key, -e.Amount, 0, true
	case RefundReversed:
		return "refund_reversed", e.About, e.Amount, 0, true
	case ChargedBack:
		return "chargeback", e.About, -e.Amount, e.Fee, true
	case ChargebackReversed:
		return "chargeback_reversed", e.About, e.Amount, 0, true
	}
	return "", "", 0, 0, false
}

// settle answers with the settlement file of a day, in UTC: all that moved by now, and a trailer with the number of lines and
// the SHA-256 of all before it. It is made of the book in the database, which people can alter.
func (g *Gateway) settle(w http.ResponseWriter, r *http.Request) {
	refused := func(reply answer.Reply) {
		answer.Handle(func(*http.Request) answer.Reply { return reply })(w, r)
	}
	day, err := time.Parse(time.DateOnly, r.PathValue("day"))
	if err != nil {
		refused(answer.Invalid("want a day as 2026-03-01"))
		return
	}
	entries, err := table.Select(g.db.Gorm().WithContext(r.Context()), "WHERE at >= $1 AND at < $2 ORDER BY seq", day,
		day.AddDate(0, 0, 1))
	if err != nil {
		refused(answer.Refuse(http.StatusServiceUnavailable, "try_again"))
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	_, _ = w.Write(settlement(entries))
}

func settlement(entries []Entry) []byte {
	var file bytes.Buffer
	out := csv.NewWriter(&file)
	_ = out.Write(settlementHeader)
	lines := 0
	for _, e := range entries {
		kind, reference, gross, fee, moved := settled(e)
		if !moved {
			continue
		}
		lines++
		whole := func(n int64) string { return strconv.FormatInt(n, 10) }
		_ = out.Write([]string{"txn_" + whole(e.Seq), kind, e.Order, reference, e.At.UTC().Format(time.RFC3339Nano), e.Currency,
			whole(gross), whole(fee), whole(gross - fee)})
	}
	out.Flush()
	sum := sha256.Sum256(file.Bytes())
	fmt.Fprintf(&file, "trailer,%d,%s\n", lines, hex.EncodeToString(sum[:]))
	return file.Bytes()
}

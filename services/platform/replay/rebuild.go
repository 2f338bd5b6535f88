package replay

import (
	"context"

	"orderflow.example/shared/engine"
)

// Rebuilt is what a replay has made.
type Rebuilt struct {
	Scan
	Effort
	Schema string   `json:"schema"`         // in the service's database
	Behind bool     `json:"behind"`         // the topic goes further than the database, which was lost or set back
	Kept   []string `json:"kept,omitempty"` // tables that no event leads to; they stay as they are

	Seconds float64 `json:"seconds"`
	Rate    float64 `json:"events_per_second"`
}

// Rebuild makes the service's tables anew in a schema of their own, up to where the service stands, or to the limit. One that
// was killed goes on where it was.
func (r *Replay) Rebuild(ctx context.Context) (*Rebuilt, error) {
	scan := r.scanned
	if scan == nil {
		var err error
		if scan, err = r.Scan(ctx); err != nil {
			return nil, err
		}
	}
	var err error
	if r.gaps, err = r.outboxGaps(ctx); err != nil {
		return nil, err
	}
	position, behind, err := r.stands(ctx)
	if err != nil {
		return nil, err
	}
	r.limit(&position, scan)
	if err := r.shadow.prepare(ctx); err != nil {
		return nil, err
	}
	out := &Rebuilt{Schema: r.shadow.schema, Behind: behind != nil}
	if out.Effort, err = r.shadow.advance(ctx, position, scan.Own+scan.Inputs); err != nil {
		return nil, err
	}
	out.Scan, out.Seconds, out.Rate = *scan, out.Took.Seconds(), out.PerSecond()
	out.Kept, err = r.others(ctx)
	return out, err
}

// limit keeps a position below what was counted, where that ended early.
func (r *Replay) limit(at *engine.Position, scan *Scan) {
	if r.Upto == (Limit{}) {
		return
	}
	for p, held := range scan.own {
		at.Own[p] = min(at.Own[p], held.Sequence)
	}
	for topic, ends := range scan.inputs {
		for p, last := range ends {
			if m, ok := at.Inputs[topic][p]; ok {
				m.Sequence = min(m.Sequence, last)
				at.Inputs[topic][p] = m
			}
		}
	}
}

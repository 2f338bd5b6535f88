package replay

import (
	"context"

	"orderflow.example/shared/engine"
	"orderflow.example/shared/service"
)

// Rebuilt is the result of a rebuild.
type Rebuilt struct {
	Scan
	Effort
	Schema string   `json:"schema"`         // in the service's database
	Behind bool     `json:"behind"`         // the topic is ahead of the database, which was lost or set back
	Kept   []string `json:"kept,omitempty"` // tables that no event writes; they stay as they are

	Seconds float64 `json:"seconds"`
	Rate    float64 `json:"events_per_second"`
}

// Rebuild fills new tables of the service in a schema of their own, up to the service's position or the limit. One that was
// killed resumes.
func (r *Replay) Rebuild(ctx context.Context) (out *Rebuilt, err error) {
	ctx, end := r.span(ctx, "replay "+r.App.Name, nil)
	defer func() { end(err) }()
	scan := r.scanned
	if scan == nil {
		if scan, err = r.Scan(ctx); err != nil {
			return nil, err
		}
	}
	if r.Order != "" && scan.Own+scan.Inputs == 0 {
		return nil, service.Usage("replay: no event that %s folds or shows is of %s: want the id of one of this shop's orders, a SKU "+
			"or a customer", r.App.Name, r.Order)
	}
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
	out = &Rebuilt{Schema: r.shadow.schema, Behind: behind != nil}
	if out.Effort, err = r.shadow.advance(ctx, position, scan.Own+scan.Inputs); err != nil {
		return nil, err
	}
	out.Scan, out.Seconds, out.Rate = *scan, out.Took.Seconds(), out.PerSecond()
	out.Kept, err = r.others(ctx)
	return out, err
}

// limit cuts a position off at the end of the scan, where that ended at the Limit.
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

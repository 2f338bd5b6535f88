package archive

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"orderflow.example/shared/engine"
)

// Position is how far a service's tables are: which of its own events they follow from, and which of others.
type Position struct {
	Own    map[int]int64           `json:"own"`    // by partition: the last number given
	Inputs map[string]map[int]Mark `json:"inputs"` // by topic and partition: how far it was applied
}

// Mark is the last record of a topic partition that was applied: its number, the offset after it, and its id, by which it is
// known that a log is still the same.
type Mark struct {
	Sequence int64  `json:"sequence"`
	Offset   int64  `json:"offset"`
	RecordID string `json:"record_id"`
}

// Of is the number up to which the tables follow from a partition of a topic; own is the service's own topic.
func (p Position) Of(topic, own string, partition int) int64 {
	if topic == own {
		return p.Own[partition]
	}
	return p.Inputs[topic][partition].Sequence
}

// Parked is an event of another service that the position lies behind and that was not applied: it waits for an operator.
type Parked struct {
	Partition int    `json:"partition"`
	Key       string `json:"key"`
	Type      string `json:"type"`
	ID        string `json:"id"`
}

// readPosition reads where the service stands, in the caller's transaction.
func (s *Snapshot) readPosition(ctx context.Context, conn *pgx.Conn) error {
	s.Position = Position{Own: map[int]int64{}, Inputs: map[string]map[int]Mark{}}
	s.Series, s.Parked = map[string]int64{}, []Parked{}
	var partition int
	var number int64
	var text string
	var mark Mark
	var parked Parked
	for _, q := range []struct {
		sql  string
		into []any
		keep func()
	}{
		{`SELECT partition, sequence FROM engine.counter`, []any{&partition, &number}, func() { s.Position.Own[partition] = number }},
		{`SELECT topic, partition, sequence, next_offset, record_id FROM engine.watermark WHERE topic <> '` + engine.ControlTopic + `'`,
			[]any{&text, &partition, &mark.Sequence, &mark.Offset, &mark.RecordID}, func() {
				if s.Position.Inputs[text] == nil {
					s.Position.Inputs[text] = map[int]Mark{}
				}
				s.Position.Inputs[text][partition] = mark
			}},
		{`SELECT name, number FROM engine.series`, []any{&text, &number}, func() { s.Series[text] = number }},
		{`SELECT partition, key, type, id FROM engine.parked WHERE form = 'event' ORDER BY number`,
			[]any{&parked.Partition, &parked.Key, &parked.Type, &parked.ID}, func() { s.Parked = append(s.Parked, parked) }},
	} {
		rows, err := conn.Query(ctx, q.sql)
		if err == nil {
			_, err = pgx.ForEachRow(rows, q.into, func() error { q.keep(); return nil })
		}
		if err != nil {
			return fmt.Errorf("read the position: %w", err)
		}
	}
	return nil
}

// versions are the schemas' newest migrations, by the tables that goose notes them in.
func versions(ctx context.Context, conn *pgx.Conn) (map[string]int64, error) {
	all := map[string]int64{}
	for _, table := range []string{"engine_version", "service_version"} {
		var known bool
		var version int64
		err := conn.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, "public."+table).Scan(&known)
		if err == nil && known {
			err = conn.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM public.`+table+` WHERE is_applied`).Scan(&version)
		}
		if err != nil {
			return nil, fmt.Errorf("read the versions of the tables: %w", err)
		}
		all[table] = version
	}
	return all, nil
}

package witness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"orderflow.example/shared/database"
	"orderflow.example/shared/kafka"
)

// Sources are the sources of the evidence. The installation must be idle, or the data is not consistent.
type Sources struct {
	Kafka     *kafka.Client
	Databases map[string]*database.DB // of the services with a database, and of the simulated world
	World     string                  // the name of the latter
	Book      string                  // URL of the gateway's book
	Token     string                  // an operator's
}

// Read adds the data of all sources to the evidence.
func (s Sources) Read(ctx context.Context, e *Evidence) error {
	e.Services = map[string]*Tables{}
	for name, db := range s.Databases {
		if name == s.World {
			continue
		}
		t, err := readTables(ctx, db)
		if err != nil {
			return fmt.Errorf("tables of %s: %w", name, err)
		}
		e.Services[name] = t
		if err := s.readTopic(ctx, name+".events", e); err != nil {
			return fmt.Errorf("topic of %s: %w", name, err)
		}
	}
	if err := s.readGoods(ctx, e); err != nil {
		return err
	}
	return s.readBook(ctx, e)
}

// readTopic reads each partition from its first record to its last.
func (s Sources) readTopic(ctx context.Context, topic string, e *Evidence) error {
	partitions := make([]int, e.Partitions)
	for p := range partitions {
		partitions[p] = p
	}
	first, next, err := s.Kafka.Offsets(ctx, topic, partitions)
	if err != nil {
		return err
	}
	for p := range partitions {
		for at := first[p]; at < next[p]; {
			got, err := s.Kafka.Fetch(ctx, []kafka.Position{{Topic: topic, Partition: p, Offset: at}}, time.Second)
			if err == nil && len(got) == 1 {
				err = got[0].Err
			}
			if err != nil {
				return err
			}
			for _, f := range got {
				for _, r := range f.Records {
					e.Records = append(e.Records, Record{Topic: topic, Partition: p, Sequence: r.Sequence,
						Source: r.Source, ID: r.ID, Type: r.Type, Key: r.Key, Data: bytes.Clone(r.Data), Malformed: r.Malformed})
				}
				at = f.Next
			}
		}
	}
	return nil
}

// query reads rows.
func query[T any](ctx context.Context, db *database.DB, sql string) (rows []T, err error) {
	err = db.Gorm().WithContext(ctx).Raw(sql).Scan(&rows).Error
	return rows, err
}

func readTables(ctx context.Context, db *database.DB) (*Tables, error) {
	t := &Tables{Counter: map[int]int64{}, Pruned: map[int]int64{}, Watermarks: map[Place]int64{}}
	type number struct {
		Topic     string
		Partition int
		Sequence  int64
	}
	counters, err := query[number](ctx, db, `SELECT partition, sequence FROM engine.counter`)
	if err != nil {
		return nil, err
	}
	for _, c := range counters {
		t.Counter[c.Partition] = c.Sequence
	}
	marks, err := query[number](ctx, db, `SELECT topic, partition, sequence FROM engine.watermark`)
	if err != nil {
		return nil, err
	}
	for _, m := range marks {
		t.Watermarks[Place{m.Topic, m.Partition}] = m.Sequence
	}
	// Absent if rows are kept for ever.
	pruned, err := query[number](ctx, db, `SELECT partition, coalesce((to_jsonb(p) ->> 'pruned')::bigint, 0) AS sequence
		FROM engine.published p`)
	if err != nil {
		return nil, err
	}
	for _, p := range pruned {
		t.Pruned[p.Partition] = p.Sequence
	}
	t.Outbox, err = query[Row](ctx, db, `SELECT partition, sequence, id, type, key, data FROM engine.outbox
		ORDER BY partition, sequence`)
	if err != nil {
		return nil, err
	}
	if t.Parked, err = query[Left](ctx, db, `SELECT id, type, key, reason FROM engine.parked ORDER BY number`); err != nil {
		return nil, err
	}
	if t.Calls, err = query[Left](ctx, db, `SELECT id, type, key FROM engine.call ORDER BY id`); err != nil {
		return nil, err
	}
	t.Due, err = query[Left](ctx, db, `SELECT id, type, key FROM engine.deadline
		WHERE due_at <= now() - interval '10 seconds' ORDER BY id`)
	return t, err
}

// readGoods reads the rows of services and the simulated world for each order and SKU.
func (s Sources) readGoods(ctx context.Context, e *Evidence) error {
	type row struct {
		ID, Status, Reason string
		Open               bool
		Lines              []byte
		OnHand, Reserved   int64
	}
	e.Orders, e.Shown, e.Stock, e.Collected = map[string]Order{}, map[string]Shown{}, map[string]Level{}, map[string]int{}
	e.Reservations, e.Returns = map[string]Reservation{}, map[string][]Return{}
	for _, q := range []struct {
		of, sql string
		add     func(row) error
	}{
		{"order", `SELECT order_id AS id, status, reason FROM orders`,
			func(r row) error { e.Orders[r.ID] = Order{r.Status, r.Reason}; return nil }},
		{"storefront", `SELECT order_id AS id, status, open FROM orders`,
			func(r row) error { e.Shown[r.ID] = Shown{r.Status, r.Open}; return nil }},
		{"inventory", `SELECT order_id AS id, status, coalesce(lines, '[]') AS lines FROM reservations`, func(r row) error {
			v := Reservation{Status: r.Status}
			err := json.Unmarshal(r.Lines, &v.Lines)
			e.Reservations[r.ID] = v
			return err
		}},
		{"inventory", `SELECT sku AS id, sum(on_hand) AS on_hand, sum(reserved) AS reserved FROM stock GROUP BY sku`,
			func(r row) error { e.Stock[r.ID] = Level{r.OnHand, r.Reserved}; return nil }},
		{"shipping", `SELECT order_id AS id, returns AS lines FROM shipments
			WHERE jsonb_array_length(nullif(returns, 'null')) > 0`, func(r row) error {
			var v []Return
			err := json.Unmarshal(r.Lines, &v)
			e.Returns[r.ID] = v
			return err
		}},
		{s.World, `SELECT order_id AS id, count(*) AS on_hand FROM carrier_labels
			WHERE kind = 'outbound' AND collected_at IS NOT NULL GROUP BY order_id`,
			func(r row) error { e.Collected[r.ID] = int(r.OnHand); return nil }},
		{s.World, `SELECT sku AS id, sum(quantity) AS on_hand FROM floor_purchases GROUP BY sku`,
			func(r row) error { e.Received[r.ID] += r.OnHand; return nil }},
	} {
		if s.Databases[q.of] == nil {
			return fmt.Errorf("the database of %s was not given", q.of)
		}
		rows, err := query[row](ctx, s.Databases[q.of], q.sql)
		for _, r := range rows {
			if err == nil {
				err = q.add(r)
			}
		}
		if err != nil {
			return fmt.Errorf("rows of %s: %w", q.of, err)
		}
	}
	return nil
}

// readBook reads the gateway's book, page by page.
func (s Sources) readBook(ctx context.Context, e *Evidence) error {
	for cursor := "0"; cursor != ""; {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Book+"?limit=1000&cursor="+url.QueryEscape(cursor), nil)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+s.Token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return fmt.Errorf("the gateway's book: %w", err)
		}
		var page struct {
			Items []Entry `json:"items"`
			Next  string  `json:"next_cursor"`
		}
		err = json.NewDecoder(response.Body).Decode(&page)
		response.Body.Close()
		if err != nil {
			return fmt.Errorf("the gateway's book: %s: %w", response.Status, err)
		}
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("the gateway's book: %s", response.Status)
		}
		e.Book = append(e.Book, page.Items...)
		cursor = page.Next
	}
	return nil
}

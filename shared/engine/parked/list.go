package parked

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"
)

// Filter chooses among what is parked; empty fields choose all.
type Filter struct {
	Service string
	Group   string // of the heads: what waits behind one is in no group
	Order   string // the saga, or the key where that is no order
	Key     string
	Type    string
	Form    string
	Heads   bool // leave out what only waits behind an earlier one
}

// Cursor is where a list goes on: after this row of this service.
type Cursor struct {
	Service string `json:"s"`
	Number  int64  `json:"n"`
}

// List is what is parked, by service and number: at most limit items from the cursor on, and where to go on if there are
// more.
func (all Services) List(ctx context.Context, f Filter, from Cursor, limit int) (items []Item, next *Cursor, err error) {
	chosen, err := all.named(f.Service)
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return nil, nil, err
	}
	for _, s := range chosen {
		after := int64(0)
		switch {
		case s.Name < from.Service:
			continue
		case s.Name == from.Service:
			after = from.Number
		}
		list, err := s.list(ctx, f, after, limit+1-len(items))
		if err != nil {
			return nil, nil, err
		}
		if items = append(items, list...); len(items) > limit {
			items = items[:limit]
			return items, &Cursor{items[limit-1].Service, items[limit-1].Number}, nil
		}
	}
	return items, nil, nil
}

// check refuses what the database cannot take for text.
func (f Filter) check() error {
	var wrong faults
	for name, value := range map[string]string{"group": f.Group, "order": f.Order, "key": f.Key, "type": f.Type, "form": f.Form} {
		if !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
			wrong.add(name, "want text")
		}
	}
	return wrong.err()
}

func (s Service) list(ctx context.Context, f Filter, after int64, limit int) (items []Item, err error) {
	if f.Group != "" {
		return s.listGroup(ctx, f, after, limit)
	}
	q := s.db(ctx).Table("engine.parked AS p").Select(columns+", "+behind+" AS behind").Where("p.number > ?", after)
	if f.Order != "" {
		q = q.Where("p.saga = ? OR p.key = ?", f.Order, f.Order)
	}
	for column, value := range map[string]string{"p.key = ?": f.Key, "p.type = ?": f.Type, "p.form = ?": f.Form} {
		if value != "" {
			q = q.Where(column, value)
		}
	}
	if f.Heads {
		q = q.Where(isHead)
	}
	err = q.Order("p.number").Limit(limit).Scan(&items).Error
	for i := range items {
		items[i].Service, items[i].Reason = s.Name, shown(items[i].Reason)
	}
	return items, err
}

func (s Service) listGroup(ctx context.Context, f Filter, after int64, limit int) (items []Item, err error) {
	err = s.eachHead(s.db(ctx), func(h Item) bool {
		fits := h.Number > after && (f.Order == "" || h.Order == f.Order || h.Key == f.Order) && (f.Key == "" || h.Key == f.Key) &&
			(f.Type == "" || h.Type == f.Type) && (f.Form == "" || h.Form == f.Form)
		if fits && groupOf(h, Cause(h.Reason)) == f.Group {
			h.Reason = shown(h.Reason)
			items = append(items, h)
		}
		return len(items) < limit
	})
	return items, err
}

// Detail is a parked row with the shape of its payload.
type Detail struct {
	Item
	Cause string    `json:"cause"` // the event that led to it
	At    time.Time `json:"at"`
	Try   int       `json:"try,omitempty"` // of an answer
	Data  any       `json:"data"`          // names of fields; text is withheld
}

const maxShown = 1000

// Show is all that is parked about an order, in the order it will be processed, at most a thousand rows of each service.
func (all Services) Show(ctx context.Context, service, order string) ([]Detail, error) {
	return all.show(ctx, service, func(q *gorm.DB) *gorm.DB { return q.Where("p.saga = ? OR p.key = ?", order, order) })
}

// ShowNumber is a parked row with those of its key, in the order they will be processed.
func (all Services) ShowNumber(ctx context.Context, service string, number int64) ([]Detail, error) {
	return all.show(ctx, service, func(q *gorm.DB) *gorm.DB {
		return q.Where("(p.partition, p.key) = (SELECT n.partition, n.key FROM engine.parked n WHERE n.number = ?)", number)
	})
}

func (all Services) show(ctx context.Context, service string, where func(*gorm.DB) *gorm.DB) (details []Detail, err error) {
	chosen, err := all.named(service)
	if err != nil {
		return nil, err
	}
	for _, s := range chosen {
		var rows []struct {
			Item  `gorm:"embedded"`
			Cause string
			At    time.Time
			Try   int
			Data  []byte
		}
		q := s.db(ctx).Table("engine.parked AS p").Select(columns + ", " + behind + " AS behind, p.cause, p.at, p.try, p.data")
		if err := where(q).Order("p.number").Limit(maxShown).Scan(&rows).Error; err != nil {
			return nil, err
		}
		for _, r := range rows {
			r.Item.Service, r.Item.Reason = s.Name, shown(r.Item.Reason)
			details = append(details, Detail{Item: r.Item, Cause: r.Cause, At: r.At, Try: r.Try, Data: shape(r.Data)})
		}
	}
	if len(details) == 0 {
		return nil, refuse(NotFound, "not-parked", "nothing of that is parked, or not any more")
	}
	return details, nil
}

// named are all services, or the one with this name.
func (all Services) named(name string) (Services, error) {
	if name == "" {
		return all, nil
	}
	i := slices.IndexFunc(all, func(s Service) bool { return s.Name == name })
	if i < 0 {
		var f faults
		f.add("service", "there is no such service here; there are: %s", all.names())
		return nil, f.err()
	}
	return all[i : i+1], nil
}

package tracker

import (
	"bytes"
	"encoding/json"
	"reflect"

	"orderflow.example/shared/saga"
)

// folds are the states of the services for one order, folded from its events.
type folds struct {
	personal *personal
	machines map[*saga.Machine]map[string]any // by key
}

func (x *Index) folds() folds { return folds{&x.personal, map[*saga.Machine]map[string]any{}} }

// fold applies one event to a service's state and returns what changed in it.
func (f folds) fold(k *kind, r *Record) map[string]Change {
	if k.says == nil || k.payload == nil {
		return nil
	}
	kind := saga.As(k.payload, r.Type)
	data, err := kind.Decode(r.Data)
	if err != nil {
		return nil
	}
	states := f.machines[k.says]
	if states == nil {
		states = map[string]any{}
		f.machines[k.says] = states
	}
	before, known := states[r.Key]
	if !known {
		before = k.says.Blank(r.Key)
	}
	after := k.says.Evolve(before, saga.Event{ID: r.ID, Type: kind.Name(), Key: r.Key, Saga: r.Saga, Cause: r.Cause, Via: r.Via,
		Time: r.Time, Data: data})
	states[r.Key] = after
	return f.changes(before, after)
}

// changes are the fields of a state that differ.
func (f folds) changes(before, after any) map[string]Change {
	was, is := fields(before), fields(after)
	var differ []string
	for name := range is {
		if !reflect.DeepEqual(was[name], is[name]) {
			differ = append(differ, name)
		}
	}
	if len(differ) == 0 {
		return nil
	}
	f.personal.withhold(was, reflect.TypeOf(before))
	f.personal.withhold(is, reflect.TypeOf(after))
	changed := make(map[string]Change, len(differ))
	for _, name := range differ {
		changed[name] = Change{was[name], is[name]}
	}
	return changed
}

func fields(state any) map[string]any {
	text, err := json.Marshal(state)
	if err != nil {
		return nil
	}
	all, _ := decode(text).(map[string]any)
	return all
}

// decode reads JSON without rounding its numbers.
func decode(data []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

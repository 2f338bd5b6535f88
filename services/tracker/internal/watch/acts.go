package watch

import (
	"encoding/json"

	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// keptActs is how many acts of operators are remembered; the topic has all.
const keptActs = 20_000

// acts are the latest acts of operators.
type acts struct {
	order []string // ids, the oldest first
	byID  map[string]openapi.Act
}

// take applies a record of the audit's topic. What came of an act may be read before its intent is only by a fault: the later
// record has all of it.
func (a *acts) take(rec *kafka.Record) {
	var act openapi.Act
	if rec.Type != service.ActIntended && rec.Type != service.ActEnded || json.Unmarshal(rec.Data, &act) != nil || act.ID == "" {
		return
	}
	if a.byID == nil {
		a.byID = map[string]openapi.Act{}
	}
	last, known := a.byID[act.ID]
	if !known {
		a.order = append(a.order, act.ID)
	}
	if last.Outcome == "" {
		a.byID[act.ID] = act
	}
	if len(a.order) > keptActs {
		delete(a.byID, a.order[0])
		a.order = a.order[1:]
	}
}

// ActFilter chooses acts; an empty field matches all.
type ActFilter struct {
	By, What string
	On       string // the id of what it was about, of whichever kind
}

func (f ActFilter) takes(a openapi.Act) bool {
	if f.By != "" && f.By != a.By || f.What != "" && f.What != a.What {
		return false
	}
	if f.On == "" {
		return true
	}
	for _, id := range a.On {
		if id == f.On {
			return true
		}
	}
	return false
}

// Acts lists at most limit acts that came before the one named, the newest first; all is false if there are others.
func (w *Watcher) Acts(f ActFilter, before string, limit int) (list []openapi.Act, all bool, err error) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if !w.progress.Done {
		return nil, false, Behind{w.progress}
	}
	passed := before == ""
	for i := len(w.acts.order) - 1; i >= 0; i-- {
		id := w.acts.order[i]
		switch act := w.acts.byID[id]; {
		case !passed:
			passed = id == before
		case !f.takes(act):
		case len(list) == limit:
			return list, false, nil
		default:
			list = append(list, act)
		}
	}
	return list, true, nil
}

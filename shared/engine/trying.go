package engine

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"orderflow.example/shared/saga"
)

// keepTrying notes a question that is asked again, for whoever wants to know what the service waits for.
func (w *worker) keepTrying(a Answerer, asked saga.Event, try int, err error) {
	t := Trying{ID: asked.ID, Key: asked.Key, Question: a.Question, Try: try, Since: asked.Time, patient: errors.As(err, new(notYet))}
	if err != nil {
		t.Error = line(err.Error())
	}
	w.mu.Lock()
	w.trying[asked.ID] = t
	w.mu.Unlock()
}

func (w *worker) tried(id string) {
	w.mu.Lock()
	delete(w.trying, id)
	w.mu.Unlock()
}

// unanswered lists the questions asked more than once: first those that something went wrong with, and of them the oldest.
func (w *worker) unanswered() []Trying {
	w.mu.Lock()
	list := make([]Trying, 0, len(w.trying))
	for _, t := range w.trying {
		list = append(list, t)
	}
	w.mu.Unlock()
	slices.SortFunc(list, func(a, b Trying) int {
		if a.patient != b.patient {
			return map[bool]int{false: -1, true: 1}[a.patient]
		}
		return cmp.Or(a.Since.Compare(b.Since), strings.Compare(a.ID, b.ID))
	})
	return list[:min(len(list), listedMost)]
}

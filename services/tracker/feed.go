package tracker

// feed remembers which sagas changed last.
type feed struct {
	n    int64 // changes so far
	last [1024]*story
}

func (f *feed) note(s *story) {
	f.last[f.n%int64(len(f.last))] = s
	f.n++
}

// Changes lists the orders whose sagas changed after so many changes, each once, and how many changes there are by now; all is
// false if there were more than are remembered.
func (x *Index) Changes(after int64) (orders []string, n int64, all bool) {
	f := &x.feed
	oldest := max(after, f.n-int64(len(f.last)))
	seen := map[*story]bool{}
	for i := oldest; i < f.n; i++ {
		if s := f.last[i%int64(len(f.last))]; !seen[s] {
			seen[s], orders = true, append(orders, s.text())
		}
	}
	return orders, f.n, oldest == after
}

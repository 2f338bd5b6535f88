package httpserver

import (
	"strings"
	"testing"
	"time"
)

func TestManyDigitsDoNotTakeLong(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{"1 ", "1", "1   "} {
		body, done := []byte(strings.Repeat(piece, 1<<20/len(piece))), make(chan []Fault, 1)
		go func() { done <- cardFaults(body) }()
		select { // a second, unless the time grows with the square of the digits: then hours
		case <-done:
		case <-time.After(5 * time.Minute):
			t.Fatalf("1 MiB of %q takes more than five minutes", piece)
		}
	}
}

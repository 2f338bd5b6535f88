package tracker

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"orderflow.example/shared/saga"
)

// Record is an event on its topic.
type Record struct {
	Topic            string
	Partition        int
	Offset, Sequence int64
	ID, Type, Key    string
	Saga             string // the correlation id; the key if there is none
	Cause            string
	Via              string // how Cause led to it: see saga.Event
	Time             time.Time
	Data             []byte
}

// ID is an event's or a saga's id in short: a UUID's bytes, a digest of any other text, zero for none.
type ID [16]byte

// IDOf shortens an id.
func IDOf(text string) (id ID) {
	if text == "" {
		return id
	}
	if parseUUID(text, &id) {
		return id
	}
	sum := sha256.Sum256([]byte(text))
	copy(id[:], sum[:])
	return id
}

// String is the UUID in its usual form.
func (id ID) String() string {
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:36], id[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// parseUUID reads only the canonical form, so that String returns the same text.
func parseUUID(text string, id *ID) bool {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return false
	}
	n := 0
	for i := 0; i < 36; i += 2 {
		if text[i] == '-' {
			i++
		}
		high, low := digit(text[i]), digit(text[i+1])
		if high > 15 || low > 15 {
			return false
		}
		id[n] = high<<4 | low
		n++
	}
	return true
}

func digit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 255
}

// via is how a cause led to an event.
type via uint8

const (
	heard via = iota
	answered
	expired
)

func viaOf(text string) via {
	switch word, _, _ := strings.Cut(text, "/"); word {
	case saga.ViaAnswer:
		return answered
	case saga.ViaDeadline:
		return expired
	}
	return heard
}

// triesOf is the try that got the answer; 1 if the text has none.
func triesOf(text string) int {
	if _, number, told := strings.Cut(text, "/"); told {
		if n, err := strconv.Atoi(number); err == nil {
			return n
		}
	}
	return 1
}

// entry is what is kept of an event: 64 bytes, and no pointer for the collector to follow.
type entry struct {
	id, cause ID
	sequence  int64
	offset    int64
	at        int64 // Unix nanoseconds
	kind      uint16
	place     uint16
	key       uint16 // 0: the saga's id, else the number of the key among the saga's others
	via       via
}

package engine_test

import (
	"testing"
)

func TestEventsAreAppliedInOrderAndAnsweredOnTheTopic(t *testing.T) {
	b := newBed(t)
	b.start()
	b.send("a", sends(upTo(1000))...)
	b.send("b", sends(upTo(10))...)
	b.eventuallySeen("a", upTo(1000)...)
	b.eventuallySeen("b", upTo(10)...)
	b.eventually("all is on the topic", func() bool { return equal(b.published(b.names.counted, "a"), upTo(1000)) })
}

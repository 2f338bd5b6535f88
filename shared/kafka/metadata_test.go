package kafka

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

func TestAPartitionWithoutItsLeaderCostsOthersNoConnection(t *testing.T) {
	t.Parallel()
	var dials atomic.Int32
	l := newLeader(t, 2, Config{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}})
	l.refuse(0, 6) // NOT_LEADER_OR_FOLLOWER
	before := dials.Load()
	refused := l.start(t.Context(), 0, 2)
	for begun := time.Now(); time.Since(begun) < 3*refreshGap; {
		receive(t, l.arrived)
	}
	publish(t, l.Producer, Batch{l.topic, 1, events(2, 1)})
	if n := dials.Load() - before; n > 1 { // one, if both were under way at the same time
		t.Errorf("%d new connections", n)
	}
	l.refuse(0, 0)
	if ack := receive(t, refused); ack.Err != nil {
		t.Fatal(ack.Err)
	}
}

func TestAPublishFollowsItsPartitionToANewLeader(t *testing.T) {
	t.Parallel()
	cluster := fakeCluster(t, kfake.NumBrokers(2))
	c := client(t, Config{Brokers: cluster.ListenAddrs()})
	topic, p := newTopic(t, c, 1), c.NewProducer()
	for i := range int64(4) {
		if err := cluster.MoveTopicPartition(topic, 0, int32(i%2)); err != nil {
			t.Fatal(err)
		}
		if ack := publish(t, p, Batch{topic, 0, events(1+i, 1)})[0]; ack.BaseOffset != i {
			t.Fatalf("%+v", ack)
		}
	}
}

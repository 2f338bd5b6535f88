package kafka

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// leader is a broker whose handling of produce requests a test decides.
type leader struct {
	*Producer
	topic   string
	arrived chan []int32 // the partitions of each request

	mu    sync.Mutex
	codes map[int32]int16 // error codes for requests for these partitions alone
	held  map[int32]bool  // requests with these partitions are not answered
	woken chan struct{}   // closed when a held partition is released
}

func newLeader(t *testing.T, partitions int, config Config) *leader {
	cluster := fakeCluster(t)
	config.Brokers = cluster.ListenAddrs()
	c := client(t, config)
	l := &leader{Producer: c.NewProducer(), topic: newTopic(t, c, partitions), arrived: make(chan []int32, 1000),
		codes: map[int32]int16{}, held: map[int32]bool{}, woken: make(chan struct{})}
	var all []Batch
	for i := range partitions {
		all = append(all, Batch{l.topic, i, events(1, 1)})
	}
	l.waits(time.Hour) // so that nothing is suspect
	publish(t, l.Producer, all...)
	l.waits(patience)
	cluster.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		return l.handle(cluster, r.(*kmsg.ProduceRequest))
	})
	return l
}

func (l *leader) handle(cluster *kfake.Cluster, r *kmsg.ProduceRequest) (kmsg.Response, error, bool) {
	var partitions []int32
	for _, p := range r.Topics[0].Partitions {
		partitions = append(partitions, p.Partition)
	}
	slices.Sort(partitions)
	l.arrived <- partitions
	if l.holds(partitions) {
		cluster.SleepControl(func() {
			for l.holds(partitions) {
				l.mu.Lock()
				woken := l.woken
				l.mu.Unlock()
				<-woken
			}
		})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	code := l.codes[partitions[0]]
	if code == 0 || len(partitions) > 1 {
		return nil, nil, false
	}
	return refusal(r, code), nil, true
}

// refusal answers for every partition of the request.
func refusal(r *kmsg.ProduceRequest, code int16) kmsg.Response {
	response := r.ResponseKind().(*kmsg.ProduceResponse)
	for _, asked := range r.Topics {
		topic := kmsg.NewProduceResponseTopic()
		topic.Topic = asked.Topic
		for _, p := range asked.Partitions {
			refused := kmsg.NewProduceResponseTopicPartition()
			refused.Partition, refused.ErrorCode = p.Partition, code
			topic.Partitions = append(topic.Partitions, refused)
		}
		response.Topics = append(response.Topics, topic)
	}
	return response
}

func (l *leader) holds(partitions []int32) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(partitions, func(p int32) bool { return l.held[p] })
}

func (l *leader) refuse(partition int32, code int16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.codes[partition] = code
}

func (l *leader) hold(partition int32, held bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held[partition] = held
	close(l.woken)
	l.woken = make(chan struct{})
}

// waits sets the producer's patience.
func (l *leader) waits(patience time.Duration) {
	l.patience = patience
	l.senders = map[int32]*sender{}
}

// start publishes one record in the background.
func (l *leader) start(ctx context.Context, partition int, sequence int64) <-chan Ack {
	done := make(chan Ack, 1)
	go func() { done <- l.Publish(ctx, []Batch{{l.topic, partition, events(sequence, 1)}})[0] }()
	return done
}

// queued returns once so many chunks wait.
func (l *leader) queued(t *testing.T, want int) {
	t.Helper()
	for begun := time.Now(); l.queueLength() != want; {
		if time.Since(begun) > 3*time.Minute {
			t.Fatalf("%d chunks wait, not %d", l.queueLength(), want)
		}
	}
}

func (l *leader) queueLength() int {
	s := l.sender(0)
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue)
}

func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(3 * time.Minute):
		t.Fatal("nothing came in three minutes")
		panic("unreachable")
	}
}

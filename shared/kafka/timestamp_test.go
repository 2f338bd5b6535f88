package kafka

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// punctual is the address of a broker that refuses timestamps from the future, as Apache Kafka does.
func punctual(t *testing.T) []string {
	cluster := fakeCluster(t)
	cluster.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		request := r.(*kmsg.ProduceRequest)
		p := request.Topics[0].Partitions[0]
		at := time.UnixMilli(int64(binary.BigEndian.Uint64(p.Records[atMaxTime:])))
		if time.Until(at) <= time.Hour {
			return nil, nil, false
		}
		return refusal(request, 32), nil, true // INVALID_TIMESTAMP
	})
	return cluster.ListenAddrs()
}

func TestAClockThatIsAheadDoesNotKeepRecordsFromTheTopic(t *testing.T) {
	t.Parallel()
	for name, brokers := range map[string][]string{
		"a broker known to refuse": punctual(t),
		"the broker of the tests":  nil, // Apache Kafka refuses, the embedded one does not
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			c := client(t, Config{Brokers: brokers, Now: func() time.Time { return time.Now().Add(26 * time.Hour) },
				Log: slog.New(slog.NewTextHandler(&log, nil))})
			topic, p := newTopic(t, c, 2), c.NewProducer()
			for i := range int64(3) {
				acks := publish(t, p, Batch{topic, 0, events(1+2*i, 2)}, Batch{topic, 1, events(1+2*i, 2)})
				if acks[0].BaseOffset != 2*i || acks[1].BaseOffset != 2*i {
					t.Fatalf("%+v", acks)
				}
			}
			for i, r := range read(t, c, topic, 0, 6) {
				if want := event(int64(i + 1)); r.Sequence != want.Sequence || !r.Time.Equal(want.Time) || r.Malformed != nil {
					t.Errorf("%+v", r)
				}
			}
			if n := strings.Count(log.String(), "set the clock"); n > 1 || brokers != nil && n != 1 {
				t.Errorf("logged %d times:\n%s", n, log.String())
			}
			if brokers == nil {
				t.Logf("%s", log.String())
			}
		})
	}
}

func TestARecordWithNeitherTimeHasNone(t *testing.T) {
	t.Parallel()
	batch := appendBatch(nil, events(1, 1), session{}, noTimestamp)
	batch = bytes.Replace(batch, []byte("2026-03-01T"), []byte("someday...."), 1)
	binary.BigEndian.PutUint32(batch[atCRC:], crc32.Checksum(batch[atAttributes:], castagnoli))
	f := decode(0, 1, batch)
	if f.Err != nil || len(f.Records) != 1 || f.Records[0].Malformed == nil || !f.Records[0].Time.IsZero() {
		t.Fatalf("%+v", f)
	}
}

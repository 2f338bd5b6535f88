package kafka

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

func decode(from, watermark int64, b []byte) Fetched {
	f := Fetched{Topic: "t", HighWatermark: watermark}
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	d.decodeBatches(&f, from, b)
	return f
}

func TestAFlippedBitIsAnErrorAndNeverDelivered(t *testing.T) {
	t.Parallel()
	good := appendBatch(nil, events(1, 3), session{id: 7, next: 0}, 1_772_359_200_000)
	want := decode(0, 3, good)
	if want.Err != nil || len(want.Records) != 3 {
		t.Fatalf("the undamaged batch gives %d records and %v", len(want.Records), want.Err)
	}
	for i := range good {
		for bit := range 8 {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << bit
			got := decode(0, 3, bad)
			if i >= atLeaderEpoch && i < atMagic {
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("the leader epoch is the broker's own and must not matter: %v", got.Err)
				}
				continue
			}
			if !errors.Is(got.Err, ErrCorrupt) || len(got.Records) != 0 {
				t.Fatalf("byte %d bit %d flipped: %d records and error %v", i, bit, len(got.Records), got.Err)
			}
		}
	}
}

func TestRecordsBeforeADamagedBatchAreDelivered(t *testing.T) {
	t.Parallel()
	first := appendBatch(nil, events(1, 2), session{id: 7, next: 0}, 1_772_359_200_000)
	second := appendBatch(nil, events(3, 2), session{id: 7, next: 2}, 1_772_359_200_000)
	second[atBaseOffset+7] = 2
	both := append(first, second...)
	if got := decode(0, 4, both); got.Err != nil || len(got.Records) != 4 || got.Next != 4 {
		t.Fatalf("undamaged: %d records, next %d, %v", len(got.Records), got.Next, got.Err)
	}
	both[len(both)-1] ^= 1
	got := decode(0, 4, both)
	if !errors.Is(got.Err, ErrCorrupt) || len(got.Records) != 2 || got.Next != 2 {
		t.Fatalf("%d records, next %d, error %v", len(got.Records), got.Next, got.Err)
	}
}

func TestABatchCutOffByTheEndOfTheResponseIsLeftForTheNextFetch(t *testing.T) {
	t.Parallel()
	first := appendBatch(nil, events(1, 2), session{id: 7, next: 0}, 1_772_359_200_000)
	second := appendBatch(nil, events(3, 2), session{id: 7, next: 2}, 1_772_359_200_000)
	second[atBaseOffset+7] = 2
	for cut := range second {
		got := decode(0, 4, append(bytes.Clone(first), second[:cut]...))
		if got.Err != nil || len(got.Records) != 2 || got.Next != 2 {
			t.Fatalf("cut after %d bytes: %d records, next %d, %v", cut, len(got.Records), got.Next, got.Err)
		}
	}
}

func TestAFetchIntoTheMiddleOfABatchBeginsThere(t *testing.T) {
	t.Parallel()
	got := decode(3, 5, appendBatch(nil, events(1, 5), session{id: 7, next: 0}, 1_772_359_200_000))
	if got.Err != nil || len(got.Records) != 2 || got.Records[0].Offset != 3 || got.Records[0].Sequence != 4 || got.Next != 5 {
		t.Fatalf("%+v", got)
	}
}

func TestRandomBytesNeverPanic(t *testing.T) {
	t.Parallel()
	good := appendBatch(nil, events(1, 2), session{id: 7, next: 0}, 1_772_359_200_000)
	for cut := range good {
		decode(0, 2, good[:cut])
		decode(0, 2, good[cut:])
	}
	c := &Client{}
	for cut := range good {
		_, _ = c.decodeFetch([]Position{{Topic: "t"}}, good[cut:])
	}
	// Records whose checksum is right but whose contents are not.
	d := &decoder{interned: map[string]string{}}
	for i := batchHeader; i < len(good); i++ {
		for _, v := range []byte{0, 1, 0x7f, 0x80, 0xff} {
			bad := bytes.Clone(good)
			bad[i] = v
			d.decodeRecords(&Fetched{}, 0, 0, 0, 2, bad[batchHeader:])
		}
	}
}

func TestEncodedSizeIsAClosedBound(t *testing.T) {
	t.Parallel()
	for _, r := range []Record{{}, event(1), event(math.MaxInt64),
		{Key: strings.Repeat("k", 70), Data: make([]byte, 9000), Time: time.Now()}} {
		got := len(appendRecord(nil, &r, math.MaxInt32))
		if bound := EncodedSize(r); got > bound || bound > got+60 {
			t.Errorf("a record of %d bytes was bounded by %d", got, bound)
		}
	}
}

func TestWhatARecordDoesNotHaveIsNotSent(t *testing.T) {
	t.Parallel()
	full, bare := event(1), Record{ID: "1", Type: "t", Source: "/s", Time: time.Now(), Sequence: 1, Data: []byte("{}")}
	for _, name := range []string{"ce_subject", "ce_correlationid", "ce_causationid", "ce_via", "traceparent", "ce_dataschema"} {
		if !bytes.Contains(appendRecord(nil, &full, 0), []byte(name)) || bytes.Contains(appendRecord(nil, &bare, 0), []byte(name)) {
			t.Errorf("%s is not sent exactly where it is set", name)
		}
	}
}

// The vectors are those of Kafka's own UtilsTest.testMurmur2.
func TestPartitionsAgreeWithKafkasDefaultPartitioner(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
		"a-little-bit-longer-string": -1486304829, "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
	} {
		if got := int32(murmur2(key)); got != want {
			t.Errorf("murmur2(%q) = %d, want %d", key, got, want)
		}
		if got := PartitionOf(key, 12); got != int(uint32(want)&0x7fffffff)%12 {
			t.Errorf("PartitionOf(%q) = %d", key, got)
		}
	}
}

func BenchmarkEncode500(b *testing.B) {
	records := events(1, 500)
	buffer := make([]byte, 0, 1<<20)
	b.ReportAllocs()
	for b.Loop() {
		buffer = appendBatch(buffer[:0], records, session{id: 7, next: 0}, 1_772_359_200_000)
	}
	b.SetBytes(int64(len(buffer)))
	perRecord(b, 500)
}

func BenchmarkDecode500(b *testing.B) {
	batch := appendBatch(nil, events(1, 500), session{id: 7, next: 0}, 1_772_359_200_000)
	b.SetBytes(int64(len(batch)))
	b.ReportAllocs()
	for b.Loop() {
		if f := decode(0, 500, batch); f.Err != nil || len(f.Records) != 500 {
			b.Fatal(f.Err)
		}
	}
	perRecord(b, 500)
}

func perRecord(b *testing.B, records int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(records), "ns/record")
}

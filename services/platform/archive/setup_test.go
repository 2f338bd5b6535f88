package archive_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"orderflow.example/services/platform/archive"
	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/kafka"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }

const topic = "order.events"

// logs are the logs of one topic's partitions; a fetch returns few records, so that there are many fetches.
type logs map[int][]kafka.Record

func (l logs) Offsets(_ context.Context, _ string, partitions []int) (first, next map[int]int64, err error) {
	first, next = map[int]int64{}, map[int]int64{}
	for _, p := range partitions {
		first[p], next[p] = 0, int64(len(l[p]))
	}
	return first, next, nil
}

func (l logs) Fetch(_ context.Context, positions []kafka.Position, _ time.Duration) (all []kafka.Fetched, err error) {
	for _, at := range positions {
		rest := l[at.Partition][min(at.Offset, int64(len(l[at.Partition]))):]
		rest = rest[:min(len(rest), 7)]
		all = append(all, kafka.Fetched{Topic: at.Topic, Partition: at.Partition, Records: rest, Next: at.Offset + int64(len(rest))})
	}
	return all, nil
}

// record is the event with this number, with all fields of an event or few.
func record(partition int, number int64) kafka.Record {
	r := rand.New(rand.NewPCG(uint64(partition), uint64(number)))
	key := fmt.Sprintf("key-%d", r.IntN(50))
	rec := kafka.Record{Topic: topic, Partition: partition, Key: key, ID: fmt.Sprintf("id-%d-%d", partition, number),
		Type:   "order.validated.v1",
		Source: "/order", Time: time.Unix(1_700_000_000+r.Int64N(1e6), r.Int64N(1e9)).UTC(), Sequence: number,
		Data: fmt.Appendf(nil, `{"n":%d,"text":%q}`, number, strings.Repeat("é\x00", r.IntN(40)))}
	if r.IntN(3) > 0 {
		rec.Subject, rec.Correlation, rec.Causation = key, key, fmt.Sprintf("cause-%d", number)
		rec.Via, rec.TraceParent = "answer/3", fmt.Sprintf("00-%032d-%016d-01", number, number)
		rec.DataSchema = "https://orderflow.example/schemas/order.validated.v1.json"
	}
	if r.IntN(20) == 0 {
		rec.Malformed = errors.New("header content-type is odd")
	}
	return rec
}

// append appends records with these numbers to a partition; 0 is one of another source.
func (l logs) append(partition int, numbers ...int64) {
	for _, n := range numbers {
		rec := record(partition, max(n, 1))
		if n == 0 {
			rec.Source = "/stranger"
		}
		rec.Offset = int64(len(l[partition]))
		l[partition] = append(l[partition], rec)
	}
}

func upTo(first, last int64) (numbers []int64) {
	for n := first; n <= last; n++ {
		numbers = append(numbers, n)
	}
	return numbers
}

// s3Server returns the address of an empty bucket of an S3 server in this process, and the server's storage.
func s3Server(t *testing.T) (place string, backend *s3mem.Backend) {
	t.Helper()
	backend = s3mem.New()
	if err := backend.CreateBucket("orders"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(unchunked(gofakes3.New(backend).Server()))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t-of-example")
	return "s3://orders/kept/here?region=eu-west-1&endpoint=" + server.URL, backend
}

// unchunked decodes the parts of an upload that come in signed chunks, which the server does for whole objects only.
func unchunked(server http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("partNumber") && r.Header.Get("X-Amz-Content-Sha256") == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" {
			in, out := bufio.NewReader(r.Body), &bytes.Buffer{}
			for size := int64(-1); size != 0; {
				line, err := in.ReadString('\n')
				if err == nil {
					size, err = strconv.ParseInt(strings.Split(line, ";")[0], 16, 64)
				}
				if err == nil {
					_, err = io.CopyN(out, in, size)
				}
				if err == nil {
					_, err = in.Discard(len("\r\n"))
				}
				if err != nil {
					http.Error(w, err.Error(), http.StatusBadRequest)
					return
				}
			}
			r.Body, r.ContentLength = io.NopCloser(out), int64(out.Len())
			r.Header.Set("Content-Length", strconv.Itoa(out.Len()))
		}
		server.ServeHTTP(w, r)
	})
}

// stores are an empty store of each kind.
func stores(t *testing.T) map[string]archive.Store {
	t.Helper()
	place, _ := s3Server(t)
	all := map[string]archive.Store{}
	for name, place := range map[string]string{"directory": t.TempDir() + "/new/folder", "S3": place} {
		s, err := archive.OpenStore(place)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = s
	}
	return all
}

// files is a store in memory whose files can be changed.
type files map[string][]byte

var filing sync.Mutex // partitions are archived concurrently

func (f files) Put(_ context.Context, name string, content io.Reader) error {
	b, err := io.ReadAll(content)
	filing.Lock()
	defer filing.Unlock()
	if err == nil && f[name] != nil {
		err = archive.ErrExists
	}
	if err == nil {
		f[name] = b
	}
	return err
}

func (f files) Open(_ context.Context, name string) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(string(f[name]))), nil
}

func (f files) List(_ context.Context, prefix string) (names []string, err error) {
	filing.Lock()
	defer filing.Unlock()
	for name := range f {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// full is a store that fails after a few bytes, as a full disk.
type full struct{ archive.Store }

func (full) Put(_ context.Context, _ string, content io.Reader) error {
	_, _ = io.CopyN(io.Discard, content, 100)
	return errors.New("no space left on device")
}

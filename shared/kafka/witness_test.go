package kafka

import (
	"encoding/json"
	"flag"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

var update = flag.Bool("update", false, "write testdata")

// seen is a record as Kafka clients see it. scripts/cloudevents.sh feeds testdata/records.json to the SDK of the
// CloudEvents project.
type seen struct {
	Key     string      `json:"key"`
	Headers [][2]string `json:"headers"`
	Value   string      `json:"value"`
}

func TestOtherClientsSeeTheRecordsThatTheCloudEventsSDKReads(t *testing.T) {
	t.Parallel()
	const order = "019e5a3c-0b52-7e1f-8c3d-5f7a9b1d3e02"
	full := Record{
		Key: order, ID: "019e5a3c-9d70-7c04-b1f5-0a2c4e6d8f01", Type: "payment.captured.v1", Source: "/payment", Subject: order,
		Correlation: order, Causation: "019e5a3c-8c61-7d15-a2e6-1b3d5f7e9a03",
		TraceParent: "00-019e5a3c0b527e1f8c3d5f7a9b1d3e02-b1f50a2c4e6d8f01-01",
		DataSchema:  "https://orderflow.example/schemas/payment.captured.v1.json",
		Time:        time.Date(2026, 3, 1, 10, 15, 30, 123456000, time.UTC),
		Sequence:    1207, Data: []byte(`{"reference":"auth_5f3a9c1e","amount":{"amount":1530,"currency":"GBP"}}`),
	}
	bare := Record{Key: "85123A", ID: "1", Type: "inventory.stocked.v1", Source: "/inventory", Time: full.Time.Truncate(time.Second),
		Sequence: 1, Data: []byte(`{}`)}
	c := client(t, Config{})
	topic := newTopic(t, c, 1)
	publish(t, c.NewProducer(), Batch{Topic: topic, Records: []Record{full, bare}})
	got := seenBy(t, c.admin, topic)
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("testdata/records.json", append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile("testdata/records.json")
	if err != nil {
		t.Fatal(err)
	}
	var want []seen
	if err := json.Unmarshal(committed, &want); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("testdata/records.json differs (%v): run go test -update, then scripts/cloudevents.sh. Seen are\n%s", err,
			text)
	}
}

func seenBy(t *testing.T, other *kafkago.Client, topic string) (all []seen) {
	t.Helper()
	response, err := other.Fetch(t.Context(), &kafkago.FetchRequest{Topic: topic, MinBytes: 1, MaxBytes: 1 << 20,
		MaxWait: 5 * time.Second})
	if err != nil || response.Error != nil {
		t.Fatal(err, response)
	}
	for {
		r, err := response.Records.ReadRecord()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		s := seen{Key: contentOf(t, r.Key), Value: contentOf(t, r.Value)}
		for _, h := range r.Headers {
			s.Headers = append(s.Headers, [2]string{h.Key, string(h.Value)})
		}
		all = append(all, s)
	}
}

func contentOf(t *testing.T, b kafkago.Bytes) string {
	t.Helper()
	var text strings.Builder
	if _, err := io.Copy(&text, b); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

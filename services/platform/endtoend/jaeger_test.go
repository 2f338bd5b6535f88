//go:build jaeger

package endtoend_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"orderflow.example/services/platform/trial"
)

// TestAnOrderIsOneTraceInJaeger is TestAnOrderIsOneTrace with a Jaeger as the collector, asked through its API.
func TestAnOrderIsOneTraceInJaeger(t *testing.T) {
	program, err := exec.Command("../../../scripts/jaeger.sh").Output()
	if err != nil {
		t.Fatalf("scripts/jaeger.sh: %v: it says why on its own", err)
	}
	server := exec.Command(strings.TrimSpace(string(program)), "--config", "../../../deployments/jaeger/jaeger.yaml")
	var log strings.Builder
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	t.Cleanup(func() { server.Process.Kill(); <-ended })
	jaeger := jaeger{"http://127.0.0.1:16686"}
	trial.Await(t, "Jaeger to answer", func() (bool, string) {
		select {
		case err := <-ended:
			t.Fatalf("Jaeger ended: %v: is 127.0.0.1:4318, 16685 or 16686 taken?\n%s", err, log.String())
		default:
		}
		answer, err := http.Get(jaeger.url + "/api/services")
		if err != nil {
			return false, err.Error()
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK, answer.Status
	})
	traced{to: jaeger}.test(t, "http://127.0.0.1:4318")
}

type jaeger struct{ url string }

type tags []struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

func (all tags) texts() map[string]string {
	m := map[string]string{}
	for _, tag := range all {
		m[tag.Key] = fmt.Sprint(tag.Value)
	}
	return m
}

// Trace asks Jaeger for the trace of an order.
func (j jaeger) Trace(t testing.TB, order string) (all []trial.Span) {
	answer, err := http.Get(j.url + "/api/traces/" + trial.TraceID(order))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var found struct {
		Data []struct {
			Spans []struct {
				TraceID, SpanID, OperationName, ProcessID string
				References                                []struct{ RefType, TraceID, SpanID string }
				Tags                                      tags
			}
			Processes map[string]struct{ ServiceName string }
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&found); err != nil {
		t.Fatalf("Jaeger answered %s: %v", answer.Status, err)
	}
	for _, trace := range found.Data {
		for _, s := range trace.Spans {
			span := trial.Span{Service: trace.Processes[s.ProcessID].ServiceName, Name: s.OperationName, Trace: s.TraceID, ID: s.SpanID,
				About: s.Tags.texts()}
			for _, r := range s.References {
				if r.RefType == "CHILD_OF" {
					span.Parent = r.SpanID
				} else {
					span.Links = append(span.Links, r.TraceID)
				}
			}
			if span.Kind = span.About["span.kind"]; span.About["error"] == "true" {
				span.Failed = "error: " + span.About["otel.status_description"]
			}
			all = append(all, span)
		}
	}
	return all
}

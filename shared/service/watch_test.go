package service

import (
	"context"
	"log/slog"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"orderflow.example/shared/embedded/embeddedtest"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/kafka"
)

func TestAnAppThatOnlyWatchesNeedsNoDatabaseAndHasNoTopic(t *testing.T) {
	t.Parallel()
	began, ended := 0, 0
	app := App{Name: "watcher", Topics: []string{embeddedtest.Topic(t, "watched")},
		Watch: func(operators *openapi.Routes, p *Parts) Begin {
			if p.Kafka == nil || p.Registry == nil || p.Auth == nil || p.DB != nil || p.Engine != nil {
				t.Errorf("it is given %+v", p)
			}
			openapi.HandleOpen[struct{}, struct{}](operators, huma.Operation{Method: "GET", Path: "/seen"},
				func(c *gin.Context) { c.Status(http.StatusNoContent) })
			return func(context.Context) (func(context.Context) error, error) {
				began++
				return func(context.Context) error { ended++; return nil }, nil
			}
		}}
	c := Config{DataDir: t.TempDir(), Kafka: []string{embeddedtest.Kafka(t)}, HTTPAddr: "127.0.0.1:0",
		OpsAddr: "127.0.0.1:0", Partitions: 2}
	host, err := NewHost(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var own []kafka.TopicSpec
	for _, spec := range Topics(2, 1, app) {
		if spec.Name == app.Topic() {
			t.Errorf("it has the topic %s", spec.Name)
		}
		own = append(own, spec)
	}
	if _, err := host.Kafka.CreateTopics(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	_, operators, err := host.Start(t.Context(), app)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Get("http://" + operators + "/seen")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNoContent || len(host.Databases()) != 0 {
		t.Errorf("its route answered %d; it has %d databases", res.StatusCode, len(host.Databases()))
	}
	if err := host.Stop(); err != nil || began != 1 || ended != 1 {
		t.Errorf("began %d times, ended %d times, %v", began, ended, err)
	}
}

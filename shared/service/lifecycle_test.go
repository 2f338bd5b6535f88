package service

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestPartsStopLastFirstAndEachFailureIsTold(t *testing.T) {
	t.Parallel()
	var order []string
	var l Lifecycle
	for _, name := range []string{"database", "engine", "server"} {
		l.AddCloser(name, func() error {
			order = append(order, name)
			if name == "engine" {
				return errors.New("still busy")
			}
			return nil
		})
	}
	err := l.Stop()
	if !reflect.DeepEqual(order, []string{"server", "engine", "database"}) {
		t.Errorf("stopped %v", order)
	}
	if err == nil || !strings.Contains(err.Error(), "stopping engine: still busy") {
		t.Errorf("got %v", err)
	}
	if err := l.Stop(); err != nil || len(order) != 3 {
		t.Errorf("a second stop did something: %v", err)
	}
}

func TestAPartThatHangsDoesNotKeepTheOthersRunning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		stopped := false
		never := make(chan struct{})
		var l Lifecycle
		l.AddCloser("database", func() error { stopped = true; return nil })
		l.Add("polite", func(ctx context.Context) error { <-ctx.Done(); return nil })
		l.AddCloser("hanging", func() error { <-never; return nil })
		err := l.Stop()
		if err == nil || !strings.Contains(err.Error(), "hanging") || strings.Contains(err.Error(), "polite") || !stopped {
			t.Errorf("got %v, database stopped: %v", err, stopped)
		}
		if took := time.Since(start); took > StopTimeout+2*time.Second {
			t.Errorf("took %v", took)
		}
		close(never)
	})
}

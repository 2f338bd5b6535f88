package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	event "orderflow.example/schemas/fraud"
	"orderflow.example/services/fraud"
	"orderflow.example/services/fraud/internal/rules"
	"orderflow.example/services/fraud/internal/store"
	"orderflow.example/shared/service"
)

// reloadEvery is how often the file is read. It is small, and may be a link that is replaced, as in Kubernetes.
const (
	reloadEvery = time.Second
	retryEvery  = 100 * time.Millisecond
)

// ruleSet puts rules in force by an event, so that all processes change to them at the same place of their input, and a replay
// too.
type ruleSet struct{ *service.Parts }

// live are the rules in force.
func (r ruleSet) live(ctx context.Context) (fraud.RuleSet, error) {
	s, err := store.Live(ctx, r.DB)
	if err == nil && s.Version == "" {
		text, own := ownRules(r.Config)
		s.Name, s.Version, s.Text = own.Name, own.Version, text
	}
	return s, err
}

// activate puts the rules of this text in force, if others are.
func (r ruleSet) activate(ctx context.Context, read *fraud.Rules, text string) error {
	now, err := r.live(ctx)
	if err != nil || now.Name == read.Name && now.Version == read.Version {
		return err
	}
	_, err = r.Engine.Submit(ctx, fraud.Live, fraud.ActivateRules.Of(event.RulesActivatedV1{Name: read.Name, Version: read.Version,
		Text: text}))
	if err == nil {
		r.Log.Info("audit: fraud rules in force", "rules", read.Set(), "before", now.Name+"@"+now.Version)
	}
	return err
}

// follow puts the rules of a file in force, or the program's own without one, and follows the file until stop. Rules that
// cannot be read are refused, and those in force stay: at the start that is an error.
func follow(path string, r ruleSet) (stop func(), err error) {
	text, read := ownRules(r.Config)
	if path != "" {
		if text, read, err = load(path); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(r.Running)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f := follower{path: path, text: text, read: read, pending: true}
		for ctx.Err() == nil {
			f.look(ctx, r.Log, r.activate)
			wait := reloadEvery
			if f.pending { // the engine is starting
				wait = retryEvery
			}
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
		}
	}()
	return func() { cancel(); <-done }, nil
}

// follower is what was last read of a file.
type follower struct {
	path    string
	text    string
	read    *fraud.Rules
	pending bool   // it is not known to be in force
	wrong   string // the last fault of the file
	late    string // why they could not be put in force
}

// look reads the file, and activates what is new. Each fault is logged once.
func (f *follower) look(ctx context.Context, log *slog.Logger,
	activate func(context.Context, *fraud.Rules, string) error) {

	text, read, err := f.text, f.read, error(nil)
	if f.path != "" {
		text, read, err = load(f.path)
	}
	switch {
	case err != nil && err.Error() != f.wrong:
		f.wrong = err.Error()
		log.Error("fraud rules refused, those in force stay", "error", err)
	case err == nil && (text != f.text || f.wrong != ""):
		f.text, f.read, f.pending, f.wrong = text, read, true, ""
	}
	if f.pending {
		err := activate(ctx, f.read, f.text)
		if f.pending = err != nil; !f.pending {
			f.late = ""
		} else if ctx.Err() == nil && err.Error() != f.late {
			f.late = err.Error()
			log.Warn("fraud rules not yet in force", "rules", f.read.Set(), "error", err)
		}
	}
}

// load reads a file of rules.
func load(path string) (text string, read *fraud.Rules, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", nil, fmt.Errorf("--fraud-rules: %w", err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, rules.MaxSize+1))
	if err == nil {
		text = string(content)
		read, err = rules.Read(text)
	}
	if err != nil {
		return "", nil, fmt.Errorf("--fraud-rules: %s: %w", path, err)
	}
	return text, read, nil
}

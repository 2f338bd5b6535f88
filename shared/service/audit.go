package service

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/kafka"
)

// AuditTopic has what operators did, for good: of each act a record before it is begun, and one with what came of it. Both carry
// an openapi.Act with the same id.
const AuditTopic = "orderflow.audit"

// The types of its records.
const (
	ActIntended = "orderflow.act_intended.v1"
	ActEnded    = "orderflow.act_ended.v1"
)

// Audit keeps acts on the topic, and in the log.
type Audit struct {
	log *slog.Logger

	mu       sync.Mutex // one at a time for the producer's one partition
	producer *kafka.Producer
}

// NewAudit returns an Audit on this cluster. A log of nil is none.
func NewAudit(client *kafka.Client, log *slog.Logger) *Audit {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Audit{log: log, producer: client.NewProducer()}
}

// auditWithin bounds how long an act waits until it is kept.
const auditWithin = 5 * time.Second

// Intend returns once the act is on the topic.
func (a *Audit) Intend(ctx context.Context, act openapi.Act) error {
	return a.publish(ctx, ActIntended, act)
}

// End logs the act, also if the topic cannot be reached any more: the act shows as one of unknown outcome then.
func (a *Audit) End(ctx context.Context, act openapi.Act) {
	a.log.InfoContext(ctx, "audit", "operator", act.By, "what", act.What, "on", act.On, "reason", act.Reason, "outcome", act.Outcome,
		"act", act.ID)
	if err := a.publish(ctx, ActEnded, act); err != nil {
		a.log.WarnContext(ctx, "what came of an act is not on the audit's topic", "act", act.ID, "err", err)
	}
}

func (a *Audit) publish(ctx context.Context, kind string, act openapi.Act) error {
	data, err := json.Marshal(act)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, auditWithin)
	defer cancel()
	a.mu.Lock()
	defer a.mu.Unlock()
	ack := a.producer.Publish(ctx, []kafka.Batch{{Topic: AuditTopic, Records: []kafka.Record{{
		ID: kind + "/" + act.ID, Type: kind, Source: "/operators", Key: act.ID, Time: act.At, Sequence: 1, Data: data,
	}}}})[0]
	if ack.Err != nil {
		return fmt.Errorf("audit: %w", ack.Err)
	}
	return nil
}

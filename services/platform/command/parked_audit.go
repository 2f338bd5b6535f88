package command

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"orderflow.example/services/platform/run"
	"orderflow.example/shared/engine/parked"
	"orderflow.example/shared/httpserver/openapi"
	"orderflow.example/shared/service"
)

// parkedAct is parkedServices for what changes something: it is in the audit before it is done, and with what came of it.
func parkedAct(cmd *cobra.Command, act openapi.Act, fn func(ctx context.Context, all parked.Services) error) error {
	c, err := service.Load(cmd)
	if err != nil {
		return err
	}
	if len(c.Kafka) == 0 && c.Postgres == "" {
		r, err := run.FindRunning(c.DataDir)
		if err != nil {
			return err
		}
		c.Kafka, c.KafkaSecurity = r.Kafka, r.KafkaSecurity
	}
	if len(c.Kafka) == 0 {
		return service.Usage("parked: --kafka is missing: what operators do is written down there before it is done")
	}
	client, err := c.DialKafka("orderflow-parked", nil)
	if err != nil {
		return err
	}
	defer client.Close()
	audit := service.NewAudit(client, nil)
	act.ID, act.At, act.By = uuid.NewString(), time.Now().UTC(), parkedOrigin(cmd).By
	if act.On == nil {
		act.On = map[string]string{}
	}
	return parkedServices(cmd, func(ctx context.Context, all parked.Services) error {
		if err := audit.Intend(ctx, act); err != nil {
			return service.Environment("parked: nothing was done: %w", err)
		}
		err := fn(ctx, all)
		act.Outcome = "done"
		if err != nil {
			act.Outcome = "refused: " + err.Error()
		}
		audit.End(context.WithoutCancel(ctx), act)
		return err
	})
}

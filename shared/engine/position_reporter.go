package engine

import (
	"context"
	"slices"

	"orderflow.example/shared/kafka"
)

// reportPositions commits the positions of the partitions that run here as offsets of a consumer group with the service's name,
// so that Kafka's own tools show a lag. Nothing reads them back.
func (e *Engine) reportPositions(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	var positions []kafka.Position
	for _, p := range e.running.all() {
		for _, r := range p.readers {
			if at := r.reported.Load(); at > 0 {
				positions = append(positions, kafka.Position{Topic: r.topic, Partition: p.partition, Offset: at})
			}
		}
	}
	if slices.Equal(positions, e.positions) {
		return nil
	}
	err := e.Kafka.ReportPositions(ctx, e.Service, positions)
	if err == nil {
		e.positions = positions
	}
	return err
}

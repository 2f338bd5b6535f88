package command

import (
	"context"
	"slices"
	"strings"

	"orderflow.example/shared/kafka"
	"orderflow.example/shared/service"
)

// samePartitions refuses to look at an installation whose topics have another number of partitions: fewer would be taken for all,
// and what is in the others for lost.
func samePartitions(ctx context.Context, client *kafka.Client, partitions int) error {
	var specs []kafka.TopicSpec
	for _, topic := range eventTopics() {
		specs = append(specs, kafka.TopicSpec{Name: topic, Partitions: partitions})
	}
	differences, err := client.CheckTopics(ctx, specs)
	if err != nil {
		return service.Environment("%w", err)
	}
	differences = slices.DeleteFunc(differences, func(d string) bool { return strings.HasSuffix(d, ": is missing") })
	if len(differences) == 0 {
		return nil
	}
	return service.Environment("%s: give --partitions as the installation was made with; if a topic was made again with another "+
		"number, `orderflow topics check` lists what it lacks", strings.Join(differences, ", "))
}

package kafka

import (
	"context"
	"errors"
	"fmt"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
)

// Offsets returns, per partition, the oldest offset in the log and the one that the next record will get.
func (c *Client) Offsets(ctx context.Context, topic string, partitions []int) (first, next map[int]int64, err error) {
	known, err := c.layout(ctx, []string{topic})
	if err != nil {
		return nil, nil, err
	}
	leaders := make(map[int32][]listoffsets.RequestPartition, 1)
	for _, p := range partitions {
		leader, err := known.leader(topic, p)
		if err != nil {
			c.refresh()
			return nil, nil, fmt.Errorf("read the offsets of %w", err)
		}
		leaders[leader] = append(leaders[leader], listoffsets.RequestPartition{Partition: int32(p), CurrentLeaderEpoch: -1})
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if first, err = c.listOffsets(ctx, topic, leaders, kafkago.FirstOffset); err != nil {
		return nil, nil, err
	}
	if next, err = c.listOffsets(ctx, topic, leaders, kafkago.LastOffset); err != nil {
		return nil, nil, err
	}
	return first, next, nil
}

func (c *Client) listOffsets(ctx context.Context, topic string, leaders map[int32][]listoffsets.RequestPartition,
	which int64) (map[int]int64, error) {
	offsets := make(map[int]int64)
	for leader, partitions := range leaders {
		for i := range partitions {
			partitions[i].Timestamp = which
		}
		response, err := c.exchange(ctx, leader, &listoffsets.Request{
			ReplicaID: -1, Topics: []listoffsets.RequestTopic{{Topic: topic, Partitions: partitions}},
		})
		if err != nil {
			return nil, fmt.Errorf("read the offsets of topic %s from kafka broker %d: %w", topic, leader, err)
		}
		for _, t := range response.(*listoffsets.Response).Topics {
			for _, p := range t.Partitions {
				if err := codeError(p.ErrorCode); err != nil {
					if stale(err) {
						c.refresh()
					}
					return nil, fmt.Errorf("read the offsets of topic %s partition %d: %w", topic, p.Partition, err)
				}
				offsets[int(p.Partition)] = p.Offset
			}
		}
	}
	return offsets, nil
}

// ReportPositions commits positions under a group's name, so that tools show its lag. They are never read back.
func (c *Client) ReportPositions(ctx context.Context, group string, positions []Position) error {
	if len(positions) == 0 {
		return nil
	}
	topics := make(map[string][]kafkago.OffsetCommit)
	for _, p := range positions {
		topics[p.Topic] = append(topics[p.Topic], kafkago.OffsetCommit{Partition: p.Partition, Offset: p.Offset})
	}
	response, err := c.admin.OffsetCommit(ctx, &kafkago.OffsetCommitRequest{GroupID: group, GenerationID: -1, Topics: topics})
	if err != nil {
		return fmt.Errorf("report the positions of group %s: %w", group, err)
	}
	var faults []error
	for topic, partitions := range response.Topics {
		for _, p := range partitions {
			if p.Error != nil {
				faults = append(faults, fmt.Errorf("report the position of group %s on %s partition %d: %w", group, topic,
					p.Partition, p.Error))
			}
		}
	}
	return errors.Join(faults...)
}

package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

const topicPoll = 50 * time.Millisecond

// TopicSpec is the required configuration of a topic. A ReplicationFactor of 0 leaves it to the broker, and is not
// checked.
type TopicSpec struct {
	Name              string
	Partitions        int
	ReplicationFactor int
	Config            map[string]string // cleanup.policy, retention.ms …
}

// CreateTopics creates the topics that do not exist and returns their names, once their leaders answer. It does not
// change existing topics: CheckTopics lists how they differ.
func (c *Client) CreateTopics(ctx context.Context, specs []TopicSpec) (created []string, err error) {
	request := &kafkago.CreateTopicsRequest{}
	for _, spec := range specs {
		topic := kafkago.TopicConfig{Topic: spec.Name, NumPartitions: spec.Partitions, ReplicationFactor: spec.ReplicationFactor}
		if topic.ReplicationFactor == 0 {
			topic.ReplicationFactor = -1
		}
		for _, key := range slices.Sorted(maps.Keys(spec.Config)) {
			topic.ConfigEntries = append(topic.ConfigEntries, kafkago.ConfigEntry{ConfigName: key, ConfigValue: spec.Config[key]})
		}
		request.Topics = append(request.Topics, topic)
	}
	response, err := c.admin.CreateTopics(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("create kafka topics: %w", err)
	}
	var faults []error
	for _, spec := range specs {
		switch err := response.Errors[spec.Name]; {
		case err == nil:
			created = append(created, spec.Name)
			faults = append(faults, c.awaitLeaders(ctx, spec))
		case !errors.Is(err, kafkago.TopicAlreadyExists):
			faults = append(faults, fmt.Errorf("create kafka topic %s: %w", spec.Name, err))
		}
	}
	return created, errors.Join(faults...)
}

// awaitLeaders returns when every partition of a new topic can be read and written: brokers know of a topic shortly
// before they serve it.
func (c *Client) awaitLeaders(ctx context.Context, spec TopicSpec) error {
	partitions := make([]int, spec.Partitions)
	for i := range partitions {
		partitions[i] = i
	}
	for {
		_, _, err := c.Offsets(ctx, spec.Name, partitions)
		if !IsTransient(err) || pause(ctx, topicPoll) != nil {
			return err
		}
	}
}

// CheckTopics compares the cluster with the specs and returns one line per difference, none when all is as specified.
func (c *Client) CheckTopics(ctx context.Context, specs []TopicSpec) ([]string, error) {
	names := make([]string, len(specs))
	for i, spec := range specs {
		names[i] = spec.Name
	}
	known, err := c.freshLayout(ctx, names)
	if err != nil {
		return nil, fmt.Errorf("check kafka topics: %w", err)
	}
	var differences, configured []string
	var keys []string
	for _, spec := range specs {
		i := slices.IndexFunc(known.topics, func(t metadata.ResponseTopic) bool { return t.Name == spec.Name })
		if i < 0 || known.topics[i].ErrorCode != 0 {
			differences = append(differences, spec.Name+": is missing")
			continue
		}
		differences = append(differences, compareShape(spec, known.topics[i].Partitions)...)
		if len(spec.Config) > 0 {
			configured = append(configured, spec.Name)
			keys = slices.AppendSeq(keys, maps.Keys(spec.Config))
		}
	}
	slices.Sort(keys)
	actual, err := c.TopicSettings(ctx, configured, slices.Compact(keys)...)
	if err != nil {
		return nil, err
	}
	for _, spec := range specs {
		if settings, known := actual[spec.Name]; known {
			differences = append(differences, compareConfig(spec, settings)...)
		}
	}
	slices.Sort(differences)
	return differences, nil
}

// MissingTopics lists the names of topics that do not exist.
func (c *Client) MissingTopics(ctx context.Context, names ...string) (missing []string, err error) {
	known, err := c.freshLayout(ctx, names)
	if err != nil {
		return nil, fmt.Errorf("look for kafka topics: %w", err)
	}
	for _, name := range names {
		if !slices.ContainsFunc(known.topics, func(t metadata.ResponseTopic) bool { return t.Name == name && t.ErrorCode == 0 }) {
			missing = append(missing, name)
		}
	}
	return missing, nil
}

// TopicSettings reads these settings of topics that exist, by topic and key, the broker's defaults where a topic has none
// of its own.
func (c *Client) TopicSettings(ctx context.Context, topics []string, keys ...string) (map[string]map[string]string, error) {
	settings := make(map[string]map[string]string, len(topics))
	if len(topics) == 0 {
		return settings, nil
	}
	request := &kafkago.DescribeConfigsRequest{}
	for _, topic := range topics {
		request.Resources = append(request.Resources, kafkago.DescribeConfigRequestResource{
			ResourceType: kafkago.ResourceTypeTopic, ResourceName: topic, ConfigNames: keys,
		})
	}
	described, err := c.admin.DescribeConfigs(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("read the settings of kafka topics: %w", err)
	}
	for _, resource := range described.Resources {
		if resource.Error != nil {
			return nil, fmt.Errorf("read the settings of kafka topic %s: %w", resource.ResourceName, resource.Error)
		}
		of := make(map[string]string, len(keys))
		for _, e := range resource.ConfigEntries {
			of[e.ConfigName] = e.ConfigValue
		}
		settings[resource.ResourceName] = of
	}
	return settings, nil
}

func compareShape(spec TopicSpec, partitions []metadata.ResponsePartition) []string {
	var differences []string
	if len(partitions) != spec.Partitions {
		differences = append(differences, fmt.Sprintf("%s: has %d partitions, not %d", spec.Name, len(partitions), spec.Partitions))
	}
	for _, p := range partitions {
		if spec.ReplicationFactor > 0 && len(p.ReplicaNodes) != spec.ReplicationFactor {
			differences = append(differences, fmt.Sprintf("%s: partition %d has %d replicas, not %d",
				spec.Name, p.PartitionIndex, len(p.ReplicaNodes), spec.ReplicationFactor))
		}
	}
	return differences
}

func compareConfig(spec TopicSpec, actual map[string]string) []string {
	var differences []string
	for key, want := range spec.Config {
		if got, ok := actual[key]; !ok || got != want {
			differences = append(differences, fmt.Sprintf("%s: %s is %q, not %q", spec.Name, key, got, want))
		}
	}
	return differences
}

// freshLayout asks the cluster for its layout, past the cache.
func (c *Client) freshLayout(ctx context.Context, names []string) (layout, error) {
	c.mu.Lock()
	c.reconnected = time.Now()
	c.transport.CloseIdleConnections()
	c.mu.Unlock()
	return c.layout(ctx, names)
}

// DeleteTopics deletes topics, existing or not, and returns when they are gone. It is for tests and for replacing a
// topic.
func (c *Client) DeleteTopics(ctx context.Context, names ...string) error {
	response, err := c.admin.DeleteTopics(ctx, &kafkago.DeleteTopicsRequest{Topics: names})
	if err != nil {
		return fmt.Errorf("delete kafka topics: %w", err)
	}
	for name, err := range response.Errors {
		if err != nil && !IsUnknownTopic(err) {
			return fmt.Errorf("delete kafka topic %s: %w", name, err)
		}
	}
	for {
		known, err := c.freshLayout(ctx, names)
		if err != nil {
			return fmt.Errorf("delete kafka topics: %w", err)
		}
		if !slices.ContainsFunc(known.topics, func(t metadata.ResponseTopic) bool { return t.ErrorCode == 0 }) {
			return nil
		}
		if err := pause(ctx, topicPoll); err != nil {
			return fmt.Errorf("wait for kafka topics to be deleted: %w", err)
		}
	}
}

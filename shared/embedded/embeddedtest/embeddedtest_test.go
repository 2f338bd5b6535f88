package embeddedtest

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/segmentio/kafka-go"
)

func TestMain(m *testing.M) { Main(m) }

func TestAllTestsOfABinaryShareTheServersButNoDatabaseAndNoTopic(t *testing.T) {
	t.Parallel()
	if a, b := Kafka(t), Kafka(t); a != b {
		t.Errorf("two brokers: %s, %s", a, b)
	}
	if a, b := Postgres(t), Postgres(t); a != b {
		t.Errorf("two servers: %s, %s", a, b)
	}
	if a, b := Database(t), Database(t); a == b {
		t.Errorf("two calls share one database: %s", a)
	}
	if a, b := Topic(t, "order.events"), Topic(t, "order.events"); a == b {
		t.Errorf("two calls share one topic name: %s", a)
	}
}

func TestTheBrokerAnswers(t *testing.T) {
	t.Parallel()
	client := &kafka.Client{Addr: kafka.TCP(Kafka(t))}
	topic := Topic(t, "weird name/ü.events")
	res, err := client.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{
		{Topic: topic, NumPartitions: 1, ReplicationFactor: 1}}})
	if err != nil || res.Errors[topic] != nil {
		t.Fatalf("topic %s: %v %v", topic, err, res)
	}
}

func TestADatabaseIsGoneAfterItsTestWhoeverIsConnected(t *testing.T) {
	t.Parallel()
	var conn *pgx.Conn
	t.Run("user", func(t *testing.T) {
		var err error
		if conn, err = pgx.Connect(t.Context(), Database(t)); err != nil {
			t.Fatal(err)
		}
	})
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("the connection outlived its database")
	}
}

func TestADirectoryInUseIsNotSwept(t *testing.T) {
	t.Parallel()
	Kafka(t)
	if os.Getenv("ORDERFLOW_TEST_KAFKA") != "" {
		return // no files of ours to sweep
	}
	sweep()
	if _, err := os.Stat(shared.lock.Path()); err != nil {
		t.Fatal(err)
	}
}

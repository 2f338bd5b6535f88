package endtoend_test

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
	"orderflow.example/shared/kafka"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// On a secured Kafka and a secured Postgres every service runs as a process with its own user, and nothing more. With
// ORDERFLOW_TEST_KAFKA the broker is an Apache Kafka of the test's own.
func TestSecuredServicesDoTheirWorkAndAreRefusedAllElse(t *testing.T) {
	t.Parallel()
	s := startSecured(t)
	site := &trial.Site{Key: s.key, Storefront: func() string { return s.processes["storefront"].Customers },
		Operators: func(name string) string { return s.processes[name].Operators }}
	site.Sell(t, "secured", price, 100)
	sold := site.Buy(t, trial.NewBasket(trial.Line{SKU: "secured", Quantity: 1}))
	sold.Await(t, "completed")
	dear := trial.NewBasket(trial.Line{SKU: "secured", Quantity: 1})
	dear.PaymentToken = "tok_declined"
	site.Buy(t, dear).Await(t, "cancelled")
	sold.Return(t, trial.Line{SKU: "secured", Quantity: 1})
	sold.Await(t, "returned")
	checkLedger(t, site) // as the reader of all databases
	for _, command := range [][]string{{"verify"}, {"topics", "check"}, {"topics", "acls", "--check"}} {
		if stdout, stderr, code := trial.Command(s.orderflow, append(command, s.admin...)...); code != 0 {
			t.Errorf("%v: exit code %d: %s%s", command, code, stderr, stdout)
		}
	}
	var all sync.WaitGroup
	for _, app := range run.Apps {
		all.Go(func() { s.checkTopics(t, app) })
		all.Go(func() { s.checkDatabases(t, app) })
	}
	all.Go(func() { s.checkScaler(t) })
	all.Wait()
	s.checkGrantsAreKept(t)
}

// checkTopics checks that the service reads exactly what its choreography consumes, and writes only its own topic.
func (s *secured) checkTopics(t *testing.T, app service.App) {
	client := s.client(t, app.Name)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), trial.Patience)
	defer cancel()
	reads, writes := []string{engine.ControlTopic}, []string{engine.ControlTopic, service.AuditTopic}
	if len(app.Bindings) > 0 {
		reads, writes = append(reads, app.Topic()), append(writes, app.Topic(), engine.ReportsTopic)
	} else {
		reads = append(append(reads, engine.ReportsTopic, service.AuditTopic), app.Topics...)
	}
	for _, b := range app.Bindings {
		for _, name := range b.Machine.Hears() {
			reads = append(reads, saga.Topic(name))
		}
	}
	for _, spec := range service.Topics(4, 0, run.Apps...) {
		if refused := s.refusesReading(t, app, spec.Name); refused == slices.Contains(reads, spec.Name) {
			t.Errorf("%s reads %s: refused: %t", app.Name, spec.Name, refused)
		}
		if refused := s.refusesWriting(t, app, spec.Name); refused == slices.Contains(writes, spec.Name) {
			t.Errorf("%s writes %s: refused: %t", app.Name, spec.Name, refused)
		}
	}
	if _, err := client.CreateTopics(ctx, []kafka.TopicSpec{{Name: app.Name + ".more", Partitions: 1}}); err == nil {
		t.Errorf("%s creates topics", app.Name)
	}
	if err := client.DeleteTopics(ctx, "order.events"); err == nil {
		t.Errorf("%s deletes topics", app.Name)
	}
	other := "payment"
	if app.Name == other {
		other = "order"
	}
	if err := client.ReportPositions(ctx, other, []kafka.Position{{Topic: reads[0], Offset: 1}}); err == nil {
		t.Errorf("%s commits offsets of %s", app.Name, other)
	}
}

// checkScaler checks that what scales by lag sees the lag of every service, and no more.
func (s *secured) checkScaler(t *testing.T) {
	scaler := service.App{Name: strings.TrimPrefix(service.Scaler, "orderflow_")}
	for _, app := range run.Apps {
		if !app.Hears() {
			continue // it has no lag
		}
		ends, of, at := kmsg.NewPtrListOffsetsRequest(), kmsg.NewListOffsetsRequestTopic(), kmsg.NewListOffsetsRequestTopicPartition()
		of.Topic, at.Timestamp = app.Topic(), -1
		of.Partitions, ends.ReplicaID = append(of.Partitions, at), -1
		ends.Topics = append(ends.Topics, of)
		if answer := s.ask(t, scaler, ends); answer == nil ||
			answer.(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0].ErrorCode != 0 {
			t.Errorf("it does not see how far %s goes: %+v", app.Topic(), answer)
		}
		far := kmsg.NewPtrOffsetFetchRequest()
		far.Group = app.Name
		trial.Await(t, "that the scaler sees how far "+app.Name+" is", func() (bool, string) { // services report it now and then
			answer, is := s.ask(t, scaler, far).(*kmsg.OffsetFetchResponse)
			return is && answer.ErrorCode == 0 && len(answer.Topics) > 0, fmt.Sprintf("%+v", answer)
		})
	}
	for _, spec := range service.Topics(4, 0, run.Apps...) {
		if !s.refusesReading(t, scaler, spec.Name) || !s.refusesWriting(t, scaler, spec.Name) {
			t.Errorf("it reads or writes %s", spec.Name)
		}
	}
	client := s.client(t, scaler.Name)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), trial.Patience)
	defer cancel()
	if err := client.ReportPositions(ctx, "order", []kafka.Position{{Topic: "payment.events", Offset: 1}}); err == nil {
		t.Error("it commits offsets of order")
	}
}

// refusesReading asks the broker itself: a client that knows a topic only from metadata does not see one it may not read.
func (s *secured) refusesReading(t *testing.T, app service.App, topic string) bool {
	request, of, from := kmsg.NewPtrFetchRequest(), kmsg.NewFetchRequestTopic(), kmsg.NewFetchRequestTopicPartition()
	from.PartitionMaxBytes, of.Topic = 1024, topic
	of.Partitions = append(of.Partitions, from)
	request.MaxBytes, request.Topics = 1024, append(request.Topics, of)
	answer := s.ask(t, app, request)
	return answer == nil || answer.(*kmsg.FetchResponse).Topics[0].Partitions[0].ErrorCode == unauthorized
}

// refusesWriting sends no records: who may write gets another error.
func (s *secured) refusesWriting(t *testing.T, app service.App, topic string) bool {
	request, of, to := kmsg.NewPtrProduceRequest(), kmsg.NewProduceRequestTopic(), kmsg.NewProduceRequestTopicPartition()
	to.Records, of.Topic = []byte{}, topic
	of.Partitions = append(of.Partitions, to)
	request.Acks, request.TimeoutMillis, request.Topics = -1, 5000, append(request.Topics, of)
	answer := s.ask(t, app, request)
	return answer == nil || answer.(*kmsg.ProduceResponse).Topics[0].Partitions[0].ErrorCode == unauthorized
}

const unauthorized = 29 // TOPIC_AUTHORIZATION_FAILED

// ask sends one request as the service's user, with another client than the services'.
func (s *secured) ask(t *testing.T, app service.App, request kmsg.Request) kmsg.Response {
	ctx, cancel := context.WithTimeout(context.Background(), trial.Patience)
	defer cancel()
	config, err := s.config(app.Name).KafkaConfig("trial")
	if err != nil {
		t.Error(err)
		return nil
	}
	login := scram.Auth{User: app.User(), Pass: s.secrets[app.Name]}
	client, err := kgo.NewClient(kgo.SeedBrokers(s.kafka...), kgo.DialTLSConfig(config.TLS), kgo.SASL(login.AsSha512Mechanism()),
		kgo.MaxVersions(kversion.V2_8_0())) // topics by their names
	if err != nil {
		t.Error(err)
		return nil
	}
	defer client.Close()
	answer, err := client.SeedBrokers()[0].Request(ctx, request)
	if err != nil {
		t.Errorf("%s: %v", app.Name, err)
		return nil
	}
	return answer
}

// checkDatabases checks that the service may use its own database, and open no other; and that the reader changes nothing.
func (s *secured) checkDatabases(t *testing.T, app service.App) {
	ctx, cancel := context.WithTimeout(context.Background(), trial.Patience)
	defer cancel()
	for _, other := range run.Apps {
		if len(other.Bindings) == 0 {
			continue
		}
		db, err := database.Open(ctx, database.Options{URL: s.database(app, "orderflow_"+other.Name)})
		reader := len(app.Bindings) == 0
		if allowed := reader || app.Name == other.Name; (err == nil) != allowed {
			t.Errorf("%s opens the database of %s: %v", app.Name, other.Name, err)
		}
		if err != nil {
			if !strings.Contains(err.Error(), "42501") {
				t.Errorf("%s opens the database of %s, which fails otherwise: %v", app.Name, other.Name, err)
			}
			continue
		}
		statements := map[string]bool{ // allowed?
			"SELECT count(*) FROM engine.outbox":                            true,
			"UPDATE engine.watermark SET partition = partition WHERE false": !reader,
			"CREATE TABLE public.of_mine (id int)":                          !reader,
			"SET ROLE orderflow_world":                                      false,
			"CREATE ROLE orderflow_more":                                    false,
			"CREATE DATABASE orderflow_more":                                false,
		}
		if other.Name == "storefront" {
			statements["SELECT 1 / count(*) FROM orders"] = true // policies let the reader see rows
		}
		for sql, allowed := range statements {
			if err := db.Gorm().Exec(sql).Error; (err == nil) != allowed {
				t.Errorf("%s in the database of %s: %s: %v", app.Name, other.Name, sql, err)
			}
		}
		db.Close()
	}
	plain, err := url.Parse(s.database(app, "orderflow_"+app.Name))
	if err != nil {
		t.Error(err)
		return
	}
	plain.RawQuery = "sslmode=disable"
	if db, err := database.Open(ctx, database.Options{URL: plain.String()}); err == nil {
		db.Close()
		t.Errorf("%s logs in to Postgres without TLS", app.Name)
	}
}

// checkGrantsAreKept changes the grants, and checks that this is found and put right.
func (s *secured) checkGrantsAreKept(t *testing.T) {
	config := service.Config{Kafka: s.kafka, KafkaSecurity: s.administrator}
	client, err := config.DialKafka("trial", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	extra := kafka.Grant{User: "orderflow_fraud", Resource: kafka.Topic, Name: "payment.events", Operation: kafka.Write}
	if err := client.Grant(t.Context(), []kafka.Grant{extra}); err != nil {
		t.Fatal(err)
	}
	acls := func(flag string) (string, int) {
		stdout, stderr, code := trial.Command(s.orderflow, append([]string{"topics", "acls", flag}, s.admin...)...)
		return stdout + stderr, code
	}
	surplus := "orderflow_fraud: Allow Write on Literal Topic payment.events"
	if said, code := acls("--check"); code != 1 || !strings.Contains(said, surplus) {
		t.Errorf("a grant too many: exit code %d: %s", code, said)
	}
	for _, flag := range []string{"--apply", "--check"} {
		if said, code := acls(flag); code != 0 {
			t.Errorf("topics acls %s: exit code %d: %s", flag, code, said)
		}
	}
}

// client connects as the service's user.
func (s *secured) client(t *testing.T, name string) *kafka.Client {
	client, err := s.config(name).DialKafka("trial", nil)
	if err != nil {
		t.Error(err)
	}
	return client
}

func (s *secured) config(name string) service.Config {
	return service.Config{Kafka: s.kafka, KafkaSecurity: service.KafkaSecurity{TLS: true, CAFile: s.administrator.CAFile,
		User: "orderflow_" + name, PasswordFile: filepath.Join(s.passwords, name)}}
}

// database is the URL of a database for the service's own login.
func (s *secured) database(app service.App, name string) string {
	user := app.User()
	if len(app.Bindings) == 0 {
		user = database.Reader
	}
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=verify-full&sslrootcert=%s",
		url.UserPassword(user, s.secrets[app.Name]), s.postgres, name, url.QueryEscape(s.administrator.CAFile))
}

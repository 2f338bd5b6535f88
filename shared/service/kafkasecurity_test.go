package service_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKafkaSecurityIsReadFromItsFiles(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	if err := os.WriteFile(ca, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	password := file(t, "first\n")
	c, _, err := load("--kafka", "127.0.0.1:9093", "--kafka-tls", "--kafka-ca-file", ca, "--kafka-user", "orderflow_order",
		"--kafka-password-file", password)
	if err != nil {
		t.Fatal(err)
	}
	config, err := c.KafkaConfig("test")
	if err != nil || config.TLS.MinVersion < tls.VersionTLS12 || config.TLS.RootCAs == nil || config.SASL.Name() != "SCRAM-SHA-512" {
		t.Fatalf("%+v %v", config, err)
	}
	if err := os.Remove(password); err != nil {
		t.Fatal(err)
	}
	if _, _, err := config.SASL.Start(context.Background()); err == nil {
		t.Error("the password is not read at each login")
	}
	if _, err := c.KafkaConfig("test"); err == nil || !strings.Contains(err.Error(), "kafka-password-file") {
		t.Errorf("a missing password: %v", err)
	}
	c.KafkaSecurity.CAFile = file(t, "nothing")
	if _, err := c.DialKafka("test", nil); err == nil || !strings.Contains(err.Error(), "no certificate") {
		t.Errorf("a file without certificates: %v", err)
	}
}

func TestSecurityThatIsGivenInPartIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, fault string }{
		{"--kafka-user=a", "kafka-password-file"},
		{"--kafka-password-file=a", "kafka-user"},
		{"--kafka-ca-file=a", "--kafka-tls"},
		{"--postgres-password-file=/nowhere/password", "/nowhere/password"},
	} {
		if _, _, err := load(c.args); err == nil || !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v", c.args, err)
		}
	}
}

func TestThePasswordOfPostgresComesFromItsFile(t *testing.T) {
	t.Parallel()
	password := file(t, "p:/@ss\n")
	c, _, err := load("--postgres", "postgres://ann@db.example:5432/x?sslmode=verify-full", "--postgres-password-file", password)
	if want := "postgres://ann:p%3A%2F%40ss@db.example:5432/x?sslmode=verify-full"; err != nil || c.Postgres != want {
		t.Errorf("%s %v", c.Postgres, err)
	}
	if _, _, err := load("--postgres-password-file", password); err == nil {
		t.Error("a password without a user was accepted")
	}
}

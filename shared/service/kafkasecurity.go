package service

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/scram"
	"github.com/spf13/pflag"

	"orderflow.example/shared/kafka"
)

// KafkaSecurity is how to connect to brokers that require TLS or a login. The zero value is plain text without a login.
type KafkaSecurity struct {
	TLS          bool   `json:"tls,omitempty"`
	CAFile       string `json:"ca_file,omitempty"`       // PEM; empty means the authorities of the system
	User         string `json:"user,omitempty"`          // SCRAM-SHA-512
	PasswordFile string `json:"password_file,omitempty"` // read at each login, so that a changed password needs no restart
}

func bindKafkaSecurity(f *pflag.FlagSet) {
	f.Bool("kafka-tls", false, "connect to the brokers with TLS")
	f.String("kafka-ca-file", "", "PEM file of the authorities that sign the brokers' certificates (default: the system's)")
	f.String("kafka-user", "", "user for the brokers, SCRAM-SHA-512 (default: no login)")
	f.String("kafka-password-file", "", "file with the password of --kafka-user")
}

func (s KafkaSecurity) validate(check func(ok bool, format string, args ...any)) {
	check(s.CAFile == "" || s.TLS, "kafka-ca-file: needs --kafka-tls")
	check((s.User == "") == (s.PasswordFile == ""), "kafka-user, kafka-password-file: give both or none")
}

// KafkaConfig is the configuration of a client of the installation's brokers. The error names the file that cannot be used.
func (c Config) KafkaConfig(clientID string) (kafka.Config, error) {
	config := kafka.Config{Brokers: c.Kafka, ClientID: clientID}
	s := c.KafkaSecurity
	if s.TLS {
		config.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if s.CAFile != "" {
		pem, err := os.ReadFile(s.CAFile)
		if err != nil {
			return config, fmt.Errorf("kafka-ca-file: %w", err)
		}
		config.TLS.RootCAs = x509.NewCertPool()
		if !config.TLS.RootCAs.AppendCertsFromPEM(pem) {
			return config, fmt.Errorf("kafka-ca-file: %s holds no certificate in PEM", s.CAFile)
		}
	}
	if s.User != "" {
		l := login{s.User, s.PasswordFile}
		if _, err := l.mechanism(); err != nil {
			return config, err
		}
		config.SASL = l
	}
	return config, nil
}

// DialKafka prepares a client of the installation's brokers. Its error is an Exit with code 3.
func (c Config) DialKafka(clientID string, log *slog.Logger) (*kafka.Client, error) {
	config, err := c.KafkaConfig(clientID)
	if err != nil {
		return nil, Environment("%w", err)
	}
	config.Log = log
	return kafka.Dial(config), nil
}

// login is SCRAM with the password that is in the file when a connection is made.
type login struct{ user, passwordFile string }

func (l login) mechanism() (sasl.Mechanism, error) {
	password, err := os.ReadFile(l.passwordFile)
	if err != nil {
		return nil, fmt.Errorf("kafka-password-file: %w", err)
	}
	if password = bytes.TrimSpace(password); len(password) == 0 {
		return nil, fmt.Errorf("kafka-password-file: %s is empty", l.passwordFile)
	}
	m, err := scram.Mechanism(scram.SHA512, l.user, string(password))
	if err != nil {
		return nil, errors.New("kafka-user, kafka-password-file: SCRAM does not allow these characters")
	}
	return m, nil
}

func (login) Name() string { return scram.SHA512.Name() }

func (l login) Start(ctx context.Context) (sasl.StateMachine, []byte, error) {
	m, err := l.mechanism()
	if err != nil {
		return nil, nil, err
	}
	return m.Start(ctx)
}

package endtoend_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"orderflow.example/services/platform/run"
	"orderflow.example/services/platform/trial"
	"orderflow.example/shared/database"
	"orderflow.example/shared/embedded"
	"orderflow.example/shared/service"
)

// secured is an installation with a login for each service.
type secured struct {
	orderflow     string
	dir           string
	kafka         []string
	users         bool // are there from the start
	administrator service.KafkaSecurity
	postgres      string // host:port
	passwords     string // the directory
	secrets       map[string]string
	key           []byte // that signs tokens
	admin         []string
	processes     map[string]*trial.Process
}

func startSecured(t *testing.T) *secured {
	t.Helper()
	names := []string{"platform"}
	for _, app := range run.Apps {
		names = append(names, app.Name)
	}
	bin := trial.Programs(t, names...)
	dir := openDir(t)
	s := &secured{orderflow: filepath.Join(bin, "orderflow"), dir: dir, passwords: filepath.Join(dir, "passwords"),
		secrets: map[string]string{}, processes: map[string]*trial.Process{}}
	for _, app := range run.Apps {
		s.secrets[app.Name] = rand.Text()
		s.write(t, filepath.Join("passwords", app.Name), s.secrets[app.Name])
	}
	s.secrets["scaler"] = rand.Text()
	s.write(t, filepath.Join("passwords", "scaler"), s.secrets["scaler"])
	s.key = []byte(rand.Text() + rand.Text())
	key := s.write(t, "key", string(s.key))
	s.startKafka(t)
	superuser := s.startPostgres(t)
	s.admin = []string{"--kafka", s.kafka[0], "--kafka-tls", "--kafka-ca-file", s.administrator.CAFile, "--kafka-user",
		s.administrator.User, "--kafka-password-file", s.administrator.PasswordFile, "--postgres", superuser}
	acls := []string{"topics", "acls", "--apply"}
	if !s.users {
		acls = append(acls, "--passwords", s.passwords)
	}
	for _, command := range [][]string{{"topics", "create"}, acls, {"migrate", "--passwords", s.passwords}} {
		if stdout, stderr, code := trial.Command(s.orderflow, append(command, s.admin...)...); code != 0 {
			t.Fatalf("%v: exit code %d: %s%s", command, code, stderr, stdout)
		}
	}
	listeners := []string{"--http-addr", "127.0.0.1:0", "--ops-addr", "127.0.0.1:0", "--jwt-key-file", key, "--log-level", "warn"}
	args := append([]string{"up", "--services", "world", "--world-speed", "20", "--data-dir", filepath.Join(dir, "world")},
		s.admin...)
	s.processes[run.World] = trial.Run(t, s.orderflow, append(args, listeners...)...)
	where, err := run.FindRunning(filepath.Join(dir, "world"))
	if err != nil {
		t.Fatal(err)
	}
	outside := run.Outside(where.WorldURL)
	var all sync.WaitGroup
	var mu sync.Mutex
	for _, app := range run.Apps {
		all.Go(func() {
			args := append([]string{"--data-dir", filepath.Join(dir, "of-"+app.Name), "--kafka", s.kafka[0], "--kafka-tls",
				"--kafka-ca-file", s.administrator.CAFile, "--kafka-user", app.User(),
				"--kafka-password-file", filepath.Join(s.passwords, app.Name),
				"--postgres", s.database(app, app.User())}, listeners...)
			if len(app.Bindings) == 0 {
				args = append(args, "--postgres", s.database(app, "postgres"))
			}
			p, err := trial.TryRun(t, filepath.Join(bin, app.Name), append(args, app.Arguments(outside)...)...)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			s.processes[app.Name] = p
		})
	}
	if all.Wait(); t.Failed() {
		t.FailNow()
	}
	return s
}

// startKafka starts a broker with TLS, SCRAM and access control: an Apache Kafka if the tests run on one.
func (s *secured) startKafka(t *testing.T) {
	t.Helper()
	if addr := os.Getenv("ORDERFLOW_TEST_KAFKA"); addr != "" {
		s.startApacheKafka(t, addr)
		return
	}
	config, ca, _ := certificate(t)
	s.administrator = service.KafkaSecurity{TLS: true, CAFile: s.write(t, "kafka-ca.pem", string(ca)), User: "admin",
		PasswordFile: s.write(t, "admin", rand.Text())}
	password, err := os.ReadFile(s.administrator.PasswordFile)
	if err != nil {
		t.Fatal(err)
	}
	options := []kfake.Opt{kfake.User("SCRAM-SHA-512", service.Scaler, s.secrets["scaler"]),
		kfake.NumBrokers(1), kfake.TLS(config), kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.Superuser("SCRAM-SHA-512", "admin", string(password))}
	for _, app := range run.Apps { // it stores passwords set by an administrator in a way of its own
		options = append(options, kfake.User("SCRAM-SHA-512", app.User(), s.secrets[app.Name]))
	}
	s.users = true
	cluster, err := kfake.NewCluster(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	s.kafka = cluster.ListenAddrs()
}

// startApacheKafka starts it at a port below the range from which systems take those of connections, and away from the
// broker without security.
func (s *secured) startApacheKafka(t *testing.T, other string) {
	t.Helper()
	port, err := strconv.Atoi(other[strings.LastIndexByte(other, ':')+1:])
	if err != nil {
		t.Fatal(err)
	}
	script, dir := filepath.Join("..", "..", "..", "scripts", "kafka.sh"), filepath.Join(s.dir, "kafka")
	t.Cleanup(func() {
		if said, err := exec.Command(script, "stop", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, said)
		}
	})
	start := exec.Command(script, "start", dir, strconv.Itoa(port-10_000), "secured")
	var problems bytes.Buffer
	start.Stderr = &problems
	addr, err := start.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, problems.Bytes())
	}
	s.kafka = []string{strings.TrimSpace(string(addr))}
	s.administrator = service.KafkaSecurity{TLS: true, CAFile: filepath.Join(dir, "security", "ca.pem"), User: "admin",
		PasswordFile: filepath.Join(dir, "security", "admin")}
}

// startPostgres starts a server that lets nobody in without TLS, and returns its superuser's URL.
func (s *secured) startPostgres(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(s.dir, "postgres")
	ctx, cancel := context.WithTimeout(t.Context(), trial.Patience)
	defer cancel()
	server, err := embedded.StartPostgres(ctx, embedded.PostgresConfig{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	u, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	_, ca, key := certificate(t)
	for name, text := range map[string][]byte{"server.crt": ca, "server.key": key,
		"pg_hba.conf": []byte("hostssl all all 127.0.0.1/32 scram-sha-256\n")} {
		s.write(t, filepath.Join("postgres", "data", name), string(text))
		owner, err := os.Stat(filepath.Join(dir, "data", "PG_VERSION"))
		if err != nil {
			t.Fatal(err)
		}
		of := owner.Sys().(*syscall.Stat_t)
		if err := os.Chown(filepath.Join(dir, "data", name), int(of.Uid), int(of.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	db, err := database.Open(ctx, database.Options{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, sql := range []string{"ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()"} {
		if err := db.Gorm().Exec(sql).Error; err != nil {
			t.Fatal(err)
		}
	}
	s.postgres = u.Host
	brokers, err := os.ReadFile(s.administrator.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	// One file has the authorities of both servers.
	s.administrator.CAFile = s.write(t, "ca.pem", string(brokers)+"\n"+string(ca))
	u.RawQuery = "sslmode=verify-full&sslrootcert=" + url.QueryEscape(s.administrator.CAFile)
	trial.Await(t, "Postgres with TLS", func() (bool, string) {
		db, err := database.Open(ctx, database.Options{URL: u.String()})
		if err != nil {
			return false, err.Error()
		}
		return db.Close() == nil, ""
	})
	return u.String()
}

func (s *secured) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// certificate is one for 127.0.0.1, which signs itself.
func certificate(t *testing.T) (config *tls.Config, crt, key []byte) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	config = &tls.Config{Certificates: server.TLS.Certificates}
	der, err := x509.MarshalPKCS8PrivateKey(config.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return config, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

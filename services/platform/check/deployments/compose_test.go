package deployments

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"orderflow.example/services/platform/command"
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/database"
	"orderflow.example/shared/service"
)

const root = "../../../../"

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(root + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func readYAML(t *testing.T, path string, to any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, path)), to); err != nil {
		t.Fatal(path, err)
	}
}

// container is a service of compose, as far as it is compared.
type container struct {
	Image string
	Build struct {
		Dockerfile string
		Args       struct {
			Service string `yaml:"SERVICE"`
		}
	}
	Command     []string
	Environment map[string]string
	Ports       []string
	Secrets     []any
	Volumes     []string
	Grace       string `yaml:"stop_grace_period"`
}

type project struct {
	Services map[string]container
	Secrets  map[string]struct{ File string }
}

func compose(t *testing.T) (p project) {
	readYAML(t, "deployments/compose/compose.yaml", &p)
	return p
}

// configured reads the environment as the service's own command does.
func configured(t *testing.T, app service.App, environment map[string]string) (service.Config, error) {
	t.Helper()
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	var c service.Config
	cmd := &cobra.Command{Use: app.Name, SilenceErrors: true, SilenceUsage: true}
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		c, err = service.Load(cmd)
		return err
	}
	service.BindFlags(cmd, app.Flags...)
	args := []string{}
	for key, value := range environment {
		if !strings.HasPrefix(key, "ORDERFLOW_") {
			continue
		}
		flag := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(key, "ORDERFLOW_")), "_", "-")
		if strings.HasSuffix(flag, "postgres-password-file") {
			value = password
		}
		args = append(args, "--"+flag+"="+value)
	}
	cmd.SetArgs(args)
	err := cmd.Execute()
	return c, err
}

func TestEveryServiceHasAContainerOfItsOwnWithItsOwnUsers(t *testing.T) {
	t.Parallel()
	p := compose(t)
	for _, app := range run.Apps {
		s, there := p.Services[app.Name]
		if !there {
			t.Errorf("compose.yaml has no service %s: add it, its secret, and its name to secrets.sh", app.Name)
			continue
		}
		if s.Image != "orderflow/"+app.Name || s.Build.Args.Service != app.Name {
			t.Errorf("%s: image %s of %s", app.Name, s.Image, s.Build.Args.Service)
		}
		c, err := configured(t, app, s.Environment)
		if err != nil {
			t.Errorf("%s: %v", app.Name, err)
			continue
		}
		if missing := app.Missing(c); len(missing) > 0 {
			t.Errorf("%s lacks %v", app.Name, missing)
		}
		user, name := app.User(), app.User()
		if len(app.Bindings) == 0 {
			user, name = database.Reader, "postgres"
		}
		if c.KafkaSecurity.User != app.User() || !strings.HasPrefix(c.Postgres, "postgres://"+user+":secret@postgres:5432/"+name+"?") {
			t.Errorf("%s logs in to Kafka as %s, and to %s", app.Name, c.KafkaSecurity.User, c.Postgres)
		}
		secret := map[string]any{"source": "password-" + app.Name, "target": "password"}
		if file := p.Secrets["password-"+app.Name].File; !slices.ContainsFunc(s.Secrets, func(a any) bool {
			m, is := a.(map[string]any)
			return is && m["source"] == secret["source"] && m["target"] == secret["target"]
		}) || file != "./secrets/passwords/"+app.Name {
			t.Errorf("%s: secrets %v, from %q", app.Name, s.Secrets, file)
		}
	}
}

func TestWhatContainersRunExists(t *testing.T) {
	t.Parallel()
	p := compose(t)
	for name, s := range p.Services {
		of := s.Build.Args.Service
		if of == "" {
			if !regexp.MustCompile(`:[0-9v]`).MatchString(s.Image) {
				t.Errorf("%s: the image %s has no version", name, s.Image)
			}
			continue
		}
		if s.Build.Dockerfile != "deployments/docker/Dockerfile" {
			t.Errorf("%s is built from %s", name, s.Build.Dockerfile)
		}
		module := of
		if of == "orderflow" || of == "tracker" {
			module = "platform"
		}
		if _, err := os.Stat(root + "services/" + module + "/cmd/" + of + "/main.go"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if of == "orderflow" {
			checkCommand(t, name, s.Command)
			if _, err := configured(t, service.App{Name: name}, s.Environment); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	var faults project
	readYAML(t, "deployments/compose/faults.yaml", &faults)
	for name, s := range faults.Services {
		checkCommand(t, name, s.Command)
		if want := append(slices.Clone(p.Services[name].Command), "--faults"); !slices.Equal(s.Command, want) {
			t.Errorf("faults.yaml runs %v, want %v", s.Command, want)
		}
	}
}

// checkCommand checks the arguments of an orderflow command.
func checkCommand(t *testing.T, where string, args []string) {
	t.Helper()
	cmd, rest, err := command.Root().Find(args)
	if err == nil && !cmd.Runnable() {
		err = cmd.Usage()
		t.Errorf("%s: orderflow %v is no command", where, args)
	}
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err == nil && cmd.Args != nil {
		err = cmd.ValidateArgs(cmd.Flags().Args())
	}
	if err != nil {
		t.Errorf("%s: orderflow %v: %v", where, args, err)
	}
}

func TestPrometheusScrapesEveryContainer(t *testing.T) {
	t.Parallel()
	var config struct {
		Rules  []string `yaml:"rule_files"`
		Scrape []struct {
			Job    string                       `yaml:"job_name"`
			Path   string                       `yaml:"metrics_path"`
			Static []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	readYAML(t, "deployments/compose/prometheus.yml", &config)
	var targets, want []string
	for _, app := range run.Apps {
		want = append(want, app.Name+":8081")
	}
	for _, s := range config.Scrape {
		if s.Path != "/metrics" || s.Job != "orderflow" {
			t.Errorf("%+v", s)
		}
		for _, static := range s.Static {
			targets = append(targets, static.Targets...)
		}
	}
	slices.Sort(targets)
	slices.Sort(want)
	if !slices.Equal(targets, want) {
		t.Errorf("it scrapes %v, want %v", targets, want)
	}
}

func TestObservabilityHasTheTracesOfEveryServiceAndExemplarsThatLeadToThem(t *testing.T) {
	t.Parallel()
	var p project
	readYAML(t, "deployments/compose/observability.yaml", &p)
	for _, app := range run.Apps {
		if c, err := configured(t, app, p.Services[app.Name].Environment); err != nil || c.OTLPEndpoint != "http://jaeger:4318" {
			t.Errorf("%s sends its traces to %q: %v", app.Name, c.OTLPEndpoint, err)
		}
	}
	if flag := "--enable-feature=exemplar-storage"; !slices.Contains(p.Services["prometheus"].Command, flag) {
		t.Errorf("Prometheus runs without %s", flag)
	}
	var provisioned struct {
		Datasources []struct {
			UID, Type string
			JSON      struct {
				Exemplars []struct {
					Name string
					To   string `yaml:"datasourceUid"`
				} `yaml:"exemplarTraceIdDestinations"`
			} `yaml:"jsonData"`
		}
	}
	readYAML(t, "deployments/compose/grafana/datasources/prometheus.yaml", &provisioned)
	kinds, leads := map[string]string{}, ""
	for _, d := range provisioned.Datasources {
		kinds[d.UID] = d.Type
		for _, e := range d.JSON.Exemplars {
			if e.Name == "trace_id" {
				leads = e.To
			}
		}
	}
	if kinds[leads] != "jaeger" {
		t.Errorf("exemplars lead to %q of %v", leads, kinds)
	}
}

func TestSecretsAreMadeForEveryService(t *testing.T) {
	t.Parallel()
	list := regexp.MustCompile(`for service in ([a-z \\\s]+);`).FindStringSubmatch(read(t, "deployments/compose/secrets.sh"))
	if list == nil {
		t.Fatal("secrets.sh has no list of services")
	}
	for _, app := range run.Apps {
		if !slices.Contains(strings.Fields(list[1]), app.Name) {
			t.Errorf("secrets.sh makes no password for %s", app.Name)
		}
	}
}

// The files that containers mount are in the repository, but for secrets, which secrets.sh makes.
func TestWhatContainersMountExists(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"compose.yaml", "observability.yaml"} {
		var p project
		readYAML(t, "deployments/compose/"+file, &p)
		for name, s := range p.Services {
			for _, v := range s.Volumes {
				from, _, _ := strings.Cut(v, ":")
				if !strings.HasPrefix(from, ".") || strings.HasPrefix(from, "./secrets/") {
					continue
				}
				if _, err := os.Stat(root + "deployments/compose/" + from); err != nil {
					t.Errorf("%s: %s: %v", file, name, err)
				}
			}
		}
	}
}

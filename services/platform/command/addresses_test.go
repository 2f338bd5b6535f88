package command

import (
	"bytes"
	"strings"
	"testing"

	"orderflow.example/services/platform/run"
)

func TestTheAddressesAreThoseOfTheInstallationWithoutPasswords(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	err := printAddresses(&out, run.Running{StorefrontURL: "http://127.0.0.1:1", OperatorsURL: "http://127.0.0.1:2",
		Kafka: []string{"127.0.0.1:3"}, Postgres: "postgres://postgres:secret@127.0.0.1:4/postgres", MailURL: "smtp://127.0.0.1:5",
		TracesURL: "http://127.0.0.1:6"}, "here", "http://127.0.0.1:2/sign-in#code=x")
	if err != nil {
		t.Fatal(err)
	}
	first, rest, _ := strings.Cut(out.String(), "\n")
	if first != "ready http://127.0.0.1:1 operators http://127.0.0.1:2 kafka 127.0.0.1:3" {
		t.Errorf("the first line is not the one that programs wait for: %s", first)
	}
	for _, want := range []string{"http://127.0.0.1:1/docs\n", "http://127.0.0.1:2/metrics\n", "http://127.0.0.1:1/shop\n",
		"/sign-in#code=x\n", "127.0.0.1:3\n",
		"127.0.0.1:4/postgres\n", "http://127.0.0.1:2/docs\n", "http://127.0.0.1:2/readyz\n",
		"smtp://127.0.0.1:5\n", "http://127.0.0.1:6\n",
		"make observe", "token --customer ann --data-dir here\n"} {
		if !strings.Contains(rest, want) {
			t.Errorf("%q is missing in\n%s", want, rest)
		}
	}
	if strings.Contains(rest, "secret") || strings.Contains(rest, "gateway") {
		t.Errorf("it shows a password or an absent listener:\n%s", rest)
	}
}

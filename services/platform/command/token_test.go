package command_test

import (
	"bytes"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"orderflow.example/services/platform/command"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/service"
)

// token runs `orderflow token …` and returns what it printed, and its error.
func token(dir string, args ...string) (string, error) {
	var out bytes.Buffer
	root := command.Root()
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetOut(&out)
	root.SetArgs(append([]string{"token", "--data-dir", dir}, args...))
	err := root.Execute()
	return strings.TrimSpace(out.String()), err
}

func TestAnOperatorsTokenNamesItsBearerAndMayBeReadOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key, err := service.Secret(dir, "jwt.key")
	if err != nil {
		t.Fatal(err)
	}
	auth, err := httpserver.NewAuth(key)
	if err != nil {
		t.Fatal(err)
	}
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Any("/", auth.RequireOperator(), func(c *gin.Context) { c.String(200, httpserver.Subject(c.Request.Context())) })
	for _, c := range []struct {
		args      []string
		who       string
		mayChange bool
	}{
		{[]string{"--operator", "--as", "ann"}, "ann", true},
		{[]string{"--operator", "--as", "bob", "--read-only"}, "bob", false},
		{[]string{"--operator"}, "", true},
	} {
		text, err := token(dir, c.args...)
		if err != nil {
			t.Fatalf("%v: %v", c.args, err)
		}
		for method, may := range map[string]bool{"GET": true, "POST": c.mayChange} {
			req := httptest.NewRequest(method, "/", nil)
			req.Header.Set("Authorization", "Bearer "+text)
			res := httptest.NewRecorder()
			engine.ServeHTTP(res, req)
			if (res.Code == 200) != may || may && (res.Body.String() == "" || c.who != "" && res.Body.String() != c.who) {
				t.Errorf("%v: %s: %d %s", c.args, method, res.Code, res.Body)
			}
		}
	}
}

func TestATokensOptionsThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := service.Secret(dir, "jwt.key"); err != nil {
		t.Fatal(err)
	}
	for says, args := range map[string][]string{
		"--read-only":     {"--customer", "ann", "--read-only"},
		"--link":          {"--customer", "ann", "--link"},
		"--as":            {"--operator", "--as", "\x00"},
		"--ttl":           {"--operator", "--ttl", "-1h"},
		"two minutes":     {"--operator", "--link", "--ttl", "1h"},
		"nothing runs on": {"--operator", "--link"},
	} {
		if text, err := token(dir, args...); err == nil || !strings.Contains(err.Error(), says) || text != "" {
			t.Errorf("%v: %q, %v", args, text, err)
		}
	}
	link, err := token(dir, "--operator", "--link", "--as", "ann", "--console-url", "https://console.example")
	if err != nil || !strings.HasPrefix(link, "https://console.example/sign-in#code=") {
		t.Error(link, err)
	}
}

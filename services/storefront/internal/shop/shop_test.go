package shop_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"orderflow.example/services/storefront/internal/shop"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/service"
)

func ask(t *testing.T, addr, gateway, method, url string) (*httptest.ResponseRecorder, *service.Parts) {
	t.Helper()
	gin.SetMode(gin.ReleaseMode)
	c := service.Config{HTTPAddr: addr, DataDir: t.TempDir()}.With(service.Settings{"gateway-url": gateway, "gateway": "simulator"})
	p := &service.Parts{Config: c}
	engine := gin.New()
	if err := shop.Register(engine, p); err != nil {
		t.Fatal(err)
	}
	res := httptest.NewRecorder()
	engine.ServeHTTP(res, httptest.NewRequest(method, url, nil))
	return res, p
}

const (
	here      = "127.0.0.1:8080"
	simulated = "http://127.0.0.1:9/sim/gateway"
)

func TestANewCustomerIsLetInOnlyWhereNothingIsPaid(t *testing.T) {
	for name, tried := range map[string]struct {
		addr, gateway, url string
		want               int
	}{
		"simulated, on this machine": {here, simulated, "http://localhost:8080/shop/session", 200},
		"a real gateway":             {here, "https://gateway.example", "http://localhost:8080/shop/session", 404},
		"no gateway known":           {here, "", "http://localhost:8080/shop/session", 404},
		"open to the network":        {"0.0.0.0:8080", simulated, "http://localhost:8080/shop/session", 404},
		"under another name":         {here, simulated, "http://evil.example/shop/session", 404},
	} {
		res, p := ask(t, tried.addr, tried.gateway, http.MethodPost, tried.url)
		if res.Code != tried.want {
			t.Errorf("%s: got %d %s", name, res.Code, res.Body)
		}
		if tried.want != 200 {
			continue
		}
		var s shop.Session
		if err := json.Unmarshal(res.Body.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		key, err := p.Config.Key()
		if err != nil {
			t.Fatal(err)
		}
		auth, err := httpserver.NewAuth(key)
		if err != nil {
			t.Fatal(err)
		}
		if who, err := auth.Verify(s.Token, httpserver.AudienceCustomers); err != nil || who != s.Customer {
			t.Errorf("the token is of %q: %v", who, err)
		}
		if who, err := auth.Verify(s.Token, httpserver.AudienceOperators); err == nil {
			t.Errorf("it makes an operator of %s", who)
		}
	}
}

func TestThePageLoadsItsOwnFilesAndAsksNobodyElse(t *testing.T) {
	res, _ := ask(t, here, simulated, http.MethodGet, "http://localhost:8080/shop")
	if policy := res.Header().Get("Content-Security-Policy"); res.Code != 200 || !strings.Contains(policy, "default-src 'none'") ||
		!strings.Contains(policy, "connect-src 'self'") || strings.Contains(policy, "unsafe") {
		t.Fatalf("got %d, with the policy %q", res.Code, policy)
	}
	named := regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`).FindAllStringSubmatch(res.Body.String(), -1)
	if len(named) != 2 {
		t.Fatalf("the page names %v", named)
	}
	for _, n := range named {
		if file, _ := ask(t, here, simulated, http.MethodGet, "http://localhost:8080"+n[1]); file.Code != 200 || file.Body.Len() == 0 {
			t.Errorf("%s: got %d", n[1], file.Code)
		}
	}
}

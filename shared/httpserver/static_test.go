package httpserver_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gin-gonic/gin"

	"orderflow.example/shared/httpserver"
)

func TestFilesAreKeptForEverUnderAPathThatChangesWithThem(t *testing.T) {
	t.Parallel()
	address := regexp.MustCompile(`/assets/[0-9a-f]{16}`)
	var seen []string
	for _, script := range []string{"one", "two"} {
		static, err := httpserver.NewStatic(fstest.MapFS{
			"index.html":  {Data: []byte(`<script src="{{.Assets}}/pages/a.js"></script>`)},
			"pages/a.js":  {Data: []byte(script)},
			"vendor/read": {Data: []byte("licence")},
		})
		if err != nil {
			t.Fatal(err)
		}
		url := start(t, httpserver.Options{}, func(e *gin.Engine) {
			if err := static.Serve(e, "index.html", []string{"/", "/sagas/:order"}); err != nil {
				t.Error(err)
			}
		})
		page, body := call(t, "GET", url+"/sagas/x", "")
		policy := page.Header.Get("Content-Security-Policy")
		if page.StatusCode != 200 || page.Header.Get("Cache-Control") != "no-store" ||
			!strings.Contains(policy, "require-trusted-types-for 'script'") || strings.Contains(policy, "unsafe") ||
			page.Header.Get("Cross-Origin-Opener-Policy") != "same-origin" || page.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("got %d %v", page.StatusCode, page.Header)
		}
		at := address.FindString(body)
		file, text := call(t, "GET", url+at+"/pages/a.js", "")
		if file.StatusCode != 200 || text != script || !strings.Contains(file.Header.Get("Cache-Control"), "immutable") ||
			!strings.HasPrefix(file.Header.Get("Content-Type"), "text/javascript") || file.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("got %d %q %v", file.StatusCode, text, file.Header)
		}
		packed, err := http.DefaultTransport.RoundTrip(request(t, url+at+"/pages/a.js"))
		if err != nil {
			t.Fatal(err)
		}
		defer packed.Body.Close()
		if packed.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("it is not compressed: %v", packed.Header)
		}
		for _, path := range []string{at + "/pages/b.js", at + "/", "/assets/0000000000000000/pages/a.js", "/unknown"} {
			if gone, body := call(t, "GET", url+path, ""); gone.StatusCode != 404 || !strings.Contains(body, "/problems/not-found") {
				t.Errorf("%s: %d %s", path, gone.StatusCode, body)
			}
		}
		seen = append(seen, at)
	}
	if seen[0] == seen[1] || seen[0] == "" {
		t.Errorf("the paths are %v", seen)
	}
}

func request(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	return r
}

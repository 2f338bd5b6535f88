package httpserver

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

// compressed sends larger texts as gzip to those who take that. Event streams go out as they are. No answer holds both
// what a stranger can choose and a secret, which compression would tell by its length (BREACH): tokens and keys are
// never answered, and problems repeat nothing.
func compressed(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1400), gzhttp.EnableZstd(false), gzhttp.CompressionLevel(1),
		gzhttp.ContentTypes([]string{"application/json", "application/openapi+json", "text/html", "text/plain", "text/css",
			"text/javascript", "application/xml"}))
	if err != nil {
		panic("httpserver: " + err.Error())
	}
	return wrap(next)
}

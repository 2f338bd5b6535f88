package httpserver

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

// compressed sends larger texts as gzip to clients that accept it. Event streams are not compressed. No answer holds both
// text chosen by a stranger and a secret, which compression would reveal by its length (BREACH): answers never contain
// tokens or keys, and problems repeat nothing of the request.
func compressed(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1400), gzhttp.EnableZstd(false), gzhttp.CompressionLevel(1),
		gzhttp.ContentTypes([]string{"application/json", "application/openapi+json", "text/html", "text/plain", "text/css",
			"text/javascript", "application/xml"}))
	if err != nil {
		panic("httpserver: " + err.Error())
	}
	return wrap(next)
}

package openapi

import (
	"bytes"
	"compress/gzip"
	"embed"
	"html/template"
	"io"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

//go:embed swagger-ui/*.gz
var assets embed.FS

var page = template.Must(template.New("docs").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.}}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`))

// The validator is a service on the internet; without an address the page does not call it.
const start = `SwaggerUIBundle({url: "/openapi.json", dom_id: "#api", validatorUrl: null, deepLinking: true});
`

// contentPolicy forbids the page every address but its own.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func serveDocs(engine *gin.Engine, title string) {
	var html bytes.Buffer
	if err := page.Execute(&html, title); err != nil {
		panic("openapi: " + err.Error())
	}
	engine.GET("/docs", func(c *gin.Context) {
		c.Header("Content-Security-Policy", contentPolicy)
		c.Header("Referrer-Policy", "no-referrer")
		c.Data(http.StatusOK, "text/html; charset=utf-8", html.Bytes())
	})
	engine.GET("/docs/start.js", func(c *gin.Context) {
		c.Data(http.StatusOK, "text/javascript; charset=utf-8", []byte(start))
	})
	engine.GET("/docs/swagger-ui.css", asset("swagger-ui.css", "text/css; charset=utf-8"))
	engine.GET("/docs/swagger-ui-bundle.js", asset("swagger-ui-bundle.js", "text/javascript; charset=utf-8"))
}

// asset serves an embedded file as it is stored, compressed, to clients that accept gzip.
func asset(name, contentType string) gin.HandlerFunc {
	packed, err := assets.ReadFile("swagger-ui/" + name + ".gz")
	if err != nil {
		panic("openapi: " + err.Error())
	}
	return func(c *gin.Context) {
		c.Header("Cache-Control", "public, max-age=86400")
		c.Header("Vary", "Accept-Encoding")
		if strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") {
			c.Header("Content-Encoding", "gzip")
			c.Data(http.StatusOK, contentType, packed)
			return
		}
		plain, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			panic("openapi: " + name + ": " + err.Error())
		}
		c.Header("Content-Type", contentType)
		_, _ = io.Copy(c.Writer, plain)
	}
}

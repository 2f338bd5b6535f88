// Package console serves the operators' console: its files and the paths of its pages. The console is a client of the operators'
// API and nothing else; this package has no data.
package console

import (
	"orderflow.example/services/platform/console/web"
	"orderflow.example/shared/httpserver"
	"orderflow.example/shared/httpserver/openapi"
)

// Register adds the console to the operators' listener.
func Register(to *openapi.Routes) {
	files, err := httpserver.NewStatic(web.Files)
	if err == nil {
		err = to.Pages(files, "index.html", web.Pages)
	}
	if err != nil {
		panic("console: " + err.Error()) // the files are part of the program
	}
}

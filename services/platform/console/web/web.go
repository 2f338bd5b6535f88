// Package web holds the files of the operators' console: plain ES modules, which no build step touches. The console is a
// client of the operators' API and nothing else.
package web

import "embed"

// Files are served below /assets, except index.html, which is the answer to every path in Pages.
//
//go:embed index.html app.css *.js pages/*.js vendor
var Files embed.FS

// Pages are the paths at which the console has a page, as gin writes them. The router in app.js knows the same.
var Pages = []string{"/", "/sign-in", "/sagas", "/sagas/:order", "/map", "/parked", "/parked/:group", "/redrives/:id",
	"/deadlines",
	"/reviews", "/stock", "/stock/*sku", "/ledger", "/reports", "/audit"}

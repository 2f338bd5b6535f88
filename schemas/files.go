package schemas

import "embed"

// Files are the JSON Schema and the example of every event version, as <service>/<event>.v1.json and
// <service>/<event>.v1.example.json. schemas/registry finds them by event.
//
//go:embed */*.json
var Files embed.FS

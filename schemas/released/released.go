// Package released holds the JSON Schema of every event version as it was last released, by "make release-schemas". No
// file here is edited by hand. schemas/compatibility compares today's schemas with them.
package released

import "embed"

// Files are the schemas, as <service>/<event>.v1.json.
//
//go:embed */*.json
var Files embed.FS

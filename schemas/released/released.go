// Package released holds the JSON Schema of every event version as it was last released, by "make release-schemas".
// Nothing here is edited by hand: it says what is out there. schemas/compatibility compares today's schemas with it.
package released

import "embed"

// Files are the schemas, as <service>/<event>.v1.json.
//
//go:embed */*.json
var Files embed.FS

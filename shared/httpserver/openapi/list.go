package openapi

// Paged are the parameters of a list, for its In beside filters of its own.
type Paged struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"1400" doc:"The next_cursor of the page before"`
}

// Body is an Out with nothing but a body.
type Body[T any] struct{ Body T }

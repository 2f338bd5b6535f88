package httpserver

import (
	"encoding/base64"
	"encoding/json"
	"errors"
)

// EncodeCursor makes an opaque cursor of the values at which a list continues.
func EncodeCursor(position any) string {
	text, err := json.Marshal(position)
	if err != nil {
		panic("httpserver: cursor: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// DecodeCursor decodes a cursor; position points to a value of the type given to EncodeCursor. Clients can make cursors
// up: its content is input like any other.
func DecodeCursor(cursor string, position any) error {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(text) > 1024 || UnmarshalStrict(text, position) != nil {
		return errors.New("the cursor is not one of ours")
	}
	return nil
}

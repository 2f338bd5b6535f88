package httpserver

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// ETag is the entity tag of a representation: equal for equal bytes.
func ETag(representation []byte) string {
	sum := sha256.Sum256(representation)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// Matches tells whether an If-None-Match header names the tag, by the weak comparison of RFC 9110.
func Matches(ifNoneMatch, etag string) bool {
	for _, one := range strings.Split(ifNoneMatch, ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == strings.TrimPrefix(etag, "W/") {
			return etag != ""
		}
	}
	return false
}

// NotModified sets the tag and answers 304 when the client has this representation already.
func NotModified(c *gin.Context, etag string) bool {
	c.Header("ETag", etag)
	c.Header("Cache-Control", "private, no-cache")
	if !Matches(c.GetHeader("If-None-Match"), etag) {
		return false
	}
	c.Status(http.StatusNotModified)
	c.Writer.WriteHeaderNow()
	c.Abort()
	return true
}

// EncodeCursor makes an opaque cursor of the values at which a list goes on.
func EncodeCursor(position any) string {
	text, err := json.Marshal(position)
	if err != nil {
		panic("httpserver: cursor: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// DecodeCursor reads a cursor back; position points to what EncodeCursor was given. Clients can make cursors up: its
// content is input like any other.
func DecodeCursor(cursor string, position any) error {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(text) > 1024 || UnmarshalStrict(text, position) != nil {
		return errors.New("the cursor is not one of ours")
	}
	return nil
}

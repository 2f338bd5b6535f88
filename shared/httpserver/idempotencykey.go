package httpserver

import (
	"net/http"
	"strings"
)

// IdempotencyKey reads the header of that name, which identifies a request that is sent again. Its value is a quoted
// string, as in draft-ietf-httpapi-idempotency-key-header, or bare, as most clients send it; both are the same key.
func IdempotencyKey(header string) (string, *Problem) {
	key := strings.TrimSpace(header)
	if strings.HasPrefix(key, `"`) {
		unquoted, ok := unquote(key)
		if !ok {
			return "", badKey("the Idempotency-Key header is not a well-formed quoted string")
		}
		key = unquoted
	}
	if key == "" || len(key) > 255 || strings.IndexFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
		return "", badKey("send an Idempotency-Key header of 1 to 255 printable ASCII characters, a new one for each request, " +
			"the same one when you send it again")
	}
	return key, nil
}

func badKey(detail string) *Problem {
	return NewProblem(http.StatusBadRequest, "idempotency-key", detail, Fault{Detail: detail, Location: "header.Idempotency-Key"})
}

// unquote reads a string of RFC 8941.
func unquote(text string) (string, bool) {
	var out strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return out.String(), i == len(text)-1
		case '\\':
			if i++; i >= len(text) || text[i] != '"' && text[i] != '\\' {
				return "", false
			}
		}
		out.WriteByte(text[i])
	}
	return "", false
}

package api

import (
	"strings"

	"orderflow.example/shared/httpserver"
)

// idempotencyKey reads the header as draft-ietf-httpapi-idempotency-key-header has it, a quoted string, or bare as
// most clients send it. Both forms of a key are the same key.
func idempotencyKey(header string) (string, *httpserver.Problem) {
	key := strings.TrimSpace(header)
	if key == "" {
		return "", badKey("send an Idempotency-Key header, a new one for each order, the same one when you send an order again")
	}
	if key[0] == '"' {
		unquoted, ok := unquote(key)
		if !ok {
			return "", badKey("the Idempotency-Key header is not a well-formed quoted string")
		}
		key = unquoted
	}
	if len(key) < 1 || len(key) > 255 {
		return "", badKey("an Idempotency-Key has 1 to 255 characters")
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return "", badKey("an Idempotency-Key has only printable ASCII characters")
		}
	}
	return key, nil
}

func badKey(detail string) *httpserver.Problem {
	return httpserver.NewProblem(400, "idempotency-key", detail,
		httpserver.Fault{Detail: detail, Location: "header.Idempotency-Key"})
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

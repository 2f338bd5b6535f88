package httpserver

import (
	"net/http"
	"strings"
)

// IdempotencyKey reads the header of that name, which makes a request that is sent again the same request. It is a quoted
// string, as draft-ietf-httpapi-idempotency-key-header has it, or bare, as most clients send it; both are the same key.
func IdempotencyKey(header string) (string, *Problem) {
	key := strings.TrimSpace(header)
	if n := len(key); n >= 2 && key[0] == '"' && key[n-1] == '"' {
		key = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(key[1 : n-1])
	}
	if key == "" || len(key) > 255 || strings.IndexFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
		return "", NewProblem(http.StatusBadRequest, "idempotency-key",
			"send an Idempotency-Key header of 1 to 255 printable ASCII characters, a new one for each request, the same one when you send it again",
			Fault{Detail: "want 1 to 255 printable ASCII characters", Location: "header.Idempotency-Key"})
	}
	return key, nil
}

package openapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"orderflow.example/shared/httpserver"
)

// Act is a request of an operator that may change something.
type Act struct {
	ID     string            `json:"id"`
	At     time.Time         `json:"at"`
	By     string            `json:"by"`
	What   string            `json:"what"`         // the operation's id
	On     map[string]string `json:"on,omitempty"` // what it is about, by kind: order, deadline, sku …
	Reason string            `json:"reason,omitempty"`
	Asked  json.RawMessage   `json:"asked,omitempty"` // the body, unless it is long

	// Known once it has ended.
	Before  any    `json:"before,omitempty"`
	After   any    `json:"after,omitempty"`
	Outcome string `json:"outcome,omitempty"` // done, repeated, refused or unknown; of the last two with the type of the problem
}

// Audit keeps acts.
type Audit interface {
	// Intend keeps an act before it is begun. After an error it is not done.
	Intend(ctx context.Context, a Act) error
	// End keeps what came of it.
	End(ctx context.Context, a Act)
}

// Audited has every request that may change something kept by a, of operations handled from then on.
func (r *Routes) Audited(a Audit) { r.audit = a }

// Changed notes what the request changes, for the audit.
func Changed(c *gin.Context, before, after any) { c.Set(changedMark, [2]any{before, after}) }

// About notes something else that the request is about, for the audit.
func About(c *gin.Context, kind, id string) { c.Set(aboutMark, [2]string{kind, id}) }

const (
	changedMark = "openapi.changed"
	aboutMark   = "openapi.about"
)

// audited keeps the requests of an operation before they are handled and after.
func (r *Routes) audited(op huma.Operation, handle gin.HandlerFunc) gin.HandlerFunc {
	if r.audit == nil || op.Method == http.MethodGet {
		return handle
	}
	return func(c *gin.Context) {
		act := Act{ID: uuid.NewString(), At: time.Now().UTC(), By: httpserver.Subject(c.Request.Context()), What: op.OperationID,
			On: map[string]string{}}
		act.named(op.Path, c.Params)
		if body, err := keepBody(c.Request); err == nil && act.read(body) {
			handle(c)
			return
		}
		if reason := c.Query("reason"); reason != "" && len(reason) <= keptBytes && httpserver.UnusableText(reason) == "" {
			act.Reason = reason
		}
		if err := r.audit.Intend(c.Request.Context(), act); err != nil {
			httpserver.WriteUnavailable(c, err)
			return
		}
		answered := false
		defer func() { // also when handle panics
			if changed, noted := c.Get(changedMark); noted {
				act.Before, act.After = changed.([2]any)[0], changed.([2]any)[1]
			}
			if about, noted := c.Get(aboutMark); noted {
				act.On[about.([2]string)[0]] = about.([2]string)[1]
			}
			if act.Outcome = outcome(c); !answered {
				act.Outcome = "unknown: internal"
			}
			r.audit.End(context.WithoutCancel(c.Request.Context()), act)
		}()
		handle(c)
		answered = true
	}
}

func outcome(c *gin.Context) string {
	status := c.Writer.Status()
	problem := httpserver.ProblemType(c)
	switch {
	case c.Writer.Header().Get("Idempotent-Replayed") != "":
		return "repeated"
	case status < 300:
		return "done"
	case status < 500:
		return "refused: " + problem
	}
	return "unknown: " + problem
}

// named reads what the path names: of /v1/orders/:id it is an order.
func (a *Act) named(path string, params gin.Params) {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		name, is := strings.CutPrefix(part, ":")
		if !is {
			continue
		}
		if name == "id" {
			name = strings.TrimSuffix(parts[i-1], "s")
		}
		a.On[name] = params.ByName(part[1:])
	}
}

// The body is kept up to keptBytes, and read up to readBytes.
const (
	keptBytes = 4 << 10
	readBytes = 256 << 10
)

// keepBody reads the body, which can be read again afterwards.
func keepBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, err
}

// read takes from a body what it is about, and the reason. A dry run is no act.
func (a *Act) read(body []byte) (dry bool) {
	var told struct {
		DryRun                 bool `json:"dry_run"`
		Reason, Group, Service string
		Orders                 []string
		Items                  []struct {
			SKU, Service string
			Number       int64
		}
	}
	if len(body) > readBytes || json.Unmarshal(body, &told) != nil {
		return false
	}
	if told.DryRun {
		return true
	}
	if httpserver.UnusableText(told.Reason) == "" {
		a.Reason = told.Reason[:min(len(told.Reason), keptBytes)]
	}
	for kind, value := range map[string]string{"group": told.Group, "service": told.Service} {
		if value != "" && len(value) <= keptBytes {
			a.On[kind] = value
		}
	}
	switch n := len(told.Items); {
	case n == 1 && told.Items[0].SKU != "":
		a.On["sku"] = told.Items[0].SKU
	case n == 1 && told.Items[0].Service != "":
		a.On["parked"] = told.Items[0].Service + " " + strconv.FormatInt(told.Items[0].Number, 10)
	case n > 0:
		a.On["items"] = strconv.Itoa(n)
	}
	switch n := len(told.Orders); {
	case n == 1:
		a.On["order"] = told.Orders[0]
	case n > 0:
		a.On["orders"] = strconv.Itoa(n)
	}
	var short bytes.Buffer
	if len(body) <= keptBytes && json.Compact(&short, body) == nil {
		a.Asked = short.Bytes()
	}
	return false
}

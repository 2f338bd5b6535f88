package mail

import (
	"net/http"
	"strconv"

	"orderflow.example/services/platform/world/answer"
)

const (
	standardPage = 100
	longestPage  = 1000
)

// Page is a page of messages.
type Page struct {
	Items []Message `json:"items"`
	Next  string    `json:"next_cursor,omitempty"`
}

// Routes serve what was taken: ?limit= (1–1000, 100) &cursor= &to=
func (s *Server) Routes(mux *http.ServeMux) { mux.HandleFunc("GET /messages", answer.Handle(s.list)) }

func (s *Server) list(r *http.Request) answer.Reply {
	limit, after := standardPage, int64(0)
	var err error
	if text := r.URL.Query().Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > longestPage {
			return answer.Refuse(http.StatusBadRequest, "limit")
		}
	}
	if text := r.URL.Query().Get("cursor"); text != "" {
		if after, err = strconv.ParseInt(text, 10, 64); err != nil {
			return answer.Refuse(http.StatusBadRequest, "cursor")
		}
	}
	found, err := Taken(r.Context(), s.db, after, r.URL.Query().Get("to"), limit+1)
	if err != nil {
		return answer.Refuse(http.StatusServiceUnavailable, "try_again")
	}
	page := Page{Items: append([]Message{}, found...)}
	if len(found) > limit {
		page.Items = found[:limit]
		page.Next = strconv.FormatInt(page.Items[limit-1].Seq, 10)
	}
	return answer.Reply{Status: http.StatusOK, Body: page}
}

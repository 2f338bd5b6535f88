package api

import (
	"encoding/csv"
	"net/http"

	"github.com/gin-gonic/gin"
)

// stream writes CSV page by page. Once the first page is written, an error can only end the connection, so that a client does
// not take a part for the whole.
func stream(c *gin.Context, name string, header []string, next func() (rows [][]string, more bool, err error)) {
	rows, more, err := next()
	if err != nil {
		unavailable(c, err)
		return
	}
	c.Header("Content-Type", "text/csv; charset=utf-8; header=present")
	c.Header("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	c.Status(http.StatusOK)
	w := csv.NewWriter(c.Writer)
	_ = w.Write(header)
	for {
		_ = w.WriteAll(rows)
		if !more {
			return
		}
		if rows, more, err = next(); err != nil || w.Error() != nil {
			_ = c.Error(err)
			panic(http.ErrAbortHandler)
		}
	}
}

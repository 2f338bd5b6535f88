package api

import (
	"cmp"
	"encoding/csv"
	"net/http"

	"github.com/gin-gonic/gin"
)

// stream writes the rows that each tells as CSV. Once something is written, an error can only end the connection, so that a
// client does not take a part for the whole.
func stream(c *gin.Context, name string, header []string, each func(write func(row []string) error) error) {
	w := csv.NewWriter(c.Writer)
	begun := false
	begin := func() error {
		if begun {
			return nil
		}
		begun = true
		c.Header("Content-Type", "text/csv; charset=utf-8; header=present")
		c.Header("Content-Disposition", `attachment; filename="`+name+`.csv"`)
		c.Status(http.StatusOK)
		return w.Write(header)
	}
	err := each(func(row []string) error {
		if err := begin(); err != nil {
			return err
		}
		return w.Write(row)
	})
	if err != nil && !begun {
		unavailable(c, err)
		return
	}
	if err == nil {
		err = begin()
	}
	if w.Flush(); err != nil || w.Error() != nil {
		_ = c.Error(cmp.Or(err, w.Error()))
		panic(http.ErrAbortHandler)
	}
}

package httpserver

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"
)

// pagePolicy lets a page load and ask nothing but this origin, and run no text as a script.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// Static are embedded files. Their path contains a hash over all of them, so browsers may keep them for ever.
type Static struct {
	prefix string
	files  map[string]file
}

type file struct {
	kind          string
	plain, packed []byte
}

// NewStatic reads the files, which are then served below /assets/ and their hash.
func NewStatic(from fs.FS) (*Static, error) {
	s := &Static{files: map[string]file{}}
	sum := sha256.New()
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(data), data)
		var packed bytes.Buffer
		w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		_, err = w.Write(data)
		if err = errors.Join(err, w.Close()); err != nil {
			return err
		}
		s.files[name] = file{kind: kindOf(name), plain: data, packed: packed.Bytes()}
		return nil
	})
	s.prefix = "/assets/" + hex.EncodeToString(sum.Sum(nil))[:16]
	return s, err
}

// kindOf does not ask the machine, whose own table may say otherwise.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "text/plain; charset=utf-8"
}

// Serve adds the files to the engine, and the page, one of them, at all of these paths. In it {{.Assets}} stands for where the
// files are. The page holds no data: it needs no token.
func (s *Static) Serve(engine *gin.Engine, page string, paths []string) error {
	shell, found := s.files[page]
	if !found {
		return fmt.Errorf("httpserver: there is no file %s to serve as the page", page)
	}
	html := bytes.ReplaceAll(shell.plain, []byte("{{.Assets}}"), []byte(s.prefix))
	for _, at := range paths {
		engine.GET(at, func(c *gin.Context) {
			if p := unusableParam(c.Params); p != nil {
				WriteProblem(c, p)
				return
			}
			pageHeaders(c)
			c.Data(http.StatusOK, "text/html; charset=utf-8", html)
		})
	}
	engine.GET(s.prefix+"/*file", s.file)
	return nil
}

func (s *Static) file(c *gin.Context) {
	found, ok := s.files[strings.TrimPrefix(c.Param("file"), "/")]
	if !ok {
		WriteProblem(c, NotFound("there is no such resource"))
		return
	}
	pageHeaders(c)
	c.Header("Cache-Control", "public, max-age=31536000, immutable")
	c.Header("Vary", "Accept-Encoding")
	if strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") {
		c.Header("Content-Encoding", "gzip")
		c.Data(http.StatusOK, found.kind, found.packed)
		return
	}
	c.Data(http.StatusOK, found.kind, found.plain)
}

func pageHeaders(c *gin.Context) {
	c.Header("Content-Security-Policy", pagePolicy)
	c.Header("Cross-Origin-Opener-Policy", "same-origin")
	c.Header("Cross-Origin-Resource-Policy", "same-origin")
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
}

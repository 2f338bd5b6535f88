package trial

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
)

// Letter is a mail as its reader sees it.
type Letter struct {
	To, Subject, Text, HTML string
	Header                  mail.Header
}

// ReadLetter reads a mail of a text and a page as it was sent over SMTP.
func ReadLetter(to, content string) (l Letter, err error) {
	read, err := mail.ReadMessage(strings.NewReader(content))
	if err != nil {
		return l, fmt.Errorf("read a mail: %w", err)
	}
	l = Letter{To: to, Header: read.Header}
	if l.Subject, err = new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject")); err != nil {
		return l, fmt.Errorf("read the subject of a mail: %w", err)
	}
	_, parameters, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
	if err != nil {
		return l, fmt.Errorf("read the parts of a mail: %w", err)
	}
	parts := multipart.NewReader(read.Body, parameters["boundary"])
	for {
		part, err := parts.NextPart() // decodes quoted-printable
		if errors.Is(err, io.EOF) {
			return l, nil
		}
		if err != nil {
			return l, fmt.Errorf("read the parts of a mail: %w", err)
		}
		body, err := io.ReadAll(part)
		if err != nil {
			return l, fmt.Errorf("read a part of a mail: %w", err)
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			l.HTML = string(body)
		} else {
			l.Text = string(body)
		}
	}
}

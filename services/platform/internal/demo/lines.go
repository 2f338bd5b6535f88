package demo

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// longest is the most bytes of a line. Longer ones are no rows.
const longest = 64 << 10

var (
	errTooLong  = errors.New("the line is longer than 64 KiB")
	errQuoteEnd = errors.New("a quoted field does not end on its line")
)

// lines reads a CSV file line by line, so that a stray quote costs one row and not the rest of the file.
type lines struct {
	r      *bufio.Reader
	number int // of the line read last
	fields []string
}

func newLines(r io.Reader) *lines { return &lines{r: bufio.NewReaderSize(r, longest)} }

// next returns the fields of the next line that is not blank, valid until the call after; io.EOF at the end. Another
// error than a line's own ends the reading.
func (l *lines) next() (fields []string, bad error, err error) {
	for {
		text, err := l.r.ReadSlice('\n')
		if len(text) == 0 && err != nil {
			return nil, nil, err
		}
		l.number++
		if err == bufio.ErrBufferFull {
			for err == bufio.ErrBufferFull {
				_, err = l.r.ReadSlice('\n')
			}
			if err != nil && err != io.EOF {
				return nil, nil, err
			}
			return nil, errTooLong, nil
		}
		if err != nil && err != io.EOF {
			return nil, nil, err
		}
		line := strings.TrimRight(decode(text), "\r\n")
		if l.number == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		l.fields, bad = split(l.fields[:0], line)
		return l.fields, bad, nil
	}
}

// decode reads UTF-8, and as Latin-1 what is none.
func decode(text []byte) string {
	if utf8.Valid(text) {
		return string(text)
	}
	runes := make([]rune, len(text))
	for i, b := range text {
		runes[i] = rune(b)
	}
	return string(runes)
}

// split cuts a line at its commas. A quote inside a field that does not begin with one is text.
func split(fields []string, line string) ([]string, error) {
	for {
		if !strings.HasPrefix(line, `"`) {
			field, rest, more := strings.Cut(line, ",")
			fields = append(fields, field)
			if !more {
				return fields, nil
			}
			line = rest
			continue
		}
		var field strings.Builder
		line = line[1:]
		for {
			end := strings.IndexByte(line, '"')
			if end < 0 {
				return fields, errQuoteEnd
			}
			field.WriteString(line[:end])
			line = line[end+1:]
			if !strings.HasPrefix(line, `"`) {
				break
			}
			field.WriteByte('"')
			line = line[1:]
		}
		rest, more := strings.CutPrefix(line, ",")
		if !more && line != "" {
			return fields, errors.New("text follows a quoted field")
		}
		fields = append(fields, field.String())
		if !more {
			return fields, nil
		}
		line = rest
	}
}

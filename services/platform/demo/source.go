package demo

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed" // the sample
	"fmt"
	"io"
	"os"

	"github.com/ulikunitz/xz"
)

// Sample is the name of the bundled file, replayed by default.
const Sample = "online-retail-2010-12.csv.xz"

// Attribution must be shown wherever the sample is used.
const Attribution = "Chen, D. (2015). Online Retail. UCI Machine Learning Repository. doi 10.24432/C5BW33. CC BY 4.0"

//go:embed data/online-retail-2010-12.csv.xz
var sample []byte

// Open opens a file of orders, plain or compressed with gzip or xz, whatever its name; the bundled sample if the path is
// empty.
func Open(path string) (io.ReadCloser, error) {
	if path == "" {
		r, err := expand(bytes.NewReader(sample))
		return io.NopCloser(r), err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := expand(file)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{r, file}, nil
}

func expand(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	start, err := buffered.Peek(6)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		return gzip.NewReader(buffered)
	case bytes.HasPrefix(start, []byte("\xfd7zXZ\x00")):
		return xz.NewReader(buffered)
	}
	return buffered, nil
}

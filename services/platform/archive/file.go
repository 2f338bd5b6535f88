package archive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Format of a file: a header, one line of JSON; blocks, each with its compressed length in four bytes and its bytes as zstd; a
// length of zero; and the SHA-256 of all that. Nothing follows.

// ErrDamaged means that a file is truncated, changed, or not a file of an archive.
var ErrDamaged = errors.New("the file is damaged")

const (
	longestHeader = 16 << 20
	longestBlock  = 64 << 20 // decompressed
)

var (
	compressor, _   = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault))
	decompressor, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(longestBlock))
)

// writer writes a file.
type writer struct {
	to  io.Writer
	sum hash.Hash
	err error
	out []byte
}

func newWriter(to io.Writer, header any) *writer {
	w := &writer{to: to, sum: sha256.New()}
	line, err := json.Marshal(header)
	if err == nil && len(line) >= longestHeader {
		err = fmt.Errorf("a header of %d bytes", len(line))
	}
	if w.err = err; err == nil {
		w.write(append(line, '\n'))
	}
	return w
}

func (w *writer) write(b []byte) {
	if w.err == nil {
		w.sum.Write(b)
		_, w.err = w.to.Write(b)
	}
}

// block writes a block, which is not empty.
func (w *writer) block(b []byte) error {
	if w.err == nil && len(b) > longestBlock/2 { // incompressible data grows a little
		w.err = fmt.Errorf("a block of %d bytes", len(b))
	}
	if w.err == nil {
		w.out = compressor.EncodeAll(b, w.out[:0])
		w.compressed(w.out)
	}
	return w.err
}

func (w *writer) compressed(b []byte) {
	w.write(binary.BigEndian.AppendUint32(nil, uint32(len(b))))
	w.write(b)
}

// close ends the file and leaves the underlying writer open.
func (w *writer) close() error {
	w.compressed(nil)
	if w.err == nil {
		_, w.err = w.to.Write(w.sum.Sum(nil))
	}
	return w.err
}

// reader reads a file. The blocks are only verified once next has returned io.EOF: then the checksum was right.
type reader struct {
	from *bufio.Reader
	sum  hash.Hash
	in   bytes.Buffer
}

// newReader reads the header into a struct.
func newReader(from io.Reader, header any) (*reader, error) {
	r := &reader{from: bufio.NewReaderSize(from, 256<<10), sum: sha256.New()}
	var line []byte
	for {
		part, err := r.from.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			r.sum.Write(line)
			if json.Unmarshal(line, header) != nil {
				return nil, damaged("its header cannot be read")
			}
			return r, nil
		case errors.Is(err, io.EOF):
			return nil, damaged("it ends within its header")
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(line) > longestHeader:
			return nil, damaged("its header cannot be read")
		}
	}
}

// next returns the next block, valid until the next call; io.EOF after the last, if the checksum is right.
func (r *reader) next() ([]byte, error) {
	b, err := r.compressed()
	if err != nil {
		return nil, err
	}
	return decompress(b, nil)
}

// compressed is next without decompressing.
func (r *reader) compressed() ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r.from, length[:]); err != nil {
		return nil, cut(err, "it ends before its checksum")
	}
	r.sum.Write(length[:])
	n := binary.BigEndian.Uint32(length[:])
	if n == 0 {
		return nil, r.end()
	}
	if n > longestBlock {
		return nil, damaged("a block is longer than any")
	}
	// A wrong length must not allocate more than the file has.
	r.in.Reset()
	if _, err := io.CopyN(&r.in, r.from, int64(n)); err != nil {
		return nil, cut(err, "it ends within a block")
	}
	r.sum.Write(r.in.Bytes())
	return r.in.Bytes(), nil
}

func (r *reader) end() error {
	var sum [sha256.Size]byte
	if _, err := io.ReadFull(r.from, sum[:]); err != nil {
		return cut(err, "it ends before its checksum")
	}
	if !bytes.Equal(sum[:], r.sum.Sum(nil)) {
		return damaged("its checksum does not hold")
	}
	if _, err := r.from.ReadByte(); err == nil {
		return damaged("something follows its end")
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return io.EOF
}

// verify reads to the end without decompressing, and compares the checksum.
func (r *reader) verify() error {
	for {
		if _, err := r.compressed(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func decompress(b, into []byte) ([]byte, error) {
	into, err := decompressor.DecodeAll(b, into)
	if err != nil {
		return nil, damaged("a block cannot be decompressed")
	}
	return into, nil
}

func damaged(how string) error { return fmt.Errorf("%w: %s", ErrDamaged, how) }

// cut returns damage if the file ended early, and the error itself if it could not be read.
func cut(err error, how string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged(how)
	}
	return err
}

package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strconv"

	"orderflow.example/shared/kafka"
)

const (
	segmentsFolder = "segments/"
	segmentFormat  = "orderflow segment 1"
	blockBytes     = 512 << 10 // of records in one block, which is one fetch
)

// Segment names one file of a topic partition: it holds all records with these numbers.
type Segment struct {
	Topic       string
	Partition   int
	First, Last int64
}

var segmentName = regexp.MustCompile(`^` + segmentsFolder + `([A-Za-z0-9._-]+)/(\d{4,})/(\d{20,})-(\d{20,})\.segment$`)

// Name is the name of the file.
func (s Segment) Name() string {
	return fmt.Sprintf("%s%s/%04d/%020d-%020d.segment", segmentsFolder, s.Topic, s.Partition, s.First, s.Last)
}

// parseSegment parses the name of a file; false if it is not a segment's.
func parseSegment(name string) (s Segment, ok bool) {
	m := segmentName.FindStringSubmatch(name)
	if m == nil {
		return s, false
	}
	var errs [3]error
	s.Topic = m[1]
	s.Partition, errs[0] = strconv.Atoi(m[2])
	s.First, errs[1] = strconv.ParseInt(m[3], 10, 64)
	s.Last, errs[2] = strconv.ParseInt(m[4], 10, 64)
	return s, errors.Join(errs[:]...) == nil && s.First >= 1 && s.Last >= s.First && s.Name() == name
}

// segmentHeader is the first line of a segment.
type segmentHeader struct {
	Format    string `json:"format"`
	Topic     string `json:"topic"`
	Partition int    `json:"partition"`
	First     int64  `json:"first"`
	Last      int64  `json:"last"`
	Offset    int64  `json:"offset"`              // of the last record on the topic; a hint where to continue
	LastID    string `json:"last_id"`             // of the last record, to recognise the topic
	Before    string `json:"before_id,omitempty"` // of the record before the first, where it was archived too
}

// segmentWriter gathers records for one segment.
type segmentWriter struct {
	header segmentHeader
	blocks [][]byte // compressed
	open   []byte   // records of the block that is being filled
	size   int      // of all records, before compression
	before string   // the id of the last record archived
}

func (w *segmentWriter) add(rec *kafka.Record) {
	if w.header.First == 0 {
		w.header = segmentHeader{Format: segmentFormat, Topic: rec.Topic, Partition: rec.Partition, First: rec.Sequence,
			Before: w.before}
	}
	w.header.Last, w.header.Offset, w.header.LastID = rec.Sequence, rec.Offset, rec.ID
	before := len(w.open)
	w.open = appendRecord(w.open, rec)
	if w.size += len(w.open) - before; len(w.open) >= blockBytes {
		w.full()
	}
}

func (w *segmentWriter) full() {
	w.blocks = append(w.blocks, compressor.EncodeAll(w.open, nil))
	w.open = w.open[:0]
}

// bytes returns the file. The writer is then empty and can be used for the next one.
func (w *segmentWriter) bytes() (Segment, *bytes.Reader, error) {
	if len(w.open) > 0 {
		w.full()
	}
	var file bytes.Buffer
	to := newWriter(&file, w.header)
	for _, b := range w.blocks {
		to.compressed(b)
	}
	err := to.close()
	s := Segment{w.header.Topic, w.header.Partition, w.header.First, w.header.Last}
	*w = segmentWriter{open: w.open[:0], before: w.header.LastID}
	return s, bytes.NewReader(file.Bytes()), err
}

// loaded is a segment in memory, with a valid checksum.
type loaded struct {
	Segment
	header segmentHeader
	blocks [][]byte // compressed
}

// load reads a segment and checks that it is complete and matches its name. The error names the file.
func load(ctx context.Context, store Store, s Segment) (*loaded, error) {
	l, err := loadBlocks(ctx, store, s)
	switch {
	case errors.Is(err, ErrDamaged):
		return nil, fmt.Errorf("archive: %s: %w; restore it from a copy, or move it away and run orderflow topics archive "+
			"again while the topic "+
			"still holds its numbers", s.Name(), err)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("archive: %s was listed and is gone: %w", s.Name(), err)
	case err != nil:
		return nil, fmt.Errorf("archive: read %s: %w", s.Name(), err)
	}
	return l, nil
}

func loadBlocks(ctx context.Context, store Store, s Segment) (*loaded, error) {
	file, err := store.Open(ctx, s.Name())
	if err != nil {
		return nil, err
	}
	defer file.Close()
	l := &loaded{Segment: s}
	r, err := newReader(file, &l.header)
	if err != nil {
		return nil, err
	}
	for {
		b, err := r.compressed()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		l.blocks = append(l.blocks, bytes.Clone(b))
	}
	h := l.header
	if h.Format != segmentFormat {
		return nil, fmt.Errorf("its format is %.40q and this build reads %q: read it with the build that wrote it, or a "+
			"later one", h.Format, segmentFormat)
	}
	if s != (Segment{h.Topic, h.Partition, h.First, h.Last}) {
		return nil, damaged(fmt.Sprintf("it holds numbers %d to %d of %s partition %d, which is not what its name "+
			"says", h.First, h.Last, h.Topic, h.Partition))
	}
	return l, nil
}

// records decodes a block. The payloads share one buffer, as those of a fetch do.
func (l *loaded) records(block int) ([]kafka.Record, error) {
	raw, err := decompress(l.blocks[block], nil)
	if err == nil {
		var list []kafka.Record
		if list, err = decodeRecords(raw, l.Topic, l.Partition); err == nil {
			return list, nil
		}
	}
	return nil, fmt.Errorf("archive: %s: %w", l.Name(), err)
}

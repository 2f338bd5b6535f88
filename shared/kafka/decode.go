package kafka

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"time"

	"github.com/segmentio/kafka-go/compress"
)

// maxInflated bounds the size of a decompressed batch, in bytes.
const maxInflated = 64 << 20

// decodeBatches decodes the batches of one partition into f, from offset from on. Only batches with a correct checksum
// are delivered; a batch truncated by the end of the response is left for the next fetch.
func (d *decoder) decodeBatches(f *Fetched, from int64, b []byte) {
	f.Next = from
	for started := false; len(b) > 0; started = true {
		batch, whole := cutBatch(b)
		if !whole {
			if !started {
				f.Err = fmt.Errorf("%w: a batch of %d bytes announces more than was sent", ErrCorrupt, len(b))
			}
			return
		}
		if err := d.decodeBatch(f, from, batch); err != nil {
			f.Err = err
			return
		}
		b = b[len(batch):]
	}
}

func cutBatch(b []byte) ([]byte, bool) {
	if len(b) < atLeaderEpoch {
		return nil, false
	}
	n := int64(binary.BigEndian.Uint32(b[atLength:])) + atLeaderEpoch
	if n > int64(len(b)) {
		return nil, false
	}
	return b[:n], true
}

func (d *decoder) decodeBatch(f *Fetched, from int64, b []byte) error {
	if len(b) < batchHeader {
		return fmt.Errorf("%w: a batch of %d bytes at offset %d is shorter than its header", ErrCorrupt, len(b), f.Next)
	}
	if b[atMagic] != 2 {
		return fmt.Errorf("%w: message format %d at offset %d; only 2 (Kafka 0.11 and newer) is read", ErrCorrupt, b[atMagic], f.Next)
	}
	base := int64(binary.BigEndian.Uint64(b[atBaseOffset:]))
	if sum, want := crc32.Checksum(b[atAttributes:], castagnoli), binary.BigEndian.Uint32(b[atCRC:]); sum != want {
		return fmt.Errorf("%w: the batch at offset %d has checksum %08x, not %08x", ErrCorrupt, base, sum, want)
	}
	last := base + int64(int32(binary.BigEndian.Uint32(b[atLastDelta:])))
	// The checksum does not cover the base offset, but offsets are dense where nothing is compacted. Only the first batch
	// may begin before the requested position.
	if last < f.Next || base > f.Next || base < f.Next && f.Next > from {
		return fmt.Errorf("%w: a batch claims offsets %d to %d where %d was due (cleanup.policy must be delete)",
			ErrCorrupt, base, last, f.Next)
	}
	attributes := binary.BigEndian.Uint16(b[atAttributes:])
	if attributes&attrControl == 0 {
		payload, err := inflate(attributes&attrCompression, b[batchHeader:])
		if err != nil {
			return fmt.Errorf("%w: the batch at offset %d cannot be decompressed: %w", ErrCorrupt, base, err)
		}
		count := int(binary.BigEndian.Uint32(b[atCount:]))
		firstTime := int64(binary.BigEndian.Uint64(b[atFirstTime:]))
		if !d.decodeRecords(f, from, base, firstTime, count, payload) {
			return fmt.Errorf("%w: the batch at offset %d does not hold the %d records it announces", ErrCorrupt, base, count)
		}
	}
	f.Next = last + 1
	return nil
}

func inflate(codec uint16, b []byte) ([]byte, error) {
	if codec == 0 {
		return b, nil
	}
	c := compress.Compression(codec).Codec()
	if c == nil {
		return nil, fmt.Errorf("unknown compression %d", codec)
	}
	r := c.NewReader(bytes.NewReader(b))
	defer r.Close()
	out, err := io.ReadAll(io.LimitReader(r, maxInflated+1))
	if err == nil && len(out) > maxInflated {
		err = fmt.Errorf("it grows beyond %d bytes", maxInflated)
	}
	return out, err
}

func (d *decoder) decodeRecords(f *Fetched, from, base, firstTime int64, count int, b []byte) bool {
	const smallest = 7
	if count < 0 || count > len(b)/smallest {
		return false
	}
	kept := len(f.Records)
	f.Records = slices.Grow(f.Records, count)
	c := cursor{b: b}
	for range count {
		rec := cursor{b: c.bytes()}
		rec.skip(1)
		at := firstTime + rec.varint()
		offset := base + rec.varint()
		key, data := rec.bytes(), rec.bytes()
		headers := rec.varint()
		if c.bad || rec.bad || headers < 0 || headers > int64(len(rec.b)) {
			f.Records = f.Records[:kept]
			return false
		}
		if offset < from {
			continue
		}
		f.Records = append(f.Records, Record{Topic: f.Topic, Partition: f.Partition, Offset: offset, Data: data})
		r := &f.Records[len(f.Records)-1]
		if !d.decodeEnvelope(r, key, int(headers), &rec) {
			f.Records = f.Records[:kept]
			return false
		}
		if r.Time.IsZero() && firstTime != noTimestamp {
			r.Time = time.UnixMilli(at).UTC()
		}
	}
	return true
}

// cursor reads a record's fields; after a fault it returns only zero values.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) varint() int64 {
	v, n := binary.Varint(c.b)
	if n <= 0 {
		c.bad, c.b = true, nil
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) skip(n int) {
	if n > len(c.b) {
		c.bad, c.b = true, nil
		return
	}
	c.b = c.b[n:]
}

// bytes returns the next field, nil when it is absent.
func (c *cursor) bytes() []byte {
	n := c.varint()
	if n < 0 {
		return nil
	}
	if n > int64(len(c.b)) {
		c.bad, c.b = true, nil
		return nil
	}
	field := c.b[:n:n]
	c.b = c.b[n:]
	return field
}

package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// syncedListener makes the broker durable without making it slow. The broker is single-threaded and would be blocked by a
// sync. So the connection holds back the answer to a produce request until its records are on the disk. Syncs for several
// partitions and connections run concurrently, and the disk combines them. Consumers may see a record a moment before it
// is synced, as with Apache Kafka.
type syncedListener struct {
	net.Listener
	segments *segments
}

func (l *syncedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &syncedConn{Conn: conn, segments: l.segments, written: map[uint32][]place{}}, nil
}

// place is a partition of a topic.
type place struct {
	topic     string
	partition int32
}

// syncedConn is a connection that parses the produce requests it carries.
type syncedConn struct {
	net.Conn
	segments *segments

	frame []byte // the bytes read of the current request: its head, and of a produce request all
	skip  int    // bytes of another request still to come

	mu      sync.Mutex
	written map[uint32][]place // the partitions written to, by the request's correlation id
}

func (c *syncedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if seen := c.readAlong(p[:n]); seen != nil {
		return n, seen
	}
	return n, err
}

// head is the length of a request's size, API key, version and correlation id.
const head = 4 + 2 + 2 + 4

func (c *syncedConn) readAlong(p []byte) error {
	for len(p) > 0 {
		if c.skip > 0 {
			n := min(c.skip, len(p))
			c.skip, p = c.skip-n, p[n:]
			continue
		}
		if len(c.frame) < head {
			n := min(head-len(c.frame), len(p))
			if c.frame, p = append(c.frame, p[:n]...), p[n:]; len(c.frame) < head {
				return nil
			}
		}
		size := 4 + int(binary.BigEndian.Uint32(c.frame))
		if kmsg.Key(binary.BigEndian.Uint16(c.frame[4:])) != kmsg.Produce {
			c.frame, c.skip = c.frame[:0], size-head
			continue
		}
		n := min(size-len(c.frame), len(p))
		if c.frame, p = append(c.frame, p[:n]...), p[n:]; len(c.frame) == size {
			number, places, err := readProduce(c.frame[4:])
			if err != nil {
				return err
			}
			c.mu.Lock()
			c.written[number] = places
			c.mu.Unlock()
			c.frame = c.frame[:0]
		}
	}
	return nil
}

func readProduce(body []byte) (number uint32, places []place, err error) {
	reader := kbin.Reader{Src: body}
	reader.Int16()
	request := kmsg.NewPtrProduceRequest()
	request.SetVersion(reader.Int16())
	number = reader.Uint32()
	reader.NullableString()
	if request.IsFlexible() {
		kmsg.SkipTags(&reader)
	}
	if err := request.ReadFrom(reader.Src); err != nil {
		return 0, nil, fmt.Errorf("embedded Kafka: a produce request cannot be read: %w", err)
	}
	for _, t := range request.Topics {
		for _, p := range t.Partitions {
			places = append(places, place{t.Topic, p.Partition})
		}
	}
	return number, places, nil
}

// Write writes an answer, which the broker passes in one piece. If the records cannot be synced, the answer is not sent:
// the outcome is then unknown to the client, which reads the topic.
func (c *syncedConn) Write(answer []byte) (int, error) {
	if len(answer) >= 8 {
		number := binary.BigEndian.Uint32(answer[4:])
		c.mu.Lock()
		places := c.written[number]
		delete(c.written, number)
		c.mu.Unlock()
		if err := c.segments.sync(places); err != nil {
			return 0, err
		}
	}
	return c.Conn.Write(answer)
}

// segments knows the file that each partition is written to.
type segments struct {
	dir      string
	flush    func(*os.File) error
	rollSize int64

	mu   sync.Mutex
	open map[place]*segment
}

type segment struct {
	mu   sync.Mutex
	file *os.File
}

func newSegments(dir string) *segments {
	rollSize, err := strconv.ParseInt(brokerSettings["log.segment.bytes"], 10, 64)
	if err != nil {
		panic(err)
	}
	return &segments{dir: dir, flush: (*os.File).Sync, rollSize: rollSize, open: map[place]*segment{}}
}

// sync returns when everything written to the partitions is on the disk.
func (s *segments) sync(places []place) error {
	if len(places) == 1 {
		return s.syncOne(places[0])
	}
	faults := make([]error, len(places))
	var all sync.WaitGroup
	for i, p := range places {
		all.Go(func() { faults[i] = s.syncOne(p) })
	}
	all.Wait()
	return errors.Join(faults...)
}

func (s *segments) syncOne(p place) error {
	s.mu.Lock()
	at := s.open[p]
	if at == nil {
		at = &segment{}
		s.open[p] = at
	}
	s.mu.Unlock()
	at.mu.Lock()
	defer at.mu.Unlock()
	if at.file != nil {
		info, err := at.file.Stat()
		if err == nil {
			err = s.flush(at.file)
		}
		if err != nil {
			return fmt.Errorf("embedded Kafka: %s-%d: %w", p.topic, p.partition, err)
		}
		if info.Size() < s.rollSize && info.Sys().(*syscall.Stat_t).Nlink > 0 {
			return nil
		}
	}
	return at.follow(s, p)
}

// follow switches to the newest segment: the broker began another when this one was full, or the topic was created anew.
func (at *segment) follow(s *segments, p place) error {
	dir := filepath.Join(s.dir, "partitions", url.PathEscape(p.topic)+"-"+strconv.Itoa(int(p.partition)))
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) { // it does not exist if the request was refused
		return fmt.Errorf("embedded Kafka: %w", err)
	}
	newest, name := int64(-1), ""
	for _, e := range entries {
		number, found := strings.CutSuffix(e.Name(), ".dat")
		if base, err := strconv.ParseInt(number, 10, 64); found && err == nil && base > newest {
			newest, name = base, filepath.Join(dir, e.Name())
		}
	}
	if name == "" {
		return nil
	}
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("embedded Kafka: %w", err)
	}
	if at.file != nil {
		at.file.Close()
	}
	at.file = file
	return s.flush(file)
}

// close syncs all open segments.
func (s *segments) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var faults []error
	for _, at := range s.open {
		if at.file != nil {
			faults = append(faults, s.flush(at.file), at.file.Close())
		}
	}
	return errors.Join(faults...)
}

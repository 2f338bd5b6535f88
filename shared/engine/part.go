package engine

import "orderflow.example/shared/kafka"

// part is the publishing of one partition.
type part struct {
	partition int
	next      int64          // number of the next event to publish
	offset    int64          // that its record should get, -1 when unknown
	queue     []kafka.Record // committed, from next on without gap
	behind    bool           // the outbox may hold more than the queue
	verify    bool           // read the topic before publishing: what it holds is not known
	missing   int64          // a consumer did not find this number, 0 if none is asked for
	saved     int64          // next as it was last written down
}

// offer appends what follows on the queue; what does not is in the outbox.
func (q *part) offer(records []kafka.Record) {
	if q.behind || len(q.queue) > publishQueue || records[0].Sequence != q.next+int64(len(q.queue)) {
		q.behind = true
		return
	}
	if len(q.queue) == 0 {
		q.queue = records
		return
	}
	q.queue = append(q.queue, records...)
}

// acknowledged moves on past n records that the broker says it holds from base on.
func (q *part) acknowledged(n int, base int64) {
	if q.offset >= 0 && base >= 0 && base != q.offset {
		q.verify = true // records of somebody else, or the log lost some of ours
		return
	}
	q.next += int64(n)
	q.offset = -1
	if base >= 0 {
		q.offset = base + int64(n)
	}
	if q.queue = q.queue[n:]; len(q.queue) == 0 {
		q.queue = nil
	}
}

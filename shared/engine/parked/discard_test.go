package parked_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"

	"orderflow.example/shared/engine/parked"
)

func (o *owner) discard(numbers ...int64) (parked.Discarded, error) {
	d := parked.Discard{Reason: "sent twice by the carrier"}
	for _, n := range numbers {
		d.Items = append(d.Items, parked.Reference{Service: o.name, Number: n})
	}
	return services(o).Discard(o.Context(), d, parked.Origin{By: "ann", Key: "k", Digest: "d"})
}

func TestWhatIsDiscardedIsKeptWholeAndWhatOnlyWaitedForItGoesOn(t *testing.T) {
	t.Parallel()
	o := newOwner(t, "payment")
	head := o.park("a", "boom")
	o.park("a", "")
	o.park("b", "boom")
	call := o.parkAs(row{Key: "c", Form: parked.FormCall, Type: "payment.capture_requested.v1", Reason: "refused"})
	var before, after string
	look := `SELECT string_agg(md5(p::text), ' ' ORDER BY number) FROM `
	o.scan(&before, look+`engine.parked p WHERE number IN ($1, $2)`, head, call)
	partition := o.count(`SELECT partition FROM engine.parked WHERE number = $1`, head)

	done, err := o.discard(head, call)
	if err != nil || done.Discarded != 2 || done.Released != 1 {
		t.Fatal(done, err)
	}
	o.scan(&after, look+`(SELECT (jsonb_populate_record(NULL::engine.parked, record)).* FROM engine.discarded) p`)
	if after != before {
		t.Errorf("kept is %s, parked was %s", after, before)
	}
	if n := o.count(`SELECT count(*) FROM engine.discard WHERE requested_by = 'ann' AND reason = 'sent twice by the carrier'
		AND at <= now()`); n != 1 {
		t.Errorf("%d say by whom and why", n)
	}
	if v := o.count(`SELECT parked_version FROM engine.lease WHERE partition = $1`, partition); v != 1 {
		t.Errorf("the version for the owner is %d", v)
	}
	o.process()
	if len(o.processed) != 1 || o.count(`SELECT count(*) FROM engine.parked WHERE key = 'b'`) != 1 {
		t.Errorf("processed %+v", o.processed)
	}
	again, err := o.discard(head, call)
	if err != nil || !again.Known || again.ID != done.ID || again.Discarded != 2 || again.Released != 1 {
		t.Errorf("sent again: %+v %v", again, err)
	}
}

func TestADiscardWaitsForTheOwnerAndDoesNotTakeWhatItProcessedMeanwhile(t *testing.T) {
	t.Parallel()
	o := newOwner(t, "payment")
	n := o.park("a", "boom")
	waits := make(chan error, 1)
	err := o.db.Transaction(func(tx *gorm.DB) error { // the owner's batch
		if err := tx.Exec(`SELECT pg_advisory_xact_lock($1, partition) FROM engine.parked`, parked.PartitionLock).Error; err != nil {
			return err
		}
		go func() { _, err := o.discard(n); waits <- err }()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		for waiting := false; !waiting; {
			if ctx.Err() != nil || len(waits) > 0 {
				return errors.New("the discard does not wait for the owner")
			}
			if err := tx.Raw(`SELECT EXISTS (SELECT FROM pg_locks WHERE classid = $1 AND NOT granted
				AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`,
				parked.PartitionLock).Row().Scan(&waiting); err != nil {
				return err
			}
		}
		return tx.Exec(`DELETE FROM engine.parked WHERE number = $1`, n).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, <-waits, parked.NotFound, "items[0]: it is not parked, or not any more")
	if n := o.count(`SELECT count(*) FROM engine.discarded`) + o.count(`SELECT count(*) FROM engine.discard`); n != 0 {
		t.Errorf("the refused discard left %d rows", n)
	}
}

func TestADiscardThatIsWrongInOnePlaceDoesNothing(t *testing.T) {
	t.Parallel()
	o := newOwner(t, "payment")
	n := o.park("a", "boom")
	refused(t, second(o.discard(n, 4711)), parked.NotFound, "items[1]: it is not parked")
	refused(t, second(o.discard()), parked.Invalid, "items: want 1 to")
	refused(t, second(o.discard(n, n)), parked.Invalid, "items[1]: it is listed twice")
	refused(t, second(o.discard(-1)), parked.Invalid, "items[0].number: want")
	items := []parked.Reference{{Service: "payment", Number: n}}
	_, err := services(o).Discard(t.Context(), parked.Discard{Items: items, Reason: "  "}, parked.Origin{})
	refused(t, err, parked.Invalid, "reason: say why")
	items[0].Service = "shipping"
	_, err = services(o).Discard(t.Context(), parked.Discard{Items: items, Reason: "why"}, parked.Origin{})
	refused(t, err, parked.Invalid, "items[0].service: there is no such service here")
	if left := o.count(`SELECT count(*) FROM engine.parked`); left != 1 {
		t.Errorf("%d rows are left", left)
	}
}

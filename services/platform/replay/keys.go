package replay

import (
	"fmt"

	"gorm.io/gorm"

	"orderflow.example/shared/httpserver/idempotency"
	"orderflow.example/shared/kafka"
)

// keys restores the idempotency keys of requests from the events they led to. Requests without effect left no event: when sent
// again they are new.
type keys struct {
	kept     bool // the service has a table of them
	restored int
}

func newKeys(tx *gorm.DB) (k *keys, err error) {
	k = &keys{}
	err = tx.Raw(`SELECT to_regclass('public.idempotency_keys') IS NOT NULL`).Row().Scan(&k.kept)
	return k, err
}

func (k *keys) restore(tx *gorm.DB, own []kafka.Record) error {
	if !k.kept {
		return nil
	}
	var requests []idempotency.Past
	for _, rec := range own {
		o, found, err := idempotency.OriginOf(rec.Data)
		if err != nil {
			return fmt.Errorf("%s/%d number %d: %w", rec.Topic, rec.Partition, rec.Sequence, err)
		}
		if found {
			requests = append(requests, idempotency.Past{Origin: o, At: rec.Time})
		}
	}
	restored, err := idempotency.Restore(tx, requests)
	k.restored += restored
	return err
}

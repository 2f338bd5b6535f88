package redecide

import (
	"context"

	"gorm.io/gorm"
)

// Standing reads the service's watermarks, and its parked and discarded events, from its database.
func (c *Config) Standing(ctx context.Context, db *gorm.DB) error {
	var marks []struct {
		Topic     string
		Partition int
		Sequence  int64
	}
	if err := db.WithContext(ctx).Raw(`SELECT topic, partition, sequence FROM engine.watermark`).Scan(&marks).Error; err != nil {
		return err
	}
	c.Applied, c.Parked = map[string]map[int]int64{}, map[string]bool{}
	for _, m := range marks {
		if c.Applied[m.Topic] == nil {
			c.Applied[m.Topic] = map[int]int64{}
		}
		c.Applied[m.Topic][m.Partition] = m.Sequence
	}
	var ids []string
	err := db.WithContext(ctx).Raw(`SELECT id FROM engine.parked UNION SELECT record->>'id' FROM engine.discarded`).Scan(&ids).Error
	for _, id := range ids {
		c.Parked[id] = true
	}
	return err
}

package database

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// cell sets a field to one scanned value. One is made per column and query, and reused for each row.
type cell struct {
	*column
	field reflect.Value
}

// Scan implements sql.Scanner. Its errors name types, never values.
func (c *cell) Scan(value any) error {
	field := c.field
	if value == nil {
		field.SetZero()
		return nil
	}
	if c.json {
		return c.unmarshal(value)
	}
	if c.pointer {
		field.Set(reflect.New(field.Type().Elem()))
		field = field.Elem()
	}
	switch v := value.(type) {
	case string:
		if c.kind == reflect.String {
			field.SetString(v)
			return nil
		}
		if c.kind == reflect.Slice {
			field.SetBytes([]byte(v))
			return nil
		}
	case []byte:
		// The driver reuses its memory.
		if c.kind == reflect.Slice {
			field.SetBytes(append([]byte{}, v...))
			return nil
		}
		if c.kind == reflect.String {
			field.SetString(string(v))
			return nil
		}
	case int64:
		if field.CanInt() && !field.OverflowInt(v) {
			field.SetInt(v)
			return nil
		}
	case bool:
		if c.kind == reflect.Bool {
			field.SetBool(v)
			return nil
		}
	case float64:
		if c.kind == reflect.Float64 {
			field.SetFloat(v)
			return nil
		}
	case time.Time:
		if at, ok := field.Addr().Interface().(*time.Time); ok {
			*at = v
			return nil
		}
	}
	return fmt.Errorf("a %T of the database does not fit into %s", value, field.Type())
}

func (c *cell) unmarshal(value any) error {
	var text []byte
	switch v := value.(type) {
	case string:
		text = []byte(v)
	case []byte:
		text = v
	default:
		return fmt.Errorf("a %T of the database is not JSON", value)
	}
	c.field.SetZero()
	if json.Unmarshal(text, c.field.Addr().Interface()) != nil {
		// The decoder's message may quote the document.
		return errors.New("the stored JSON does not fit into " + c.field.Type().String())
	}
	return nil
}

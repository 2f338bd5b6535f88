package database

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm/schema"
)

// column is the mapping of one field: its array type in statements, and its column of the table.
type column struct {
	name      string // quoted
	index     []int
	kind      reflect.Kind // of the field, or of its pointer's element
	pointer   bool
	primary   bool
	updatable bool
	notNull   bool
	json      bool   // the field is marshalled
	wire      string // element type of the array
	sqlType   string
	array     func(rows reflect.Value) (any, error)
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	rawType   = reflect.TypeFor[json.RawMessage]()
	bytesType = reflect.TypeFor[[]byte]()
)

func newColumn(field *schema.Field) (*column, error) {
	for _, i := range field.StructField.Index {
		if i < 0 {
			return nil, errors.New("embedded pointers are not supported")
		}
	}
	c := &column{
		name:      quote(field.DBName),
		index:     field.StructField.Index,
		kind:      field.IndirectFieldType.Kind(),
		pointer:   field.FieldType.Kind() == reflect.Pointer,
		primary:   field.PrimaryKey,
		updatable: field.Updatable,
		notNull:   field.NotNull,
	}
	serializer := strings.ToLower(field.TagSettings["SERIALIZER"])
	if serializer != "" && serializer != "json" {
		return nil, fmt.Errorf("serializer %q is not supported; json is", serializer)
	}
	c.json = serializer == "json"
	if err := c.choose(field.IndirectFieldType, strings.ToLower(field.TagSettings["TYPE"])); err != nil {
		return nil, err
	}
	return c, nil
}

// choose sets the types and the conversion to an array.
func (c *column) choose(t reflect.Type, declared string) error {
	or := func(sqlType string) string {
		if declared != "" {
			return declared
		}
		return sqlType
	}
	switch {
	case c.json:
		c.wire, c.sqlType, c.array = "text", or("jsonb"), c.marshalled
	case c.kind == reflect.String:
		c.wire, c.sqlType, c.array = "text", or("text"), arrayOf(c, reflect.Value.String)
	case t == timeType:
		c.wire, c.sqlType, c.array = "timestamptz", or("timestamptz"), arrayOf(c, timeOf)
	case c.kind == reflect.Bool:
		c.wire, c.sqlType, c.array = "boolean", or("boolean"), arrayOf(c, reflect.Value.Bool)
	case c.kind == reflect.Int, c.kind == reflect.Int64:
		c.wire, c.sqlType, c.array = "bigint", or("bigint"), arrayOf(c, reflect.Value.Int)
	case c.kind == reflect.Int32, c.kind == reflect.Int16, c.kind == reflect.Int8:
		c.wire, c.sqlType, c.array = "bigint", or("integer"), arrayOf(c, reflect.Value.Int)
	case c.kind == reflect.Float64:
		c.wire, c.sqlType, c.array = "double precision", or("double precision"), arrayOf(c, reflect.Value.Float)
	case t == rawType, t == bytesType && strings.HasPrefix(declared, "json"):
		c.wire, c.sqlType, c.array = "text", or("jsonb"), c.documents
	case t == bytesType:
		c.wire, c.sqlType, c.array = "bytea", or("bytea"), c.bytes
	default:
		return fmt.Errorf("%s is not supported; use a plain type or serializer:json", t)
	}
	if c.pointer && c.kind == reflect.Slice && !c.json {
		return fmt.Errorf("a pointer to %s is not supported; a nil slice is NULL", t)
	}
	return nil
}

// from is the column's value in a statement over unnest. It casts only where Postgres would not by itself, because an
// explicit cast to varchar(n) truncates the text where an assignment refuses it.
func (c *column) from(i int) string {
	value := "u.c" + strconv.Itoa(i)
	if c.cast() {
		value += "::" + c.sqlType
	}
	return value
}

func (c *column) cast() bool {
	return c.wire == "text" && c.sqlType != "text" && !strings.Contains(c.sqlType, "char")
}

// arrayOf collects a column's values; as pointers when it can be NULL. FlatArray saves pgx the search for a slice's
// encoding.
func arrayOf[T any](c *column, value func(reflect.Value) T) func(reflect.Value) (any, error) {
	if !c.pointer {
		return func(rows reflect.Value) (any, error) {
			out := make(pgtype.FlatArray[T], rows.Len())
			for i := range out {
				out[i] = value(rows.Index(i).FieldByIndex(c.index))
			}
			return out, nil
		}
	}
	return func(rows reflect.Value) (any, error) {
		out := make(pgtype.FlatArray[*T], rows.Len())
		for i := range out {
			if field := rows.Index(i).FieldByIndex(c.index); !field.IsNil() {
				v := value(field.Elem())
				out[i] = &v
			}
		}
		return out, nil
	}
}

func (c *column) bytes(rows reflect.Value) (any, error) {
	out := make(pgtype.FlatArray[[]byte], rows.Len())
	for i := range out {
		out[i] = rows.Index(i).FieldByIndex(c.index).Bytes()
	}
	return out, nil
}

func (c *column) documents(rows reflect.Value) (any, error) {
	out := make(pgtype.FlatArray[*string], rows.Len())
	for i := range out {
		if b := rows.Index(i).FieldByIndex(c.index).Bytes(); b != nil {
			s := string(b)
			out[i] = &s
		}
	}
	return out, nil
}

// marshalled follows gorm's rule that a value marshalled to null is NULL, unless the column forbids that.
func (c *column) marshalled(rows reflect.Value) (any, error) {
	out := make(pgtype.FlatArray[*string], rows.Len())
	for i := range out {
		b, err := json.Marshal(rows.Index(i).FieldByIndex(c.index).Interface())
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
		if s := string(b); s != "null" || c.notNull {
			out[i] = &s
		}
	}
	return out, nil
}

func timeOf(v reflect.Value) time.Time { return v.Interface().(time.Time) }

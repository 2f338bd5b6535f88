package parked

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

const maxFields = 50

// shape is what operators may see of a payload: the names of its fields, and values that are numbers, truth values or
// null. Which of the others tell of a person is not known here, so that none is shown.
func shape(data []byte) any {
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil || fields == nil {
		return fmt.Sprintf("%d bytes that are no JSON object", len(data))
	}
	out := make(map[string]any, min(len(fields), maxFields))
	for name, value := range fields {
		if len(out) == maxFields {
			break
		}
		if !isFieldName(name) {
			name = masked
		}
		switch v := value.(type) {
		case string:
			out[name] = masked
		case []any:
			out[name] = fmt.Sprintf("[%d]", len(v))
		case map[string]any:
			out[name] = "{" + masked + "}"
		default:
			out[name] = v
		}
	}
	return out
}

// isFieldName tells names from what a map may be keyed by, such as an address.
func isFieldName(name string) bool {
	return name != "" && len(name) <= 64 &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// Package httpservertest makes requests that nearly equal valid ones, for tests that hold an API to its description: an
// accepted request is valid for every consumer behind the API, and any other is refused. It knows no API.
package httpservertest

import (
	"encoding/json"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// values replace a member of a body: each of them has broken something somewhere.
var values = []string{
	`null`, `true`, `0`, `-1`, `1`, `1.0`, `1e3`, `1000000`, `1000001`, `9007199254740991`, `9223372036854775807`,
	`9223372036854775808`, `""`, `" "`, `"x"`, `"é"`, `"éé"`, `"ßß"`, `"gb"`, `"GB"`, `"FR"`, `"ＧＢ"`, `"GBP"`, `"XX"`, `"EUR"`,
	`"a@x.example, other@y.example"`,
	`"x@x.example"`, `"Ł@x.example"`, `"\u0000"`, `"a\u0000b"`, `"\ud800"`, `"\u200b"`, `"\u202e"`,
	`"a\u202eb"`, `"\u00a0"`, `"\ufeff"`, `"\ufffd"`,
	`"李雷"`, `"محمد"`, `"\ud83d\ude00"`, `"e\u0301"`, `"5091091530083"`, `"4111.1111.1111.1111"`,
	`"a/b"`, `"%ff"`, `"'; --"`, `"a\nb"`, `"a\u0085b"`,
	`"tok_ok"`, `"tok_declined"`, `"fill_available"`,
	`[]`, `{}`, `[null]`, `"` + strings.Repeat("x", 64) + `"`, `"` + strings.Repeat("é", 64) + `"`,
	`"` + strings.Repeat("x", 65) + `"`, `"` + strings.Repeat("é", 100) + `"`,
	`"` + strings.Repeat("𝓢", 200) + `"`, `"` + strings.Repeat("y", 501) + `"`,
}

// Variations returns n bodies that differ from a good one in up to three places, the same for the same seed.
func Variations(seed uint64, good string, n int) iter.Seq[string] {
	return func(yield func(string) bool) {
		dice := rand.New(rand.NewPCG(seed, 0))
		for range n {
			var body any
			if err := json.Unmarshal([]byte(good), &body); err != nil {
				panic("httpservertest: the good body is no JSON: " + err.Error())
			}
			for range 1 + dice.IntN(3) {
				body = vary(dice, body)
			}
			text, err := json.Marshal(body)
			if err != nil {
				panic("httpservertest: " + err.Error())
			}
			if !yield(string(text)) {
				return
			}
		}
	}
}

// vary changes a value at one place.
func vary(dice *rand.Rand, v any) any {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			return v
		}
		name := slices.Sorted(maps.Keys(v))[dice.IntN(len(v))]
		switch dice.IntN(12) {
		case 0:
			delete(v, name)
		case 1:
			v["added"] = v[name]
		default:
			v[name] = vary(dice, v[name])
		}
		return v
	case []any:
		if len(v) == 0 {
			return v
		}
		i := dice.IntN(len(v))
		switch dice.IntN(12) {
		case 0:
			return slices.Delete(v, i, i+1)
		case 1:
			return append(v, v[i])
		}
		v[i] = vary(dice, v[i])
		return v
	}
	return json.RawMessage(values[dice.IntN(len(values))])
}

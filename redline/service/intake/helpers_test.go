package intake

import (
	"encoding/json"
	"strings"
)

func repeated(text string, n int) string { return strings.Repeat(text, n) }

// jsonOf returns the JSON of a value that has one.
func jsonOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

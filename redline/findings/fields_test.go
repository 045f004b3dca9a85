package findings

import (
	"fmt"
	"strings"
	"testing"
)

func TestFields(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range AllColumns.Fields() {
		if len(f.Name) > 10 || strings.ContainsFunc(f.Name, func(r rune) bool { return r > '~' }) {
			t.Errorf("%q does not survive a Shapefile", f.Name)
		}
		if seen[f.Name] || seen[f.Alias] || f.Alias == "" {
			t.Errorf("%s (%s): name or alias is missing or stands twice", f.Name, f.Alias)
		}
		if kinds := fmt.Sprint(f.Text != nil, f.Integer != nil, f.Decimal != nil); strings.Count(kinds, "true") != 1 {
			t.Errorf("%s is not one of text, integer and decimal", f.Name)
		}
		seen[f.Name], seen[f.Alias] = true, true
	}
}

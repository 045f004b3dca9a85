package ledgerwork

import (
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/ledger"
)

// TestSayWhatCannotBe: what no case could have is told once, as a fault of who says it; nothing is said of any case.
func TestSayWhatCannotBe(t *testing.T) {
	s := founded(t, runOf(1, grid, "aa.bb"))
	for field, value := range map[string]string{ledger.FieldDueDate: "2021-02-30", ledger.FieldNote: "a\x00"} {
		_, err := Say(t.Context(), s, Filter{}, []ledger.Event{{Kind: ledger.Set, Fields: map[string]string{field: value}}}, by)
		if redline.KindOf(err) != redline.Usage || !strings.HasPrefix(err.Error(), "the field "+field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

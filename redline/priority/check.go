package priority

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxWeight is how large a weight may be without its sign, in log-odds.
const MaxWeight = 20

// Check returns an error unless the card can be used: numbers of which the weights lie within [MaxWeight], bands that
// hold some value and say why in one line, and of one feature no two bands that hold the same value.
func (c *Card) Check() error {
	if !(math.Abs(c.Base) <= MaxWeight) {
		return fmt.Errorf("the base %v is not within ±%d", c.Base, MaxWeight)
	}
	for i := range c.Bands {
		if err := c.Bands[i].check(); err != nil {
			return fmt.Errorf("band %d: %w", i+1, err)
		}
	}
	byStart := make([]*Band, len(c.Bands))
	for i := range c.Bands {
		byStart[i] = &c.Bands[i]
	}
	slices.SortStableFunc(byStart, func(a, b *Band) int {
		return cmp.Or(cmp.Compare(a.Feature, b.Feature), cmp.Compare(a.From, b.From))
	})
	for i := 1; i < len(byStart); i++ {
		if a, b := byStart[i-1], byStart[i]; a.Feature == b.Feature && b.From < a.To {
			return fmt.Errorf("two bands of %s hold the value %v", a.Feature, b.From)
		}
	}
	return nil
}

func (b *Band) check() error {
	switch {
	case b.Feature < 0 || b.Feature >= NumFeatures:
		return fmt.Errorf("there is no feature %d", b.Feature)
	case !(b.From < b.To):
		return fmt.Errorf("%s from %v to %v holds no value", b.Feature, b.From, b.To)
	case !(math.Abs(b.Weight) <= MaxWeight):
		return fmt.Errorf("the weight %v of %s is not within ±%d", b.Weight, b.Feature, MaxWeight)
	case strings.TrimSpace(b.Why) == "" || !utf8.ValidString(b.Why) || strings.ContainsFunc(b.Why, unicode.IsControl):
		return fmt.Errorf("the band of %s from %v to %v does not say why, in one line", b.Feature, b.From, b.To)
	}
	return nil
}

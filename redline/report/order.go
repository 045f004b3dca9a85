package report

// place is what an entry is sorted by, the first number before the others.
type place struct {
	by    [4]uint32
	entry uint32 // its position in the index
}

// sortPlaces sorts by radix, byte by byte from the last; it skips bytes that are the same
// in all places. Equal places keep their order.
func sortPlaces(places []place) []place {
	var counts [4][4][256]uint32
	for i := range places {
		for word, x := range places[i].by {
			counts[word][0][byte(x)]++
			counts[word][1][byte(x>>8)]++
			counts[word][2][byte(x>>16)]++
			counts[word][3][byte(x>>24)]++
		}
	}
	spare := make([]place, len(places))
	for word := 3; word >= 0; word-- {
		for digit := range counts[word] {
			from := &counts[word][digit]
			shift := 8 * digit
			if len(places) == 0 || int(from[byte(places[0].by[word]>>shift)]) == len(places) {
				continue
			}
			sum := uint32(0)
			for i, n := range from {
				from[i] = sum
				sum += n
			}
			for i := range places {
				to := &from[byte(places[i].by[word]>>shift)]
				spare[*to] = places[i]
				*to++
			}
			places, spare = spare, places
		}
	}
	return places
}

// ascending is x as a number without a sign, in the same order.
func ascending(x int32) uint32 { return uint32(x) ^ 1<<31 }

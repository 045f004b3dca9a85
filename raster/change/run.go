package change

// Run is a maximal run of cells of one row, columns [Col0, Col1), that have one ordered pair of classes.
type Run struct {
	Row, Col0, Col1 int32
	Pair            uint16 // see Classifier.Classes
	Type            uint8  // change type, NoDataType or UnruledType
}

// Append appends r to runs, or extends the last run when r continues it.
func Append(runs []Run, r Run) []Run {
	if n := len(runs); n > 0 {
		if last := &runs[n-1]; last.Col1 == r.Col0 && last.Row == r.Row && last.Pair == r.Pair {
			last.Col1 = r.Col1
			return runs
		}
	}
	return append(runs, r)
}

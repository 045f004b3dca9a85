// Package priority says which candidates are worth a visit first: how likely the change is real, as a number from 0 to
// 100 with the reasons that count most. It is a scorecard: each band of each feature has a weight in log-odds, and the
// weights are summed. The shipped rule is one, a proposal; a model that was calibrated from verdicts is another.
package priority

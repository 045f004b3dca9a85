// Package calibrate fits the scorecards of package priority to what reviewers have found: a logistic regression on the
// bands of a rule, whose weights are pulled towards those of the rule, so that few verdicts change little. How good the
// chances are is measured on counties that the fit has not seen, for neighbours are alike.
//
// Everything is deterministic: neither the order of rows nor a clock matters, and draws are made by a fixed seed.
package calibrate

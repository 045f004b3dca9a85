// Package sampling draws a stratified random sample and says what follows from it for all units. It is pure: no I/O,
// no clock, and no state.
//
// # Design
//
// Units are drawn without replacement, in each stratum so many that all subsets of that size are equally likely. The
// inclusion probability of a unit is drawn / units of its stratum. [Allocate] says how many each stratum gives.
// [Draw] takes those whose SHA-256 over seed, frame and name of the unit are the smallest: nothing but SHA-256 is
// needed to draw the same sample again, in any language and for good, and the order of units does not matter.
//
// # Share of real ones
//
// The share is estimated by Σ W·p over strata (W the stratum's share of all units, p the share among those drawn of
// it), which is unbiased. Rates may be near 0 or 1 and strata small, where a normal interval fails: it has no width
// when nothing real was drawn. The interval is that of Clopper and Pearson on the effective sample size (Korn and
// Graubard 1998), which is p(1−p) divided by the stratified variance with its finite population correction (1 − drawn
// / units); for that variance alone, rates of strata are drawn together a little, so that a stratum without any real
// one is not taken for one without any error. Its ends are whole units, rounded outwards, which keeps the promise
// where few units are left undrawn. What was seen bounds it: at least so many are real as were found, at most all but
// those that were refuted. TestCoverage holds the promise against simulated campaigns.
//
// # Area of real ones
//
// The area is estimated by Σ N·ȳ over strata (N units, ȳ the mean of the area of the real ones drawn, 0 for others),
// unbiased too, with its standard error √Σ N²(1−n/N)s²/n. For units of one size and many per stratum these are
// equations 9 to 11 of Olofsson et al. 2014, Good practices for estimating area and assessing accuracy of land change,
// Remote Sensing of Environment 148. Its interval is not that of a normal distribution, which has no width when nothing
// real was drawn and is far too short while few are: it is that of the share above, with the variance of areas in place
// of that of numbers, of those that are not real where these are fewer. TestAreaCoverage holds it against campaigns of
// which the areas are very unequal. What nobody detected is in no sample of detections.
//
// # What was missed
//
// It is estimated from points drawn at random by area in the ground where nothing was detected, a stratum of its own.
// The places follow from SHA-256 too, see [Place]. The area missed is A·p (A the area of the ground, p the share of
// points that are real) with the standard error A√(p(1−p)/(n−1)), and its interval is the exact one of Clopper and
// Pearson, since few points or none are real: then the standard error says little. It adds to the area of what was
// detected and is real, which makes the whole unbiased; intervals of the sum and of the share that was detected follow
// Zou and Donner 2008, Construction of confidence limits about effect measures, Statistics in Medicine 27.
// [Points.Estimates] is this.
//
// # Units without an answer
//
// They are never dropped: the interval is the widest that any answers of theirs could give, all real or none. Beside it
// stands the estimate among those answered, which assumes that within a stratum they are like the others.
package sampling

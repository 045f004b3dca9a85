// Package record is what a run says of itself: the manifest with the inputs and their hashes, and the identity by which
// a rerun that would write the same is known beforehand.
package record

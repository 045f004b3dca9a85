// Package work holds the use cases: checking the inputs of a job, and running it. What they need of others, such as the
// reader of layers or GEOS, they are given.
package work

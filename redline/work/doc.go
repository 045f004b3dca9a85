// Package work holds the use cases: checking the inputs of a job, and running it. The caller gives them the reader of
// layers, GEOS and the reports.
package work

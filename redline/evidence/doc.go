// Package evidence finds what else is known of kept candidates that bears on whether their changes are real: the shape
// of the patch, how often maps of the product confuse its classes, what is near, and what other maps show. It ranks the
// candidates by that, and decides nothing else.
package evidence

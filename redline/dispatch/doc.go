// Package dispatch makes the texts by which schedulers carry out what the program plans: scripts for Slurm, manifests
// for Kubernetes, units for systemd. It writes no files and starts nothing.
//
// Texts are templates that are embedded in the program. A value that goes into one is always quoted by the rule of the
// text's own language, whatever is in it: for a shell it stands between single quotes, and a single quote in it becomes
// a quote that ends, an escaped one, and a quote that begins; for YAML it stands between double quotes with the escapes
// of Go, which are also those of YAML; for systemd it stands between double quotes, with backslashes, double quotes,
// dollar and percent signs escaped. The same values make the same bytes.
package dispatch

// Package dispatch makes the texts by which schedulers carry out what the program plans: scripts for Slurm, manifests for
// Kubernetes, units for systemd. It writes no files and starts nothing.
//
// Texts are templates that are embedded in the program. A value that goes into one is always quoted by the rule of the
// text's own language, whatever is in it: for a shell between single quotes, each quote in it as '\''; for YAML as a
// JSON string, which YAML reads as it is; for systemd between double quotes, with \, ", $ and % escaped. The same values
// make the same bytes.
package dispatch

// Package job holds what a user asks of a run: its inputs, rules, thresholds and target. A
// [Job] starts as [Default], takes what a job file says ([Parse]), and then what flags say
// ([Job.Set]). One list of options, in options.go, makes the keys of the file and the flags.
//
// Every error of reading a file or flags is a [redline.Fault] of kind Usage that names the
// file and line, or the flag. Nothing but the job file itself is read here.
//
// # YAML
//
// The file is read by go.yaml.in/yaml/v4, as nodes, which have their lines. Anchors, aliases
// and tags are refused while they are still nodes, so nothing multiplies: a bomb of aliases,
// 64 KiB of brackets, dashes, colons or keys, each takes less than 0.1 s, without any limit
// of time. github.com/goccy/go-yaml, in its place, needed a watchdog, and dropped the second of
// two commas and a tab inside a text without a word.
package job

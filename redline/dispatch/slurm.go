package dispatch

import (
	"embed"
	"strings"
	"text/template"
)

//go:embed slurm/*.tmpl
var slurmFiles embed.FS

var slurmTemplates = template.Must(template.New("").Funcs(template.FuncMap{"sh": shellQuote}).
	ParseFS(slurmFiles, "slurm/*.tmpl"))

// Slurm is what the scripts say by which Slurm carries out a plan.
type Slurm struct {
	Program   string // absolute path of the program on all nodes
	Shards    int    // 1 to 10000
	MaxMemory int64  // of the job, in bytes
}

// Files returns the scripts by their names below the folder of the plan: slurm/array.sbatch, slurm/merge.sbatch and
// slurm/submit.sh. They find the folder by the place of submit.sh.
func (s *Slurm) Files() map[string]string {
	files := map[string]string{}
	for _, t := range slurmTemplates.Templates() {
		if t.Tree == nil { // the set itself
			continue
		}
		var text strings.Builder
		if err := t.Execute(&text, s); err != nil {
			panic(err) // of the templates, which are the program's own
		}
		files["slurm/"+strings.TrimSuffix(t.Name(), ".tmpl")] = text.String()
	}
	return files
}

// Memory returns how many MiB a task of up to eight workers asks for; see [memory].
func (s *Slurm) Memory() int64 { return memory(s.MaxMemory, 8) }

// memory returns how many MiB to ask for, for a process that may use so many bytes of memory, with so many workers.
// Beside what it counts, which are zones, candidates and tiles, each worker has taken up to 70 MiB, for blocks of the
// rasters, GEOS and the collector of garbage, and the process 160 MiB; README.md has the measurements. More is asked
// for, since blocks may be larger.
func memory(most int64, workers int) int64 {
	const mib = 1 << 20
	return (most+mib-1)/mib + 1024 + 128*int64(workers)
}

// Last returns the number of the last shard.
func (s *Slurm) Last() int { return s.Shards - 1 }

// shellQuote returns a text as one word of a POSIX shell.
func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

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

// Memory returns how many MiB a task asks for: half as much again as the program counts, for GDAL and GEOS.
func (s *Slurm) Memory() int64 { return (s.MaxMemory*3/2 + 1<<20 - 1) >> 20 }

// Last returns the number of the last shard.
func (s *Slurm) Last() int { return s.Shards - 1 }

// shellQuote returns a text as one word of a POSIX shell.
func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

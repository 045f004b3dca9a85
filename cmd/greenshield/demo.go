package main

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/scene"
	"greenshield/redline/scene/gdalscene"
)

// demoCommand returns the command that writes the sample scene.
func (p *program) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo DIR",
		Short: "Write the built-in sample scene and its job file",
		Long: `demo writes a synthetic scene of about 54 × 60 km to a new folder: two land-cover maps and those of the
years between, red-line zones, nature reserves, counties, an approved project, and the job file that runs them.
Nothing in it is real.
` + exitHelp,
		Example:           "  greenshield demo sample\n  greenshield run sample/job.yaml",
		ValidArgsFunction: completeFolder,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return redline.Faultf(redline.Usage, "no folder; name a new one: greenshield demo DIR")
			}
			return atMost(1, "demo takes one folder")(cmd, args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := gdalscene.Write(args[0], scene.Default()); err != nil {
				return redline.WithKind(redline.Output, err)
			}
			job := filepath.Join(args[0], scene.JobFile)
			p.printf("a synthetic scene is in %s; now run\n  greenshield run %s\n", args[0], shellQuote(job))
			return nil
		},
	}
}

// shellQuote quotes a path so that a shell takes it as one word.
func shellQuote(path string) string {
	plain := func(r rune) bool {
		return r == '/' || r == '.' || r == '-' || r == '_' ||
			r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r > 127
	}
	if path != "" && strings.IndexFunc(path, func(r rune) bool { return !plain(r) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

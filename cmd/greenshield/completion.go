package main

import (
	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/seeds"
)

// shells has the writer of a completion script for each shell, in the order in which help names them.
var shells = []struct {
	name  string
	write func(p *program, root *cobra.Command) error
}{
	{"bash", func(p *program, root *cobra.Command) error { return root.GenBashCompletionV2(p.stdout, true) }},
	{"zsh", func(p *program, root *cobra.Command) error { return root.GenZshCompletion(p.stdout) }},
	{"fish", func(p *program, root *cobra.Command) error { return root.GenFishCompletion(p.stdout, true) }},
}

// completionCommand returns the command that prints a completion script.
func (p *program) completionCommand() *cobra.Command {
	var names []string
	for _, s := range shells {
		names = append(names, s.name)
	}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print a script by which a shell completes commands and flags",
		Long: `completion prints a script for bash, zsh or fish. Once the shell has read it, the Tab key completes
commands, flags, job files, and the names of legends and rule tables. The Debian package installs
these scripts; elsewhere put them where your shell looks for them, as below.
` + exitHelp,
		Example: `  greenshield completion bash > ~/.local/share/bash-completion/completions/greenshield
  greenshield completion zsh > ~/.zfunc/_greenshield     # with fpath+=~/.zfunc before compinit
  greenshield completion fish > ~/.config/fish/completions/greenshield.fish`,
		ValidArgs: names,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return redline.Faultf(redline.Usage, "no shell; name one: greenshield completion bash, zsh or fish")
			}
			return atMost(1, "completion takes one shell")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, s := range shells {
				if s.name == args[0] {
					return s.write(p, cmd.Root())
				}
			}
			return redline.Faultf(redline.Usage, "unknown shell %q%s", args[0], redline.DidYouMean(args[0], names))
		},
	}
}

// completeJob completes the one argument of a command that takes a job file.
func completeJob(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

// completeFolder completes the one argument of a command that takes a folder.
func completeFolder(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completeNames makes the flags that take a shipped table complete its name; where no name fits, shells complete files.
func completeNames(cmd *cobra.Command) {
	for flag, names := range map[string][]string{
		"legend": seeds.Legends(), "before-legend": seeds.Legends(), "after-legend": seeds.Legends(),
		"rules": seeds.RuleTables(),
	} {
		// The only error is a flag that is not there.
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(names, cobra.ShellCompDirectiveDefault))
	}
}

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"greenshield/redline"
)

// manCommand returns the command that writes the manual pages.
func (p *program) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages of all commands",
		Long: `man writes a manual page of greenshield and one of each command to a folder, which it makes when it is
not there. Pages of the same names are replaced; they are in English. The Debian package installs them.
` + exitHelp,
		Example:           "  greenshield man ~/.local/share/man/man1\n  man greenshield-run",
		ValidArgsFunction: completeFolder,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return redline.Faultf(redline.Usage, "no folder; name one: greenshield man DIR")
			}
			return atMost(1, "man takes one folder")(cmd, args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			root := (&program{stdout: p.stdout, stderr: p.stderr}).rootCommand() // in English, whatever the locale
			err := os.MkdirAll(args[0], 0o777)
			for _, c := range withPages(root) {
				name := filepath.Join(args[0], pageName(c)+".1")
				err = errors.Join(err, os.WriteFile(name, []byte(manPage(c)), 0o666))
				if err != nil {
					return redline.WithKind(redline.Output, err)
				}
			}
			return nil
		},
	}
}

// withPages returns a command and all below it that have a page of their own.
func withPages(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, below := range documented(c) {
		all = append(all, withPages(below)...)
	}
	return all
}

// documented returns the commands right below a command that have a page of their own.
func documented(root *cobra.Command) (all []*cobra.Command) {
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			all = append(all, c)
		}
	}
	return all
}

// pageName returns the name of the page of a command, such as greenshield-run.
func pageName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// manPage returns the page of a command, made of its help, as man(7). Nothing in it but the release changes with time.
func manPage(c *cobra.Command) string {
	var b strings.Builder
	name := roff(pageName(c))
	fmt.Fprintf(&b, ".TH \"%s\" 1 \"\" \"greenshield %s\" \"Green Shield\"\n", strings.ToUpper(name), release)
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n.SH SYNOPSIS\n%s\n", name, roff(c.Short), roff(c.UseLine()))
	b.WriteString(".SH DESCRIPTION\n" + roffText(c.Long))
	b.WriteString(".SH OPTIONS\n")
	c.InitDefaultHelpFlag()
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			b.WriteString(roffFlag(f))
		}
	})
	if below := documented(c); len(below) > 0 {
		b.WriteString(".SH COMMANDS\n")
		for _, sub := range below {
			fmt.Fprintf(&b, ".TP\n\\fB%s\\fR(1)\n%s\n", roff(pageName(sub)), roff(sub.Short))
		}
	}
	b.WriteString(".SH EXAMPLES\n" + roffText(c.Example))
	if c.HasParent() {
		fmt.Fprintf(&b, ".SH SEE ALSO\n\\fB%s\\fR(1)\n", roff(pageName(c.Parent())))
	}
	return b.String()
}

// roffFlag returns a flag with its argument, usage and default.
func roffFlag(f *pflag.Flag) string {
	names := "\\fB\\-\\-" + roff(f.Name) + "\\fR"
	if f.Shorthand != "" {
		names = "\\fB\\-" + f.Shorthand + "\\fR, " + names
	}
	arg, usage := pflag.UnquoteUsage(f)
	if arg != "" {
		names += " \\fI" + roff(arg) + "\\fR"
	}
	if f.Value.Type() != "bool" && f.DefValue != "" {
		usage += " (default " + f.DefValue + ")"
	}
	return ".TP\n" + names + "\n" + roff(usage) + "\n"
}

// roffText returns a text of help: lines in capitals head a section, indented lines stay as they are, and others are
// filled into paragraphs that blank lines part.
func roffText(text string) string {
	var b strings.Builder
	asIs := false
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		line = strings.TrimSuffix(line, "\n")
		indented := strings.HasPrefix(line, " ")
		if asIs && !indented {
			b.WriteString(".fi\n")
		}
		switch {
		case indented && !asIs:
			b.WriteString(".nf\n" + roff(line) + "\n")
		case line == "":
			b.WriteString(".PP\n")
		case line == strings.ToUpper(line):
			b.WriteString(".SH " + roff(line) + "\n")
		default:
			b.WriteString(roff(line) + "\n")
		}
		asIs = indented
	}
	if asIs {
		b.WriteString(".fi\n")
	}
	return strings.ReplaceAll(b.String(), ".PP\n.SH", ".SH")
}

// roff escapes one line of text, so that it is shown as it is.
func roff(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(line)
	if strings.HasPrefix(line, ".") {
		return `\&` + line
	}
	return line
}

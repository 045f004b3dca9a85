package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"greenshield/redline"
	"greenshield/redline/language"
)

// chosenLanguage returns the words of the language that a command line asks for by --lang, else of that which the
// environment asks for. What completes for a shell is in English: its script was written without knowing the language.
func chosenLanguage(args []string, getenv func(string) string) (*language.Catalogue, error) {
	words := language.OfEnvironment(getenv)
	if len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd) {
		return nil, nil
	}
	for i, arg := range args {
		if arg == "--" {
			break
		}
		name, given := strings.CutPrefix(arg, "--lang=")
		if arg == "--lang" && i+1 < len(args) {
			name, given = args[i+1], true
		}
		if !given {
			continue
		}
		chosen, ok := language.Named(name)
		if !ok {
			return words, redline.Faultf(redline.Usage, "--lang: %q is no language here; write zh or en", name)
		}
		words = chosen
	}
	return words, nil
}

// translateHelp puts the help of a command and of those below it into the language of the terminal. Examples and names
// stay.
func (p *program) translateHelp(c *cobra.Command) {
	if p.words == nil {
		return
	}
	if !c.HasParent() {
		c.InitDefaultHelpCmd()
		c.SetUsageTemplate(p.usageTemplate(c.UsageTemplate()))
	}
	c.Short = p.words.Text(c.Short)
	blocks := strings.Split(c.Long, "\n\n")
	for i := range blocks {
		blocks[i] = p.words.Text(blocks[i])
	}
	c.Long = strings.Join(blocks, "\n\n")
	c.InitDefaultHelpFlag()
	for _, flags := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags()} {
		flags.VisitAll(p.translateFlag)
	}
	for _, below := range c.Commands() {
		p.translateHelp(below)
	}
}

// translateFlag translates the usage of a flag, with the default, which pflag would add in English.
func (p *program) translateFlag(f *pflag.Flag) {
	f.Usage = p.words.Text(f.Usage)
	switch f.DefValue {
	case "", "false", "0", "[]":
	default:
		f.Usage += p.words.Say(" (default %s)", f.DefValue)
		f.DefValue = "" // it is told; what pflag takes for none is 0 for a number
		switch f.Value.Type() {
		case "float64", "int", "int64", "uint64", "duration":
			f.DefValue = "0"
		case "stringSlice":
			f.DefValue = "[]"
		}
	}
}

// usageTemplate translates the headings of cobra's template for the usage of a command.
func (p *program) usageTemplate(template string) string {
	var pairs []string
	for _, heading := range []string{
		"Usage:", "Examples:", "Available Commands:", "Global Flags:", "Flags:",
		`Use "{{.CommandPath}} [command] --help" for more information about a command.`,
	} {
		pairs = append(pairs, heading, p.words.Word(heading))
	}
	return strings.NewReplacer(pairs...).Replace(template)
}

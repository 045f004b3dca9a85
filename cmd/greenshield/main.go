// Command greenshield compares two land-cover maps and lists, for every ecological
// red-line and nature-reserve zone, where the ground may have been changed by people:
// candidates (自动变化检测图斑) for a person to judge.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"greenshield/redline"
	"greenshield/redline/language"
)

func main() {
	p := &program{stdout: &results{w: os.Stdout}, stderr: os.Stderr, exit: os.Exit}
	ctx, ended := p.interruptible()
	status := p.execute(ctx, os.Args[1:])
	ended()
	os.Exit(status)
}

// execute runs one command line and returns the exit status.
func (p *program) execute(ctx context.Context, args []string) int {
	words, err := chosenLanguage(args, os.Getenv)
	if p.words = words; err != nil {
		p.tell(err)
		return exitStatus(err)
	}
	root := p.rootCommand()
	p.translateHelp(root)
	root.SetArgs(args)
	err = root.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil && !p.giveUp() {
		err = context.Cause(ctx)
	}
	if err == nil && p.stdout.err != nil {
		err = redline.Faultf(redline.Output, "standard output: cannot be written: %w; the results may be cut", p.stdout.err)
	}
	p.tell(err)
	return exitStatus(err)
}

// program is what the commands share.
type program struct {
	stdout *results
	stderr io.Writer
	words  *language.Catalogue // of the language of the terminal; JSON is English
	json   bool                // messages are JSON lines

	exit func(status int) // ends the program, also when it is at work

	mu    sync.Mutex
	abort func() (published bool) // what an interruption that takes too long must still do; nil for nothing
}

// exitStatus returns the exit status of an error, 0 for nil. Nothing else turns errors into exit statuses.
func exitStatus(err error) int {
	var stopped interrupted
	switch {
	case err == nil:
		return 0
	case errors.As(err, &stopped):
		return stopped.status()
	default:
		return int(redline.KindOf(err))
	}
}

// exitHelp ends the help of every command.
const exitHelp = `
EXIT STATUS
  0 complete                      14 it does not add up (please report this)
  1 internal error                15 output cannot be written
 10 command line, job, legend     16 another run works on the same folder
    or rules are wrong            17 a limit is exceeded
 11 a raster is unusable         130 interrupted by Ctrl-C
 12 a vector layer is unusable   143 stopped by SIGTERM or SIGHUP
 13 inputs do not fit together`

// rootCommand returns the command greenshield with all commands below it.
func (p *program) rootCommand() *cobra.Command {
	var showVersion bool
	root := &cobra.Command{
		Use:   "greenshield",
		Short: "Find where the ground changed inside red-line and reserve zones",
		Long: `greenshield compares two land-cover maps and lists, for every ecological red-line (生态保护红线)
and nature-reserve (自然保护地) zone, where the ground may have been changed by people.
What it lists are candidates (自动变化检测图斑): leads that a person has still to judge.`,
		Example:       "  greenshield demo sample\n  greenshield run sample/job.yaml",
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				p.printVersions()
				return nil
			}
			return cmd.Help()
		},
	}
	root.PersistentFlags().String("lang", "", "messages and help in `LANG`, zh or en, whatever the locale says")
	root.Flags().BoolVar(&showVersion, "version", false, "print the versions of greenshield and its libraries")
	root.AddCommand(p.runCommand(), p.checkCommand(), p.seriesCommand(), p.planCommand(),
		p.shardCommand(), p.mergeCommand(), p.yearlyCommand(),
		p.scheduleCommand(), p.ledgerCommand(), p.demoCommand(),
		p.legendsCommand(), p.rulesCommand(), p.priorityCommand(), p.serveCommand(), p.versionCommand(),
		p.completionCommand(), p.manCommand())
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	root.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return redline.Faultf(redline.Usage, "unknown command %q%s", args[0], redline.DidYouMean(args[0], names))
		}
		return nil
	}
	root.CompletionOptions.DisableDefaultCmd = true // in favour of ours, which speaks as the other commands do
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetFlagErrorFunc(flagFault)
	return root
}

// flagFault says what is wrong with the flags of a command.
func flagFault(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var valid []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { valid = append(valid, "--"+f.Name) })
		name := "--" + unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			name = name[1:]
		}
		return redline.Faultf(redline.Usage, "unknown flag %s%s", name, redline.DidYouMean(name, valid))
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) && !errors.Is(err, strconv.ErrRange) {
		name, value := invalid.GetFlag().Name, invalid.GetValue()
		switch invalid.GetFlag().Value.Type() {
		case "int", "int64", "intSlice":
			return redline.Faultf(redline.Usage, "--%s: %q is not a whole number", name, value)
		case "float64":
			return redline.Faultf(redline.Usage, "--%s: %q is not a number", name, value)
		case "bool":
			return redline.Faultf(redline.Usage, "--%s: %q is neither true nor false", name, value)
		case "duration":
			return redline.Faultf(redline.Usage, "--%s: %q is no time; write a number and its unit, such as 30m or 2h",
				name, value)
		}
	}
	return redline.Faultf(redline.Usage, "%w; see %s --help", err, cmd.CommandPath())
}

// atMost refuses more than n arguments; hint ends the message.
func atMost(n int, hint string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > n {
			return redline.Faultf(redline.Usage, "unexpected argument %q; %s", args[n], hint)
		}
		return nil
	}
}

// tell writes an error to stderr, joined ones line by line. It writes nothing of nil and of an error in the results.
func (p *program) tell(err error) {
	var inResults alreadyTold
	if err == nil || errors.As(err, &inResults) {
		return
	}
	for _, e := range redline.Faults(err) {
		p.event("error", fields{"code": exitStatus(e), "message": e.Error()}, "greenshield: "+p.words.Text(e.Error()))
	}
}

// alreadyTold is an error that stands in the results on stdout.
type alreadyTold struct{ error }

// Unwrap returns the error itself.
func (e alreadyTold) Unwrap() error { return e.error }

// results is standard output.
type results struct {
	w   io.Writer
	err error // the first of writing
}

// Write writes to standard output and remembers the first error.
func (r *results) Write(b []byte) (int, error) {
	n, err := r.w.Write(b)
	if r.err == nil {
		r.err = err
	}
	return n, err
}

// interrupted is why a context ended.
type interrupted struct{ signal os.Signal }

func (i interrupted) Error() string { return "stopped: " + i.signal.String() }

func (i interrupted) status() int {
	if i.signal == os.Interrupt {
		return 130
	}
	return 143
}

// patience is how long a run may take to stop. Reading a large layer cannot be
// interrupted; after that the program cleans up without it.
const patience = 1500 * time.Millisecond

// interruptible returns a context that the first signal ends. The second one kills. Once
// the command has ended, signals do nothing: what it has published is not to look failed.
func (p *program) interruptible() (ctx context.Context, ended func()) {
	// A broken pipe and a file too large are errors of the write, not of the process.
	signal.Ignore(syscall.SIGPIPE, syscall.SIGXFSZ)
	stops := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		stops = append(stops, syscall.SIGHUP)
	}
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, stops...)
	return p.obey(caught, func() { signal.Reset(stops...) })
}

// obey returns a context that the first signal caught ends, after it has called reset. When the command has not ended
// within [patience] after that, obey aborts what the command has begun and ends the program; but when the command turns
// out to have published its result, it is left to end as it would.
func (p *program) obey(caught <-chan os.Signal, reset func()) (ctx context.Context, ended func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	done := make(chan struct{})
	go func() {
		select {
		case s := <-caught:
			reset()
			cancel(interrupted{s})
			select {
			case <-done:
			case <-time.After(patience):
				if !p.giveUp() {
					p.tell(interrupted{s})
					p.exit(interrupted{s}.status())
				}
			}
		case <-done:
		}
	}()
	return ctx, func() { close(done) }
}

// onInterrupt sets what must be done when the program stops without the command.
func (p *program) onInterrupt(abort func() (published bool)) {
	p.mu.Lock()
	p.abort = abort
	p.mu.Unlock()
}

// giveUp aborts what the command has begun and reports whether the result is published all the same.
func (p *program) giveUp() (published bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.abort != nil && p.abort()
}

package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/record"
)

// ledgerExport returns the command that writes the whole ledger as lines of JSON.
func (p *program) ledgerExport(o *ledgerOptions) *cobra.Command {
	return &cobra.Command{
		Use:   "export FILE",
		Short: "Write the whole ledger to a file that import reads, NDJSON",
		Long: `export writes every event and every detection of the ledger, and where its chain of hashes ends, as lines of
JSON to a new file; - stands for standard output. The same ledger gives the same bytes whichever store it
is in, so that a file that is kept elsewhere shows later that nothing was changed.
` + exitHelp,
		Example: "  greenshield ledger export 2026-12-31.ndjson",
		Args:    oneFile("export"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.readLedger(cmd.Context(), o, func(s ledger.Store) error {
				if args[0] == "-" {
					return ledger.Export(cmd.Context(), s, p.stdout)
				}
				err := writeNew(args[0], func(w io.Writer) error { return ledger.Export(cmd.Context(), s, w) })
				if err != nil {
					return err
				}
				return p.tellHead(cmd, s, args[0])
			})
		},
	}
}

// oneFile asks for one argument, a file.
func oneFile(command string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return redline.Faultf(redline.Usage, "no file; name one: greenshield ledger %s FILE", command)
		}
		return atMost(1, command+" takes one file")(cmd, args)
	}
}

// writeNew writes a new file, whole or not at all. A file of that name is left alone.
func writeNew(path string, fill func(w io.Writer) error) error {
	if _, err := os.Lstat(path); err == nil {
		return redline.Faultf(redline.Output, "%s: there is such a file already; name a new one", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".greenshield-")
	if err != nil {
		return redline.WithKind(redline.Output, err)
	}
	defer os.Remove(f.Name()) // it is gone when all went well
	err = cmp.Or(fill(f), f.Chmod(0o644), f.Sync())
	if err = cmp.Or(err, f.Close()); err == nil {
		err = os.Link(f.Name(), path)
	}
	return redline.WithKind(redline.Output, err)
}

// tellHead tells what was written where, and where the chain of the ledger ends.
func (p *program) tellHead(cmd *cobra.Command, s ledger.Store, path string) error {
	head, err := s.Head(cmd.Context())
	if err != nil {
		return err
	}
	return p.sayHead(head, path)
}

// sayHead tells what was written where, by the head of the ledger.
func (p *program) sayHead(head ledger.Head, path string) error {
	if p.json {
		return p.printJSON(fields{"status": "written", "file": path, "head": head})
	}
	p.printf("%s written: %s, the last with the hash %s\n", path, p.plural(int(head.Seq), "event"), head.Hash)
	return nil
}

// ledgerImport returns the command that makes a ledger of an export.
func (p *program) ledgerImport(o *ledgerOptions) *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Make a new ledger of what export wrote",
		Long: `import reads what export wrote into a new ledger, which --ledger names. A file that was cut off, or in which
anything was changed, is refused, and no ledger is made.
` + exitHelp,
		Example: "  greenshield ledger import 2026-12-31.ndjson --ledger copy.gpkg",
		Args:    oneFile("import"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return redline.WithKind(redline.Usage, err)
			}
			defer f.Close()
			head, err := ledger.CheckExport(record.ContextReader{Context: cmd.Context(), Reader: f})
			if err != nil {
				return redline.Faultf(redline.Incompatible, "%s: %w", args[0], err)
			}
			if dryRun {
				return p.sayHead(head, shownPlace(o.place))
			}
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				return redline.WithKind(redline.Usage, err)
			}
			s, err := p.createLedger(cmd.Context(), o.place)
			if err != nil {
				return err
			}
			err = ledger.Import(cmd.Context(), s, f)
			if err == nil {
				err = p.tellHead(cmd, s, shownPlace(o.place))
			}
			return redline.WithKind(redline.Output, cmp.Or(err, s.Close()))
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be written, and write nothing")
	return cmd
}

// ledgerVerify returns the command that finds what was changed behind the back of the program.
func (p *program) ledgerVerify(o *ledgerOptions) *cobra.Command {
	limit := 0
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Find out whether anything in the ledger was changed behind its back",
		Long: `verify reads the whole ledger and computes all of it anew: the hash of each event and each detection, and the
state of each case. It lists every row that is not as the events say, up to --limit, and counts all of
them; the exit status is then 14. Whoever rewrites the whole chain is found out only by an older export,
or an older hash of the last event: keep one.
` + exitHelp,
		Example: "  greenshield ledger verify\n  greenshield ledger verify --json --limit 100000",
		Args:    atMost(0, "verify takes none; name the ledger by --ledger"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return redline.Faultf(redline.Usage, "--limit: %d is no number of problems; write 1 or more", limit)
			}
			return p.readLedger(cmd.Context(), o, func(s ledger.Store) error { return p.verify(cmd.Context(), s, limit) })
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 1000, "list at most `N` problems")
	return cmd
}

// verify lists problems of a ledger up to a limit, and counts all.
func (p *program) verify(ctx context.Context, s ledger.Store, limit int) error {
	found, problems := 0, []string{}
	err := ledger.Verify(ctx, s, func(problem string) {
		if found++; found <= limit {
			problems = append(problems, problem)
		}
	})
	if err != nil {
		return err
	}
	head, err := s.Head(ctx)
	if err != nil && found == 0 {
		return err
	}
	if p.json {
		if err := p.printJSON(fields{"problems": problems, "found": found, "head": head}); err != nil {
			return err
		}
	} else {
		for _, problem := range problems {
			p.printf("%s\n", p.words.Text(problem))
		}
		if found > 0 {
			p.printf("%s, %d of them listed\n", p.plural(found, "problem"), len(problems))
		} else {
			p.printf("nothing was changed: %s, the last with the hash %s\n", p.plural(int(head.Seq), "event"), head.Hash)
		}
	}
	if found > 0 {
		return alreadyTold{redline.WithKind(redline.Unbalanced, errors.New(problems[0]))}
	}
	return nil
}

// ledgerBackup returns the command that copies the ledger.
func (p *program) ledgerBackup(o *ledgerOptions) *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a whole copy of the ledger to a new file",
		Long: `backup writes a copy of the ledger, as it is at one moment, to a new file, also while others work with the
ledger. The copy is a ledger: name it by --ledger, or put it in the place of one that was lost.
` + exitHelp,
		Example: "  greenshield ledger backup /mnt/backup/ledger-2026-12-31.gpkg",
		Args:    oneFile("backup"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.readLedger(cmd.Context(), o, func(s ledger.Store) error {
				if err := s.Backup(cmd.Context(), args[0]); err != nil {
					return redline.WithKind(redline.Output, err)
				}
				return p.tellHead(cmd, s, args[0])
			})
		},
	}
}

package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgergpkg"
)

// ledgerQGIS returns the command that writes a project over the ledger.
func (p *program) ledgerQGIS(o *ledgerOptions) *cobra.Command {
	var day string
	var counties []string
	var replace bool
	cmd := &cobra.Command{
		Use:   "qgis [FILE.qgz]",
		Short: "Write a project that shows the ledger in QGIS",
		Long: `qgis writes a project, ledger.qgz beside ledger.gpkg unless a file is named, that shows the cases of the
ledger in QGIS: by state, by severity, those that are overdue on --day, rebounds, false rectifications,
each as a group of layers and as a theme. The form of a case has what was said of it. The project shows
the ledger as it is whenever it is opened, and changes nothing in it.
` + exitHelp,
		Example: "  greenshield ledger qgis --day 2026-12-31\n  greenshield ledger qgis 东至县.qgz --county 341721",
		Args:    atMost(1, "qgis takes one file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if isDatabase(o.place) {
				return redline.Faultf(redline.Usage, "%s: is a database, and qgis writes the project of a file; in QGIS add "+
					"the layer ledger.judging of the database", shownPlace(o.place))
			}
			v, err := viewOf(day, counties)
			if err != nil {
				return err
			}
			path := strings.TrimSuffix(o.place, filepath.Ext(o.place)) + ".qgz"
			if len(args) > 0 {
				path = args[0]
			}
			if v.Source, err = besides(path, o.place); err != nil {
				return err
			}
			return p.readLedger(cmd.Context(), o, func(s ledger.Store) error {
				write := func(w io.Writer) error { return s.(*ledgergpkg.Store).Project(cmd.Context(), w, v) }
				if err := writeProject(path, replace, write); err != nil {
					return err
				}
				return p.tellHead(cmd, s, path)
			})
		},
	}
	cmd.Flags().StringVar(&day, "day", "", "the `DAY` on which something is overdue; today without it")
	cmd.Flags().StringSliceVar(&counties, "county", nil,
		"only cases in counties whose `CODES` are or begin so: 3417 for a city")
	cmd.Flags().BoolVar(&replace, "replace", false, "replace a project of that name")
	return cmd
}

// viewOf returns what a project shows.
func viewOf(day string, counties []string) (v ledgergpkg.View, err error) {
	v = ledgergpkg.View{Day: ledger.DayOf(time.Now()), Counties: counties}
	for _, code := range counties {
		if code == "" || strings.ContainsAny(code, "|\x00") {
			return v, redline.Faultf(redline.Usage, "%q is no code of a county; write such as --county 341721", code)
		}
	}
	if day != "" {
		v.Day, err = ledger.ParseDate(day)
	}
	return v, redline.WithKind(redline.Usage, err)
}

// besides returns the path of a file from the folder of a project, as QGIS writes it.
func besides(project, file string) (string, error) {
	from, err := filepath.Abs(filepath.Dir(project))
	if err != nil {
		return "", err
	}
	to, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	if strings.Contains(to, "|") {
		return "", redline.Faultf(redline.Usage, "%s: QGIS opens no path in which | stands; rename it", file)
	}
	path, err := filepath.Rel(from, to)
	return "./" + filepath.ToSlash(path), err
}

// writeProject writes a project, whole or not at all. Only with replace it takes the place of an earlier one.
func writeProject(path string, replace bool, fill func(w io.Writer) error) error {
	if !replace {
		return writeNew(path, fill)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".greenshield-")
	if err != nil {
		return redline.WithKind(redline.Output, err)
	}
	defer os.Remove(f.Name()) // it is gone when all went well
	if err = fill(f); err == nil {
		err = f.Chmod(0o644)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return redline.WithKind(redline.Output, err)
}

package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/lake"
)

// readEvidence reads the document in a file.
func readEvidence(path string) (_ *etl.Evidence, err error) {
	f, err := openNamed(path)
	if err != nil {
		return nil, fmt.Errorf("--against: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	e, err := etl.ReadEvidence(bufio.NewReader(f))
	if err != nil {
		return nil, fmt.Errorf("--against %s: %w", path, err)
	}
	return e, nil
}

// writeEvidence writes the document of a lake to a file, which is not there yet: a
// document that was kept is not written over. One that cannot be written whole is removed.
func writeEvidence(cmd *cobra.Command, l *lake.Lake, previous *etl.Evidence, path string) (_ *etl.Evidence, err error) {
	f, undo, err := createNamed(path)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("--evidence: %s is there already: name one with the day in it", path)
	}
	if err != nil {
		return nil, fmt.Errorf("--evidence: %w", err)
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			_ = undo() // half of a document is none
		}
	}()
	root := ""
	if previous != nil {
		root = previous.Root
	}
	to := bufio.NewWriter(f)
	e, err := etl.WriteEvidence(cmd.Context(), l, time.Now(), Engine(), root, to)
	if err == nil {
		err = to.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	return e, err
}

func printComparison(out io.Writer, c *etl.Comparison) {
	_, _ = fmt.Fprintf(out, "Of %s files with %s rows in the document, %s have the same rows.\n", number(c.Files), number(c.Rows), number(c.Same))
	if c.Expired > 0 {
		_, _ = fmt.Fprintf(out, "Retention removed %s with %s, of dates before %s: see whether that is what you have ordered.\n",
			plural(int(c.Expired), "file"), plural(int(c.ExpiredRows), "row"), shown(c.Horizon))
	}
	if c.Overwritten > 0 {
		_, _ = fmt.Fprintf(out, "%s of them were delivered again since.\n", number(c.Overwritten))
	}
	if c.Superseded > 0 {
		_, _ = fmt.Fprintf(out, "%s of the delivered files have been taken out there since, and bronze has them still: Databricks does not do that.\n", plural(int(c.Superseded), "line"))
	}
	if c.Added > 0 {
		_, _ = fmt.Fprintf(out, "%s came since.\n", plural(int(c.Added), "file"))
	}
	printProblems(out, c.Problems, c.More)
}

func printProblems(out io.Writer, problems []string, more int) {
	for _, p := range problems {
		_, _ = fmt.Fprintln(out, "PROBLEM", shown(p))
	}
	if more > 0 {
		_, _ = fmt.Fprintf(out, "and %d more\n", more)
	}
}

package command

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/cmd/otklik/internal/importer"
	"github.com/otklik/otklik/libs/sheet"
)

// importFlags are the flags of `otklik import`.
type importFlags struct {
	mapping, refused, state       string
	dryRun, allowRefused, restart bool
	batch, inFlight               int
	retryFor                      time.Duration
}

// NewImportCommand returns `otklik import`.
func NewImportCommand(env Env) *cobra.Command {
	var flags importFlags
	cmd := &cobra.Command{
		Use:   "import --mapping FILE DATA.csv[.gz]",
		Short: "Load answers from a CSV file through the public API",
		Long: `Load answers from a CSV file (plain or gzip, "-" for standard input) through the public API.

The mapping file says which column answers which question, which codes mean that there is no answer, how the time and the identifier of a
response are made, and what its circumstances were; examples/README.md describes it. The survey is created and published when it does not
exist; one that exists must fit.

Identifiers come from the file, so that a second import of the same file adds nothing: rows that the server has already are counted as
replayed. An import that was interrupted goes on where it stopped when the same command is run again.

A row with a value that the mapping cannot use is refused and listed with its line, column, value and reason (--refused FILE); what can be
used is loaded. The exit code is 5 when rows were refused, unless --allow-refused is given.`,
		Example: `  otklik import --mapping examples/sfo_airport/2017.yaml sfo_2017.csv.gz
  otklik import --mapping shop.yaml --dry-run --refused refused.csv answers.csv`,
		Args: exactly("DATA.csv"),
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.StringVar(&flags.mapping, "mapping", "", "mapping file (needed)")
	f.StringVar(&flags.refused, "refused", "", "write refused rows to this file: .csv, .json or .jsonl")
	f.BoolVar(&flags.dryRun, "dry-run", false, "check the whole file against the mapping, send nothing")
	f.BoolVar(&flags.allowRefused, "allow-refused", false, "exit with 0 although rows were refused")
	f.BoolVar(&flags.restart, "restart", false, "begin with the first row although an interrupted import could go on")
	f.StringVar(&flags.state, "state", "", "file that keeps how far the import has come (default: one in ~/.local/state/otklik/imports)")
	f.IntVar(&flags.batch, "batch", importer.DefaultBatchRows, "rows in a call, up to 1,000")
	f.IntVar(&flags.inFlight, "in-flight", importer.DefaultInFlight, "calls under way at a time")
	f.DurationVar(&flags.retryFor, "retry-for", importer.DefaultRetryFor, "how long to try again while the server is unavailable or overloaded")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		switch {
		case flags.mapping == "":
			return exit.Usagef("--mapping is needed")
		case flags.batch < 1 || flags.batch > importer.MaxBatchRows:
			return exit.Usagef("--batch must be 1 to %d", importer.MaxBatchRows)
		case flags.inFlight < 1 || flags.inFlight > 64:
			return exit.Usagef("--in-flight must be 1 to 64")
		}
		return c.importFile(ctx, flags, args[0])
	})
	return cmd
}

// importJob is one import under way.
type importJob struct {
	*call
	flags     importFlags
	mapping   *importer.Mapping
	data      *dataFile
	target    importer.Target
	source    *sheet.Source
	converter *importer.Converter
	statePath string
	identity  string
}

func (c *call) importFile(ctx context.Context, flags importFlags, path string) error {
	j := &importJob{call: c, flags: flags}
	var err error
	if j.mapping, err = readMapping(flags.mapping); err != nil {
		return err
	}
	if j.data, err = openData(path, c.cmd.InOrStdin()); err != nil {
		return err
	}
	defer func() { _ = j.data.close() }()
	if j.source, err = importer.OpenSource(j.data, j.mapping.CSV); err != nil {
		return &exit.Error{Code: exit.Usage, Err: fmt.Errorf("%s: %w", path, err)}
	}
	// The header is checked before anything is created on the server.
	if j.converter, err = importer.NewConverter(j.mapping, j.source.Header(), ""); err != nil {
		return &exit.Error{Code: exit.Usage, Err: fmt.Errorf("%s: %w", path, err)}
	}
	if flags.dryRun {
		if _, err := j.mapping.Questionnaire(); err != nil {
			fmt.Fprintf(c.cmd.ErrOrStderr(), "note: %v\n", err)
		}
		return j.run(ctx, nil)
	}
	conn, err := c.connect()
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if j.target, err = importer.Prepare(ctx, conn.Survey, j.mapping); err != nil {
		var misfit *importer.MisfitError
		if errors.As(err, &misfit) {
			return &exit.Error{Code: exit.Usage, Err: err}
		}
		return err
	}
	if j.converter, err = importer.NewConverter(j.mapping, j.source.Header(), j.target.Revision); err != nil {
		return err
	}
	if err := j.identify(); err != nil {
		return err
	}
	return j.run(ctx, conn)
}

// run imports the file and tells what happened. conn is nil for a dry run.
func (j *importJob) run(ctx context.Context, conn *client.Connection) error {
	o := importer.Options{
		Source: j.source, Converter: j.converter, BatchRows: j.flags.batch, InFlight: j.flags.inFlight, RetryFor: j.flags.retryFor,
	}
	if conn != nil {
		o.Client = conn.Survey
	}
	if err := j.resume(&o); err != nil {
		return err
	}
	progress := newImportProgress(j.env, j.cmd.ErrOrStderr(), j.data)
	if o.Start != nil {
		progress.first = o.Start.Row
	}
	o.Progress = progress.update
	summary, err := importer.Run(ctx, o)
	progress.end()
	if o.Report != nil {
		err = errors.Join(err, o.Report.Close())
	}
	if err == nil && j.statePath != "" {
		err = importer.RemoveCheckpoint(j.statePath)
	}
	summary.Created = j.target.Created
	if printing := j.printSummary(summary, err); printing != nil {
		return errors.Join(err, printing)
	}
	switch {
	case errors.Is(err, importer.ErrInterrupted):
		return &exit.Error{Code: exit.Interrupted, Err: err, Advice: "run the same command again to go on"}
	case err != nil:
		return &exit.Error{Err: err, Advice: j.goOn()}
	case summary.Rows.Refused > 0 && !j.flags.allowRefused:
		advice := "--refused FILE lists them"
		if j.flags.refused != "" {
			advice = j.flags.refused + " lists them"
		}
		return &exit.Error{Code: exit.Incomplete, Err: fmt.Errorf("%d of %d rows were refused", summary.Rows.Refused, summary.Rows.Read), Advice: advice}
	}
	return nil
}

func (j *importJob) goOn() string {
	if j.flags.dryRun {
		return ""
	}
	return "what was acknowledged is stored; run the same command again to go on"
}

// identify finds the state file and the identity of this import. What comes from standard input cannot go on.
func (j *importJob) identify() error {
	if j.data.file == nil {
		return nil
	}
	mapping, err := os.ReadFile(j.flags.mapping)
	if err != nil {
		return fmt.Errorf("read the mapping: %w", err)
	}
	report, err := filepath.Abs(j.flags.refused)
	if err != nil {
		return fmt.Errorf("find the report: %w", err)
	}
	j.identity, err = importer.Identity(io.NewSectionReader(j.data.file, 0, j.data.size), j.data.size, j.data.modified,
		string(mapping), report, j.target.Survey.GetName(), j.target.Survey.GetCreateTime().AsTime().String(), j.target.Revision)
	if err != nil {
		return err
	}
	if j.statePath = j.flags.state; j.statePath != "" {
		return nil
	}
	folder := j.env.Getenv("XDG_STATE_HOME")
	if folder == "" {
		home := j.env.Getenv("HOME")
		if home == "" {
			return nil
		}
		folder = filepath.Join(home, ".local", "state")
	}
	data, err := filepath.Abs(j.data.file.Name())
	if err != nil {
		return fmt.Errorf("find the file: %w", err)
	}
	// One state for each file and survey: another mapping or a changed file begins anew.
	name := sha256.Sum256([]byte(data + "\x00" + j.target.Survey.GetName()))
	j.statePath = filepath.Join(folder, "otklik", "imports", hex.EncodeToString(name[:8])+".json")
	return nil
}

// resume makes the import go on where it stopped, and keeps how far it comes.
func (j *importJob) resume(o *importer.Options) error {
	var offset, count int64
	if j.statePath != "" && !j.flags.restart {
		start, err := importer.LoadCheckpoint(j.statePath, j.identity, j.converter)
		if err != nil {
			return err
		}
		if o.Start = start; start != nil {
			offset, count = start.ReportOffset, start.ReportCount
			fmt.Fprintf(j.cmd.ErrOrStderr(), "going on behind row %d; --restart begins anew\n", start.Row)
		}
	}
	if j.statePath != "" {
		failed := false
		o.Save = func(c importer.Checkpoint) error {
			c.Identity = j.identity
			if err := importer.SaveCheckpoint(j.statePath, c); err != nil && !failed {
				// Without it an interrupted import begins anew and replays: slower, and as right.
				failed = true
				fmt.Fprintf(j.cmd.ErrOrStderr(), "note: how far the import has come cannot be kept: %v\n", err)
			}
			return nil
		}
	}
	if j.flags.refused == "" {
		return nil
	}
	var err error
	o.Report, err = importer.OpenReport(j.flags.refused, offset, count)
	return err
}

func readMapping(path string) (*importer.Mapping, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, exit.Usagef("open the mapping: %w", err)
	}
	defer file.Close()
	m, err := importer.ParseMapping(file)
	if err != nil {
		return nil, exit.Usagef("%s: %w", path, err)
	}
	return m, nil
}

// dataFile is the file that is imported; it counts how much of it was read.
type dataFile struct {
	in       io.Reader
	file     *os.File
	size     int64
	modified time.Time
	read     counter
}

func openData(path string, stdin io.Reader) (*dataFile, error) {
	if path == "-" {
		return &dataFile{in: stdin}, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, exit.Usagef("open the data: %w", err)
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder")
	}
	if err != nil {
		return nil, errors.Join(exit.Usagef("open the data: %w", err), file.Close())
	}
	d := &dataFile{in: file, size: info.Size(), modified: info.ModTime()}
	if info.Mode().IsRegular() {
		d.file = file
	}
	return d, nil
}

// Read reads and counts.
func (d *dataFile) Read(p []byte) (int, error) {
	n, err := d.in.Read(p)
	d.read.add(int64(n))
	return n, err
}

func (d *dataFile) close() error {
	if closer, ok := d.in.(io.Closer); ok && d.file != nil {
		return closer.Close()
	}
	return nil
}

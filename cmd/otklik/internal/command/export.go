package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/cmd/otklik/internal/export"
)

// exportFlags are the flags of `otklik export`.
type exportFlags struct {
	survey, format, output, from, to, timeZone string
	attributes                                 []string
	after                                      int64
	resume, overwrite, raw                     bool
}

// NewExportCommand returns `otklik export`.
func NewExportCommand(env Env) *cobra.Command {
	var flags exportFlags
	cmd := &cobra.Command{
		Use:   "export --survey SURVEY [-o FILE]",
		Short: "Write a survey's responses to CSV or JSON lines",
		Long: `Write a survey's responses to CSV or JSON lines, in the order in which they were accepted, one at a time.

CSV has a column answer.ID for each question, comment.ID for its comments, and columns for the context and the times (in UTC). The options of
an answer are joined by "|". Texts that a spreadsheet would take for a formula begin with an apostrophe; --raw leaves them as they are.
JSON lines (--format jsonl, or --json) are what the REST API streams.

An export that was cut off goes on: with --resume behind the last whole row of FILE, otherwise with --after POSITION, which the command prints.`,
		Example: `  otklik export --survey shop -o shop.csv
  otklik export --survey shop -o shop.csv --resume
  otklik export --survey shop --format jsonl --from 2026-03 | gzip > march.jsonl.gz`,
		Args: exactly(),
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.StringVar(&flags.survey, "survey", "", "the survey (needed)")
	f.StringVar(&flags.format, "format", "", "csv or jsonl (default: by the end of FILE, otherwise csv)")
	f.StringVarP(&flags.output, "output", "o", "", "file to write (default: standard output)")
	f.StringSliceVar(&flags.attributes, "attribute", nil, "attribute of the context that gets a CSV column of its own; all are in the column attributes")
	f.StringVar(&flags.from, "from", "", "begin of the period, for example 2026-03-01 (default: open)")
	f.StringVar(&flags.to, "to", "", "end of the period, which does not belong to it (default: open)")
	f.StringVar(&flags.timeZone, "time-zone", "", "time zone of --from and --to (default: UTC)")
	f.Int64Var(&flags.after, "after", 0, "begin behind this position")
	f.BoolVar(&flags.resume, "resume", false, "go on behind the last whole row of FILE")
	f.BoolVar(&flags.overwrite, "overwrite", false, "write over FILE if it exists")
	f.BoolVar(&flags.raw, "raw", false, "CSV: leave texts that look like formulas as they are")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		if err := flags.check(c.json); err != nil {
			return err
		}
		return c.export(ctx, flags)
	})
	return cmd
}

func (f *exportFlags) check(json bool) error {
	switch {
	case f.survey == "":
		return exit.Usagef("--survey is needed")
	case f.resume && f.output == "":
		return exit.Usagef("--resume needs --output FILE")
	case f.resume && (f.overwrite || f.after != 0):
		return exit.Usagef("--resume goes neither with --overwrite nor with --after")
	case f.after < 0:
		return exit.Usagef("--after must not be negative")
	}
	if f.format == "" {
		f.format = string(export.CSV)
		if end := strings.ToLower(filepath.Ext(f.output)); json || end == ".jsonl" || end == ".ndjson" {
			f.format = string(export.JSONL)
		}
	}
	if f.format != string(export.CSV) && f.format != string(export.JSONL) {
		return exit.Usagef("--format must be csv or jsonl, not %q", f.format)
	}
	if json && f.format == string(export.CSV) {
		return exit.Usagef("--json goes with --format jsonl only")
	}
	return nil
}

func (c *call) export(ctx context.Context, flags exportFlags) error {
	period, err := parsePeriod(flags.from, flags.to, flags.timeZone)
	if err != nil {
		return err
	}
	conn, err := c.connect()
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	out, err := c.openExport(ctx, conn, flags)
	if err != nil {
		return err
	}
	started := c.env.Now()
	ticker := newTicker(c.env, c.cmd.ErrOrStderr(), "exported")
	result, err := export.Run(ctx, export.Options{
		Client: conn.Survey, Survey: surveyName(flags.survey), After: out.after, Period: period, Writer: out.writer, Progress: ticker.tick,
	})
	ticker.end()
	err = errors.Join(err, out.close())
	if err == nil || (result.Written > 0 && !c.json) {
		// The output is for the data: what happened goes beside it.
		fmt.Fprintf(c.cmd.ErrOrStderr(), "%d responses in %s; last position %d\n", result.Written, c.env.Now().Sub(started).Round(time.Millisecond), result.Position)
	}
	if err == nil || result.Written == 0 {
		return err
	}
	advice := fmt.Sprintf("to go on, run the same command with --after %d", result.Position)
	if flags.output != "" {
		advice = "to go on, run the same command with --resume"
	}
	return &exit.Error{Err: err, Advice: advice}
}

// exportOutput is where an export goes and where it begins.
type exportOutput struct {
	writer export.Writer
	after  int64
	close  func() error
}

func (c *call) openExport(ctx context.Context, conn *client.Connection, flags exportFlags) (*exportOutput, error) {
	out := &exportOutput{after: flags.after, close: func() error { return nil }}
	var columns *export.Columns
	if flags.format == string(export.CSV) {
		var err error
		if columns, err = export.FindColumns(ctx, conn.Survey, surveyName(flags.survey), flags.attributes); err != nil {
			return nil, err
		}
	}
	target := c.out()
	withHeader := true
	if flags.output != "" {
		file, offset, err := openOutput(flags, columns, &out.after)
		if err != nil {
			return nil, err
		}
		target, withHeader, out.close = file, offset == 0, file.Close
	}
	if columns == nil {
		out.writer = export.NewJSONL(target)
		return out, nil
	}
	var err error
	out.writer, err = export.NewCSV(target, columns, flags.raw, withHeader)
	return out, err
}

// openOutput opens the file, at its end when the export goes on in it; then it sets the position behind which to begin.
func openOutput(flags exportFlags, columns *export.Columns, after *int64) (file *os.File, offset int64, err error) {
	mode := os.O_RDWR | os.O_CREATE
	switch {
	case flags.resume:
	case flags.overwrite:
		mode |= os.O_TRUNC
	default:
		mode |= os.O_EXCL
	}
	// Answers are not for everybody.
	file, err = os.OpenFile(flags.output, mode, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, 0, exit.Usagef("%s exists: state --resume to go on in it or --overwrite to write over it", flags.output)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("open the output: %w", err)
	}
	if !flags.resume {
		return file, 0, nil
	}
	if *after, offset, err = lastOf(file, columns); err == nil {
		err = file.Truncate(offset)
	}
	if err == nil {
		_, err = file.Seek(offset, io.SeekStart)
	}
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("go on in %s: %w", flags.output, err), file.Close())
	}
	return file, offset, nil
}

func lastOf(file *os.File, columns *export.Columns) (position, offset int64, err error) {
	if columns == nil {
		return export.LastJSONL(file)
	}
	info, err := file.Stat()
	if err != nil {
		return 0, 0, err
	}
	return export.LastCSV(file, info.Size(), columns)
}

package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/libs/pause"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// exportLook is the wait between looks at how far an export has come.
const exportLook = 500 * time.Millisecond

// newReportExport returns `otklik report export`.
func newReportExport(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export --survey SURVEY -o FILE",
		Short: "Have the server write responses, comments, scores and more to CSV, XLSX or JSON lines, and download the file",
		Long: `Have the server write rows to a file in the background, wait until it is done, and download it. Interrupted, the export goes on: see otklik report exports.
Columns of responses are those of otklik export, those of other kinds are in docs/reporting.md; without --columns all that you may see. Texts that a spreadsheet would
take for formulas begin with an apostrophe in CSV and are marked as texts in XLSX.`,
		Example: `  otklik report export --survey checkout --from 2026-03 --to 2026-04 -o march.xlsx
  otklik report export --survey checkout --columns response_id,location,answer.recommend -o nps.csv
  otklik report export --kind comments --survey checkout --filter 'sentiment = negative' -o complaints.csv
  otklik report export --kind scores --survey checkout --metric nps --by location --grain month -o nps-by-store.xlsx
  otklik report export --kind operations --records visitors --from 2026-03 -o visitors.csv`,
		Args: exactly(),
	}
	c := newCall(env, cmd)
	var flags orderFlags
	var overwrite bool
	flags.add(cmd.Flags())
	cmd.Flags().StringVarP(&flags.output, "output", "o", "", "file to write; without it the export is asked for, and not waited for")
	cmd.Flags().BoolVar(&overwrite, "overwrite", false, "write over FILE if it exists")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		order, err := flags.order()
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			made, err := conn.Exports.CreateExport(ctx, order)
			if err != nil {
				return fmt.Errorf("report export: %w", err)
			}
			if flags.output == "" {
				return c.showExports(made, made.GetExport())
			}
			done, err := c.awaitExport(ctx, conn, made.GetExport())
			if err != nil {
				return err
			}
			if err := c.writeWhole(flags.output, overwrite, func(w io.Writer) error { return downloadExport(ctx, conn, done.GetName(), 0, w) }); err != nil {
				return err
			}
			if len(done.GetWithheldColumns()) > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "without %s, which you may not see\n", strings.Join(done.GetWithheldColumns(), ", "))
			}
			return c.showExports(&reportingv1.GetExportResponse{Export: done}, done)
		})
	})
	return cmd
}

// newExportCreate returns `otklik report exports create`, which does not wait.
func newExportCreate(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use: "create --kind KIND", Short: "Ask for an export, and do not wait for it", Args: exactly(),
		Example: `  otklik report exports create --kind cases --filter 'state = closed' --format xlsx --id closed-cases
  otklik report exports download closed-cases -o closed-cases.xlsx`,
	}
	c := newCall(env, cmd)
	var flags orderFlags
	flags.add(cmd.Flags())
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		order, err := flags.order()
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			made, err := conn.Exports.CreateExport(ctx, order)
			if err != nil {
				return fmt.Errorf("report exports create: %w", err)
			}
			return c.showExports(made, made.GetExport())
		})
	})
	return cmd
}

// exportFormat reads --format, or the end of a file's name.
func exportFormat(format, output string) (reportingv1.Export_Format, error) {
	if format == "" {
		for _, end := range []string{"xlsx", "jsonl"} {
			if strings.HasSuffix(strings.ToLower(output), "."+end) {
				format = end
			}
		}
	}
	v, err := value("format", "FORMAT_", format, reportingv1.Export_Format(0).Descriptor())
	return reportingv1.Export_Format(v), err
}

// awaitExport waits for the end of an export, and tells how far it is.
func (c *call) awaitExport(ctx context.Context, conn *client.Connection, e *reportingv1.Export) (*reportingv1.Export, error) {
	ticker := newTicker(c.env, c.cmd.ErrOrStderr(), "exported")
	defer ticker.end()
	for {
		switch e.GetState() {
		case reportingv1.Export_STATE_SUCCEEDED:
			return e, nil
		case reportingv1.Export_STATE_FAILED:
			return nil, fmt.Errorf("report export: %s: %s", e.GetName(), e.GetFailure())
		case reportingv1.Export_STATE_CANCELLED:
			return nil, fmt.Errorf("report export: %s was called off", e.GetName())
		}
		if err := pause.For(ctx, exportLook); err != nil {
			fmt.Fprintf(c.cmd.ErrOrStderr(), "%s goes on: otklik report exports download %s\n", e.GetName(), e.GetName())
			return nil, err
		}
		got, err := conn.Exports.GetExport(ctx, &reportingv1.GetExportRequest{Name: e.GetName()})
		if err != nil {
			return nil, fmt.Errorf("report export: %w", err)
		}
		e = got.GetExport()
		ticker.tick(e.GetRows())
	}
}

// downloadExport writes the file of an export from an offset on.
func downloadExport(ctx context.Context, conn *client.Connection, name string, offset int64, w io.Writer) error {
	for {
		part, err := conn.Exports.DownloadExport(ctx, &reportingv1.DownloadExportRequest{Name: name, Offset: offset})
		if err != nil {
			return fmt.Errorf("download %s: %w", name, err)
		}
		if len(part.GetData()) == 0 {
			return nil
		}
		if _, err := w.Write(part.GetData()); err != nil {
			return fmt.Errorf("write the file: %w", err)
		}
		offset = part.GetNextOffset()
	}
}

// newReportExports returns `otklik report exports`.
func newReportExports(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "exports", Short: "Ask for exports, list yours, download, cancel and delete them"}
	list := &cobra.Command{Use: "list", Short: "List your exports, the newest first", Args: exactly()}
	c := newCall(env, list)
	list.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		got, err := conn.Exports.ListExports(ctx, &reportingv1.ListExportsRequest{PageSize: 1000})
		if err != nil {
			return fmt.Errorf("report exports: %w", err)
		}
		return c.showExports(got, got.GetExports()...)
	})
	cmd.AddCommand(list, newExportCreate(env), newExportDownload(env), newExportEnd(env, "cancel", "Call off an export that has not ended", func(ctx context.Context, conn *client.Connection, name string) error {
		_, err := conn.Exports.CancelExport(ctx, &reportingv1.CancelExportRequest{Name: name})
		return err
	}), newExportEnd(env, "delete", "Delete an export with its file", func(ctx context.Context, conn *client.Connection, name string) error {
		_, err := conn.Exports.DeleteExport(ctx, &reportingv1.DeleteExportRequest{Name: name})
		return err
	}))
	return cmd
}

// newExportDownload returns `otklik report exports download`, which goes on with a file that was cut off.
func newExportDownload(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "download EXPORT -o FILE", Short: "Download the file of an export; with --resume go on with FILE where it ends", Args: exactly("EXPORT")}
	c := newCall(env, cmd)
	var output string
	var resume bool
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (needed)")
	cmd.Flags().BoolVar(&resume, "resume", false, "go on where FILE ends")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) (err error) {
		if output == "" {
			return exit.Usagef("--output is needed")
		}
		mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
		if resume {
			mode = os.O_WRONLY | os.O_CREATE
		}
		file, err := os.OpenFile(output, mode, 0o600)
		if err != nil {
			return fmt.Errorf("open the output: %w", err)
		}
		// What was downloaded stays, to be gone on with.
		defer func() { err = errors.Join(err, file.Close()) }()
		offset, err := file.Seek(0, io.SeekEnd)
		if err != nil {
			return fmt.Errorf("open the output: %w", err)
		}
		return downloadExport(ctx, conn, named("exports", args[0]), offset, file)
	})
	return cmd
}

// newExportEnd returns a command that ends an export.
func newExportEnd(env Env, verb, short string, do func(ctx context.Context, conn *client.Connection, name string) error) *cobra.Command {
	cmd := &cobra.Command{Use: verb + " EXPORT", Short: short, Args: exactly("EXPORT")}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		if err := do(ctx, conn, named("exports", args[0])); err != nil {
			return fmt.Errorf("report exports %s: %w", verb, err)
		}
		return nil
	})
	return cmd
}

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
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

func newOperationsImport(env Env) *cobra.Command {
	table := &reportingv1.OperationTable{}
	var dry bool
	var refused float64
	var interval time.Duration
	cmd := &cobra.Command{
		Use: "import KIND FILE", Short: "Import a table, CSV or XLSX", Args: exactly("KIND", "FILE"),
		Long: `Import a table of records of a kind, CSV (plain or gzip, "-" for standard input) or XLSX: ` + strings.ReplaceAll(names("", kindPrefix, reportingv1.OperationKind(0).Descriptor()), "_", "-") + `.
All rows are checked first, and applied unless too many are refused; a row that is there already counts once, one that says something else corrects it: what was
broken off may be run again. Tables above 128 KiB go over gRPC as a stream, which takes as long as it takes; over REST --timeout bounds them.`,
		Example: `  otklik operations import visitors counters.csv --time-zone Asia/Bishkek --dry-run
  otklik operations import sales days.xlsx --map "Магазин=location" --map "Дата=start_time" --currency KGS --time-zone organization
  otklik operations import visitors quarters.csv --interval 15m --json`,
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.BoolVar(&dry, "dry-run", false, "check all rows, tell what would become of them, and change nothing")
	addTableFlags(f, &table.Mapping, &table.IgnoreUnknownColumns, &table.Delimiter, &table.Encoding)
	f.StringVar(&table.TimeZone, "time-zone", "", "IANA time zone of times that have none, or organization for that of the server (default: such times are refused)")
	f.DurationVar(&interval, "interval", 0, "length of intervals whose end is not stated, such as 15m or 1h")
	f.StringVar(&table.Currency, "currency", "", "currency of amounts beside which none is stated, such as KGS")
	f.Float64Var(&refused, "most-refused", 0.1, "the greatest share of rows that may be refused for the others to be applied")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		var err error
		if table.Kind, err = operationKind(args[0]); err != nil {
			return err
		}
		if interval != 0 {
			table.Interval = durationpb.New(interval)
		}
		table.Format = tableFormat(args[1])
		file, closing, err := openTable(args[1], cmd.InOrStdin())
		if err != nil {
			return err
		}
		defer closing()
		return c.with(func(conn *client.Connection) error {
			done, err := c.sendTable(ctx, conn.Operations, &reportingv1.UploadOperationsRequest_Start{DryRun: true, Table: table}, file)
			if err != nil {
				return err
			}
			tooMany := float64(done.GetRefusedCount()) > refused*float64(done.GetReceivedCount())
			if !dry && !tooMany {
				if _, err := file.Seek(0, io.SeekStart); err != nil {
					return fmt.Errorf("read the table again: %w", err)
				}
				if done, err = c.sendTable(ctx, conn.Operations, &reportingv1.UploadOperationsRequest_Start{Table: table}, file); err != nil {
					return err
				}
			}
			return c.operationsImported(done, tooMany && !dry)
		})
	})
	return cmd
}

const (
	// smallTable is the size up to which a table goes by one call: some thousand rows, which are stored well within its deadline.
	smallTable = 128 << 10
	// largestCall is the size up to which it may, where the API takes no streams.
	largestCall = 3 << 20
	// sentAtOnce is the size of the messages of a stream.
	sentAtOnce = 64 << 10
)

// openTable opens the file of a table. It is read twice, to be checked and to be applied, so that what comes by standard input is kept until then.
func openTable(path string, stdin io.Reader) (file *os.File, closing func(), err error) {
	if path != "-" {
		if file, err = os.Open(path); err != nil {
			return nil, nil, exit.Usagef("open the table: %v", err)
		}
		closing = func() { _ = file.Close() }
		if about, err := file.Stat(); err != nil || !about.Mode().IsRegular() {
			closing()
			return nil, nil, exit.Usagef("the table must be a file, or - for standard input: it is read twice, to be checked and to be applied")
		}
		return file, closing, nil
	}
	if file, err = os.CreateTemp("", "otklik-table-*"); err != nil {
		return nil, nil, fmt.Errorf("keep the table: %w", err)
	}
	closing = func() { _, _ = file.Close(), os.Remove(file.Name()) }
	if _, err = io.Copy(file, stdin); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		closing()
		return nil, nil, fmt.Errorf("keep the table of standard input: %w", err)
	}
	return file, closing, nil
}

// sendTable sends a table, and tells what became of it.
func (c *call) sendTable(
	ctx context.Context, operations reportingv1.OperationsServiceClient, start *reportingv1.UploadOperationsRequest_Start, file *os.File,
) (*reportingv1.OperationImport, error) {
	about, err := file.Stat()
	if err != nil {
		return nil, exit.Usagef("read the table: %v", err)
	}
	size := about.Size()
	if size == 0 {
		return nil, exit.Usagef("the table is empty")
	}
	if size > smallTable {
		stream, done, err := openStream(ctx, operations)
		if err == nil {
			defer done()
			return c.streamTable(stream, start, file, size)
		}
		done()
		// REST takes no streams.
		if status.Code(err) != codes.Unimplemented || size > largestCall {
			return nil, fmt.Errorf("import the table: %w", err)
		}
	}
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, exit.Usagef("read the table: %v", err)
	}
	got, err := operations.ImportOperations(ctx, &reportingv1.ImportOperationsRequest{Table: start.GetTable(), DryRun: start.GetDryRun(), Data: data})
	if err != nil {
		return nil, fmt.Errorf("import the table: %w", err)
	}
	return got.GetImport(), nil
}

// openStream begins to send; done ends it.
func openStream(ctx context.Context, operations reportingv1.OperationsServiceClient) (stream tableStream, done func(), err error) {
	ctx, done = context.WithCancel(ctx)
	stream, err = operations.UploadOperations(ctx)
	return stream, done, err
}

// tableStream is what a table is sent by.
type tableStream = grpc.ClientStreamingClient[reportingv1.UploadOperationsRequest, reportingv1.UploadOperationsResponse]

// streamTable sends a table part by part, as fast as it is taken in, and tells how far it is.
func (c *call) streamTable(stream tableStream, start *reportingv1.UploadOperationsRequest_Start, file io.Reader, size int64) (*reportingv1.OperationImport, error) {
	verb := "stored"
	if start.GetDryRun() {
		verb = "checked"
	}
	ticker := newTicker(c.env, c.cmd.ErrOrStderr(), fmt.Sprintf("being %s, bytes of %d:", verb, size))
	defer ticker.end()
	err := stream.Send(&reportingv1.UploadOperationsRequest{Start: start})
	for sent := int64(0); err == nil; {
		part := make([]byte, sentAtOnce)
		n, failed := io.ReadFull(file, part)
		if n > 0 {
			err = stream.Send(&reportingv1.UploadOperationsRequest{Data: part[:n]})
			sent += int64(n)
			ticker.tick(sent)
		}
		if errors.Is(failed, io.EOF) || errors.Is(failed, io.ErrUnexpectedEOF) {
			break
		}
		if failed != nil {
			return nil, exit.Usagef("read the table: %v", failed)
		}
	}
	// Why the server ended the call is told by its answer.
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("import the table: %w", err)
	}
	got, err := stream.CloseAndRecv()
	if err != nil {
		return nil, fmt.Errorf("import the table: %w", err)
	}
	return got.GetImport(), nil
}

// operationsImported tells what became of a table, or would.
func (c *call) operationsImported(done *reportingv1.OperationImport, tooMany bool) error {
	if c.json {
		if err := c.printJSON(&reportingv1.ImportOperationsResponse{Import: done}); err != nil {
			return err
		}
	} else {
		would := ""
		if done.GetDryRun() {
			would = "would be "
		}
		text := fmt.Sprintf("%d rows: %d records %screated, %d %scorrected, %d there already, %d refused\n", done.GetReceivedCount(), done.GetCreatedCount(), would,
			done.GetUpdatedCount(), would, done.GetUnchangedCount(), done.GetRefusedCount())
		if len(done.GetIgnoredColumns()) > 0 {
			text += "columns left out: " + printable(strings.Join(done.GetIgnoredColumns(), ", ")) + "\n"
		}
		if err := c.write(text); err != nil {
			return err
		}
		if err := c.operationRefusals(done); err != nil {
			return err
		}
	}
	switch n := done.GetRefusedCount(); {
	case tooMany:
		return &exit.Error{Code: exit.Refused, Err: fmt.Errorf("the table was refused and nothing changed: %d of %d rows are not sound; correct them, or raise --most-refused", n, done.GetReceivedCount())}
	case n > 0:
		return &exit.Error{Code: exit.Incomplete, Err: fmt.Errorf("%d rows were refused", n)}
	}
	return nil
}

// operationRefusals prints why rows were refused.
func (c *call) operationRefusals(done *reportingv1.OperationImport) error {
	var rows [][]string
	for _, r := range done.GetRefusals()[:min(refusalsShown, len(done.GetRefusals()))] {
		rows = append(rows, []string{fmt.Sprint(r.GetLine()), orDash(r.GetField()), r.GetReason(), r.GetDescription()})
	}
	if len(rows) == 0 {
		return nil
	}
	if err := c.table([]string{"LINE", "FIELD", "REASON", "WHY"}, rows); err != nil {
		return err
	}
	if len(done.GetRefusals()) > refusalsShown {
		return c.write("and more: --json tells up to 1,000\n")
	}
	return nil
}

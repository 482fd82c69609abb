package command

import (
	"bufio"
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
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const (
	// partBytes is the size of the parts in which a table is uploaded.
	partBytes = 1 << 20
	// importPause is the wait between looks at how far an import has come.
	importPause = 200 * time.Millisecond
	// cancelTimeout is the longest wait until an import is cancelled whose table could not be uploaded.
	cancelTimeout = 5 * time.Second
	// refusalsShown is how many refused rows are told.
	refusalsShown = 20
)

// newTableImport returns a command that imports a table of one of the kinds; the first is that of a table of which nothing is said.
func newTableImport(env Env, use, short, example string, kinds ...segmentationv1.Import_Kind) *cobra.Command {
	request := &segmentationv1.Import{}
	var of string
	var refused float64
	cmd := &cobra.Command{Use: use + " FILE", Short: short, Example: example, Args: exactly("FILE")}
	c := newCall(env, cmd)
	f := cmd.Flags()
	if len(kinds) > 1 {
		var words []string
		for _, k := range kinds {
			words = append(words, enumWord("KIND_", k))
		}
		f.StringVar(&of, "kind", words[0], "what the rows are: "+strings.Join(words, ", "))
	}
	f.BoolVar(&request.DryRun, "dry-run", false, "check all rows, tell what would become of them, and change nothing")
	f.StringToStringVar(&request.Mapping, "map", nil, "which column holds which field: COLUMN=FIELD, more than once; columns are fields of their own names")
	f.BoolVar(&request.IgnoreUnknownColumns, "ignore-unknown-columns", false, "leave out columns that are no fields; otherwise a table that has one is refused")
	f.StringVar(&request.Delimiter, "delimiter", "", "what separates the cells of CSV (default: found by the header)")
	f.StringVar(&request.Encoding, "encoding", "", "the encoding of CSV (default: utf-8)")
	f.Float64Var(&refused, "most-refused", 0.1, "the greatest share of rows that may be refused for the others to be applied")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		request.Kind, request.MostRefused = kinds[0], &refused
		if len(kinds) > 1 {
			v, err := value("kind", "KIND_", of, segmentationv1.Import_Kind(0).Descriptor())
			if err != nil {
				return err
			}
			request.Kind = segmentationv1.Import_Kind(v)
		}
		if strings.HasSuffix(strings.ToLower(args[0]), ".xlsx") {
			request.Format = segmentationv1.Import_FORMAT_XLSX
		}
		file, err := os.Open(args[0])
		if err != nil {
			return exit.Usagef("open the table: %v", err)
		}
		defer func() { _ = file.Close() }()
		if about, err := file.Stat(); err == nil && about.Mode().IsRegular() && about.Size() == 0 {
			return exit.Usagef("the table is empty")
		}
		return c.with(func(conn *client.Connection) error { return c.importTable(ctx, conn.Imports, request, file) })
	})
	return cmd
}

// importTable uploads a table, waits until it is worked on, and tells what became of it.
func (c *call) importTable(ctx context.Context, imports segmentationv1.ImportServiceClient, request *segmentationv1.Import, table io.Reader) error {
	buffered := bufio.NewReaderSize(table, partBytes)
	if _, err := buffered.Peek(1); errors.Is(err, io.EOF) {
		return exit.Usagef("the table is empty")
	} else if err != nil {
		return exit.Usagef("read the table: %v", err)
	}
	made, err := imports.CreateImport(ctx, &segmentationv1.CreateImportRequest{Import: request})
	if err != nil {
		return fmt.Errorf("begin the import: %w", err)
	}
	name := made.GetImport().GetName()
	count, err := uploadTable(ctx, imports, name, buffered)
	if err != nil {
		// An import that nobody goes on with would keep others of its kind waiting; told is why there was none.
		waiting, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelTimeout)
		defer stop()
		_, _ = imports.CancelImport(waiting, &segmentationv1.CancelImportRequest{Name: name})
		return err
	}
	if _, err := imports.CommitImport(ctx, &segmentationv1.CommitImportRequest{Name: name, PartCount: count}); err != nil {
		return fmt.Errorf("commit the import: %w", err)
	}
	for {
		got, err := imports.GetImport(ctx, &segmentationv1.GetImportRequest{Name: name})
		if err != nil {
			return fmt.Errorf("look at the import: %w", err)
		}
		switch got.GetImport().GetState() {
		case segmentationv1.Import_STATE_DONE, segmentationv1.Import_STATE_REFUSED, segmentationv1.Import_STATE_CANCELLED:
			return c.importEnded(ctx, imports, got.GetImport())
		default:
		}
		if err := pause.For(ctx, importPause); err != nil {
			return fmt.Errorf("%w; %s goes on: look at it by `otklik directory imports show %s`, end it by `otklik directory imports cancel %[3]s`", err, name, idOf(name))
		}
	}
}

// uploadTable uploads a table, and tells in how many parts.
func uploadTable(ctx context.Context, imports segmentationv1.ImportServiceClient, name string, table io.Reader) (count int32, err error) {
	for part := make([]byte, partBytes); ; count++ {
		n, err := io.ReadFull(table, part)
		if n > 0 {
			if _, err := imports.UploadImportPart(ctx, &segmentationv1.UploadImportPartRequest{Name: name, Part: count, Data: part[:n]}); err != nil {
				return 0, fmt.Errorf("upload the table: %w", err)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			count++
			break
		}
		if err != nil {
			return 0, fmt.Errorf("read the table: %w", err)
		}
	}
	return count, nil
}

// importEnded tells what became of an import, with the first of the rows that were refused.
func (c *call) importEnded(ctx context.Context, imports segmentationv1.ImportServiceClient, i *segmentationv1.Import) error {
	if c.json {
		if err := c.printJSON(&segmentationv1.GetImportResponse{Import: i}); err != nil {
			return err
		}
	} else if err := c.write(importSummary(i)); err != nil {
		return err
	}
	if i.GetRefusedCount() > 0 && !c.json {
		list, more, err := importRefusals(ctx, imports, i.GetName(), refusalsShown)
		if err != nil {
			return err
		}
		if err := c.refusalTable(list); err != nil {
			return err
		}
		if more {
			if err := c.write("and more: otklik directory imports refusals " + idOf(i.GetName()) + "\n"); err != nil {
				return err
			}
		}
	}
	if i.GetState() == segmentationv1.Import_STATE_REFUSED {
		return &exit.Error{Code: exit.Refused, Err: fmt.Errorf("the table was refused and nothing changed: %s", orDash(i.GetRefusal()))}
	}
	if n := i.GetRefusedCount(); n > 0 {
		return &exit.Error{Code: exit.Incomplete, Err: fmt.Errorf("%d rows were refused", n)}
	}
	return nil
}

// importSummary says in numbers what became of an import, or would.
func importSummary(i *segmentationv1.Import) string {
	created, changed := "created", "changed"
	if i.GetDryRun() {
		created, changed = "would be created", "would be changed"
	}
	// Why all of it was refused is the error of the command.
	return fmt.Sprintf("%s %s: %d rows checked, %d refused, %d %s, %d %s\n", i.GetName(), enumWord("STATE_", i.GetState()), i.GetCheckedCount(), i.GetRefusedCount(),
		i.GetCreatedCount(), created, i.GetUpdatedCount(), changed) + importRemarks(&segmentationv1.Import{IgnoredColumns: i.GetIgnoredColumns()})
}

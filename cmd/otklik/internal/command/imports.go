package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// newDirectoryImports returns the commands about imports that were begun.
func newDirectoryImports(env Env) *cobra.Command {
	return newListGroup(newImportsList(env), "directory imports", "Look after imports: of the directory, purchases, departures and turnover",
		"Look after imports: of the directory, purchases, departures and turnover.",
		newImportsList(env), newImportsShow(env), newImportsRefusals(env), newImportsCancel(env))
}

func newImportsList(env Env) *cobra.Command {
	request := &segmentationv1.ListImportsRequest{}
	var limit int
	cmd := &cobra.Command{Use: "list", Short: "List imports, the last first", Args: exactly()}
	c := newCall(env, cmd)
	cmd.Flags().IntVar(&limit, "limit", 50, "at most this many") //nolint:mnd // a screen or two
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		if limit < 1 {
			return exit.Usagef("--limit must be positive")
		}
		request.PageSize = pageFor(limit)
		return c.with(func(conn *client.Connection) error {
			list, err := listUpTo(ctx, "imports", conn.Imports.ListImports, request, &request.PageToken, (*segmentationv1.ListImportsResponse).GetImports, limit)
			if err != nil {
				return err
			}
			switch {
			case c.json:
				return c.printJSON(&segmentationv1.ListImportsResponse{Imports: list})
			case len(list) == 0:
				return c.write("no imports\n")
			}
			return c.importsTable(list...)
		})
	})
	return cmd
}

func (c *call) importsTable(list ...*segmentationv1.Import) error {
	var rows [][]string
	for _, i := range list {
		state := enumWord("STATE_", i.GetState())
		if i.GetDryRun() {
			state += " (dry run)"
		}
		rows = append(rows, []string{
			idOf(i.GetName()), enumWord("KIND_", i.GetKind()), state, fmt.Sprint(i.GetCheckedCount()), fmt.Sprint(i.GetRefusedCount()), fmt.Sprint(i.GetAppliedCount()),
			fmt.Sprint(i.GetCreatedCount()), fmt.Sprint(i.GetUpdatedCount()), formatTime(i.GetCreateTime()), formatTime(i.GetEndTime()),
		})
	}
	return c.table([]string{"IMPORT", "OF", "STATE", "CHECKED", "REFUSED", "APPLIED", "CREATED", "CHANGED", "BEGAN", "ENDED"}, rows)
}

func newImportsShow(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "show IMPORT", Short: "Show how far an import has come", Args: exactly("IMPORT")}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		got, err := conn.Imports.GetImport(ctx, &segmentationv1.GetImportRequest{Name: named("imports", args[0])})
		return c.told("look at the import", got, err, func() error {
			i := got.GetImport()
			if err := c.importsTable(i); err != nil {
				return err
			}
			return c.write(importRemarks(i))
		})
	})
	return cmd
}

// importRemarks are what is said of an import beside its numbers, a line each.
func importRemarks(i *segmentationv1.Import) (text string) {
	if i.GetRefusal() != "" {
		text = "refused: " + printable(i.GetRefusal()) + "\n"
	}
	if len(i.GetIgnoredColumns()) > 0 {
		text += "columns left out: " + printable(strings.Join(i.GetIgnoredColumns(), ", ")) + "\n"
	}
	return text
}

func newImportsRefusals(env Env) *cobra.Command {
	var limit int
	cmd := &cobra.Command{Use: "refusals IMPORT", Short: "List why rows were refused, in their order", Args: exactly("IMPORT")}
	c := newCall(env, cmd)
	cmd.Flags().IntVar(&limit, "limit", 1000, "at most this many") //nolint:mnd // what a page holds
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		if limit < 1 {
			return exit.Usagef("--limit must be positive")
		}
		return c.with(func(conn *client.Connection) error {
			list, _, err := importRefusals(ctx, conn.Imports, named("imports", args[0]), limit)
			switch {
			case err != nil:
				return err
			case c.json:
				return c.printJSON(&segmentationv1.ListImportRefusalsResponse{Refusals: list})
			case len(list) == 0:
				return c.write("no rows were refused\n")
			}
			return c.refusalTable(list)
		})
	})
	return cmd
}

// importRefusals are the first reasons for which rows of an import were refused, and whether there are more.
func importRefusals(ctx context.Context, imports segmentationv1.ImportServiceClient, name string, limit int) (list []*segmentationv1.ImportRefusal, more bool, err error) {
	request := &segmentationv1.ListImportRefusalsRequest{Parent: name, PageSize: pageFor(limit)}
	list, err = listUpTo(ctx, "refused rows", imports.ListImportRefusals, request, &request.PageToken, (*segmentationv1.ListImportRefusalsResponse).GetRefusals, limit)
	return list, request.GetPageToken() != "", err
}

func (c *call) refusalTable(list []*segmentationv1.ImportRefusal) error {
	var rows [][]string
	for _, r := range list {
		rows = append(rows, []string{fmt.Sprint(r.GetLine()), orDash(r.GetField()), r.GetReason(), r.GetDescription()})
	}
	return c.table([]string{"LINE", "FIELD", "REASON", "WHY"}, rows)
}

func newImportsCancel(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "cancel IMPORT", Short: "End an import; what was applied stays", Args: exactly("IMPORT")}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		got, err := conn.Imports.CancelImport(ctx, &segmentationv1.CancelImportRequest{Name: named("imports", args[0])})
		return c.told("cancel the import", got, err, func() error { return c.importsTable(got.GetImport()) })
	})
	return cmd
}

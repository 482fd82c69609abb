package command

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/libs/sheet"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// NewPrivacyCommand returns `otklik privacy`.
func NewPrivacyCommand(env Env) *cobra.Command {
	return newGroup("privacy", "Answer what persons may ask: to be told what is kept, and to be forgotten",
		"Answer what persons may ask of the organisation, over all services: to be told what is kept, and to be forgotten.",
		newPrivacyErase(env), newPrivacyReceipt(env), newPrivacyList(env), newPrivacyExport(env))
}

// erasurePoll is how often an erasure is asked how far it has come.
const erasurePoll = 300 * time.Millisecond

func newPrivacyErase(env Env) *cobra.Command {
	var reason, requestID string
	var noWait bool
	cmd := &cobra.Command{
		Use:   "erase [RESPONDENT]",
		Short: "Erase a person from all services, for good",
		Long: `Erase a person from all services, for good, and print the receipt when it is done.

The erasure goes on by itself on the server, also when this command is interrupted: "otklik privacy receipt" shows how far it has come.` + respondentHelp,
		Args: respondentArgument,
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for example the number of the person's request; nothing personal, the receipt keeps it")
	cmd.Flags().StringVar(&requestID, "request-id", "", "an identifier of this call: the same one never begins a second erasure")
	cmd.Flags().BoolVar(&noWait, "no-wait", false, "do not wait until it is done")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		who, err := respondent(cmd, args)
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			begun, err := conn.Privacy.CreateErasure(ctx, &accessv1.CreateErasureRequest{Respondent: who, Reason: reason, RequestId: requestID})
			if err != nil {
				return fmt.Errorf("begin the erasure: %w", err)
			}
			erasure := begun.GetErasure()
			for !noWait && erasure.GetState() == accessv1.Erasure_STATE_RUNNING {
				select {
				case <-ctx.Done():
					return &exit.Error{Err: ctx.Err(), Advice: "the erasure goes on: otklik privacy receipt " + idOf(erasure.GetName())}
				case <-time.After(erasurePoll):
				}
				got, err := conn.Privacy.GetErasure(ctx, &accessv1.GetErasureRequest{Name: erasure.GetName()})
				if err != nil {
					return &exit.Error{Err: fmt.Errorf("ask for the erasure: %w", err), Advice: "the erasure goes on: otklik privacy receipt " + idOf(erasure.GetName())}
				}
				erasure = got.GetErasure()
			}
			if c.json {
				return c.printJSON(&accessv1.GetErasureResponse{Erasure: erasure})
			}
			return c.receipt(erasure)
		})
	})
	return cmd
}

// receipt prints an erasure with what was removed.
func (c *call) receipt(e *accessv1.Erasure) error {
	text := fmt.Sprintf("%s, %s, asked for %s by %s", e.GetName(), enumWord("STATE_", e.GetState()), formatMoment(e.GetCreateTime()), printable(orDash(e.GetRequester())))
	if e.GetEndTime() != nil {
		text += ", done " + formatMoment(e.GetEndTime())
	}
	text += "\nperson " + printable(e.GetPerson())
	if n := len(e.GetPersons()); n > 1 {
		text += fmt.Sprintf(", known by %d identifiers", n)
	}
	text += "\n"
	if e.GetReason() != "" {
		text += "reason " + printable(e.GetReason()) + "\n"
	}
	if e.GetWaitingFor() != "" {
		text += "waits for " + printable(e.GetWaitingFor()) + "\n"
	}
	if err := c.write(text); err != nil || len(e.GetRemovals()) == 0 {
		return err
	}
	var rows [][]string
	for _, r := range e.GetRemovals() {
		rows = append(rows, []string{r.GetService(), r.GetKind(), r.GetPlace(), strconv.FormatInt(r.GetCount(), 10), r.GetNote()})
	}
	if err := c.write("\n"); err != nil {
		return err
	}
	return c.table([]string{"SERVICE", "REMOVED", "FROM", "COUNT", "NOTE"}, rows)
}

func newPrivacyReceipt(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "receipt ERASURE", Short: "Show how far an erasure has come and what it removed", Args: exactly("ERASURE")}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		got, err := conn.Privacy.GetErasure(ctx, &accessv1.GetErasureRequest{Name: named("erasures", args[0])})
		if err != nil {
			return fmt.Errorf("get the erasure: %w", err)
		}
		if c.json {
			return c.printJSON(got)
		}
		return c.receipt(got.GetErasure())
	})
	return cmd
}

func newPrivacyList(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List erasures, the newest first", Args: exactly()}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		request := &accessv1.ListErasuresRequest{PageSize: 1000}
		erasures, err := listAll(ctx, "erasures", conn.Privacy.ListErasures, request, &request.PageToken, (*accessv1.ListErasuresResponse).GetErasures)
		if err != nil {
			return err
		}
		all := &accessv1.ListErasuresResponse{Erasures: erasures}
		switch {
		case c.json:
			return c.printJSON(all)
		case len(all.GetErasures()) == 0:
			return c.write("no erasures\n")
		}
		var rows [][]string
		for _, e := range all.GetErasures() {
			rows = append(rows, []string{
				idOf(e.GetName()), enumWord("STATE_", e.GetState()), formatTime(e.GetCreateTime()), formatTime(e.GetEndTime()), orDash(e.GetWaitingFor()), e.GetReason(),
			})
		}
		return c.table([]string{"ERASURE", "STATE", "ASKED FOR", "DONE", "WAITS FOR", "REASON"}, rows)
	})
	return cmd
}

func newPrivacyExport(env Env) *cobra.Command {
	var format, output string
	var overwrite bool
	cmd := &cobra.Command{
		Use:   "export [RESPONDENT] [-o FILE]",
		Short: "Write everything that all services keep about a person",
		Long: `Write everything that all services keep about a person, as one JSON document or as CSV. A file is only left behind when it is whole.` +
			respondentHelp,
		Args: respondentArgument,
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&format, "format", "json", "json or csv")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default: standard output)")
	cmd.Flags().BoolVar(&overwrite, "overwrite", false, "write over FILE if it exists")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		switch {
		case format != "json" && format != "csv":
			return exit.Usagef("--format must be json or csv, not %q", format)
		case format == "csv" && c.json:
			return exit.Usagef("--json goes with --format json only")
		}
		who, err := respondent(cmd, args)
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			stream, err := conn.Privacy.ExportPersonData(ctx, &accessv1.ExportPersonDataRequest{Respondent: who})
			if err != nil {
				return fmt.Errorf("export the person's data: %w", err)
			}
			return c.writeWhole(output, overwrite, func(w io.Writer) error {
				if format == "csv" {
					return writePersonCSV(w, stream.Recv)
				}
				return writePersonJSON(w, stream.Recv)
			})
		})
	})
	return cmd
}

// nextRecord gives the records of a stream; io.EOF at its end.
type nextRecord func() (*accessv1.ExportPersonDataResponse, error)

// each calls f for each record.
func (next nextRecord) each(f func(*typev1.PersonRecord) error) error {
	for {
		m, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("export the person's data: %w", err)
		}
		if err := f(m.GetRecord()); err != nil {
			return err
		}
	}
}

// writePersonJSON writes {"records":[…]}, a record a line.
func writePersonJSON(w io.Writer, next nextRecord) error {
	before := "{\"records\":[\n"
	err := next.each(func(r *typev1.PersonRecord) error {
		raw, err := encode(r)
		if err != nil {
			return err
		}
		_, err = io.WriteString(w, before+string(raw))
		before = ",\n"
		return err
	})
	if err != nil {
		return err
	}
	end := "\n]}\n"
	if before != ",\n" {
		end = "{\"records\":[]}\n"
	}
	if _, err := io.WriteString(w, end); err != nil {
		return fmt.Errorf("write the end: %w", err)
	}
	return nil
}

func writePersonCSV(w io.Writer, next nextRecord) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"service", "kind", "name", "time", "content", "note"}); err != nil {
		return fmt.Errorf("write the header: %w", err)
	}
	err := next.each(func(r *typev1.PersonRecord) error {
		content := ""
		if r.GetContent() != nil {
			raw, err := protojson.Marshal(r.GetContent())
			if err != nil {
				return fmt.Errorf("encode a record: %w", err)
			}
			content = string(raw)
		}
		at := ""
		if r.GetTime() != nil {
			at = r.GetTime().AsTime().UTC().Format(time.RFC3339Nano)
		}
		safe := sheet.Defuse
		if err := out.Write([]string{safe(r.GetService()), safe(r.GetKind()), safe(r.GetName()), at, safe(content), safe(r.GetNote())}); err != nil {
			return fmt.Errorf("write a row: %w", err)
		}
		return nil
	})
	out.Flush()
	return errors.Join(err, out.Error())
}

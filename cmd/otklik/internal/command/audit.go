package command

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/libs/sheet"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// NewAuditCommand returns `otklik audit`.
func NewAuditCommand(env Env) *cobra.Command {
	return newGroup("audit", "Look at who did what, and check that nothing was changed",
		`Look at who did what to what, when and with what outcome, and check that nothing of it was changed afterwards.

Looking is remembered too.`,
		newAuditList(env), newAuditExport(env), newAuditVerify(env))
}

// auditFlags say which entries are wanted.
type auditFlags struct {
	from, to, timeZone, actor, method, resource, outcome string
}

func (f *auditFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.from, "from", "", "begin of the period, for example 2026-03-01 (default: open)")
	flags.StringVar(&f.to, "to", "", "end of the period, which does not belong to it (default: open)")
	flags.StringVar(&f.timeZone, "time-zone", "", "time zone of --from and --to (default: UTC)")
	flags.StringVar(&f.actor, "actor", "", "only what this key or member did, for example members/m1")
	flags.StringVar(&f.method, "method", "", "only calls of this method, for example GetResponse")
	flags.StringVar(&f.resource, "resource", "", "only what was done to this or to what lies below it, for example surveys/shop")
	flags.StringVar(&f.outcome, "outcome", "", "only with this outcome: "+names("", "OUTCOME_", accessv1.AuditEntry_Outcome(0).Descriptor()))
}

func (f *auditFlags) parse() (*typev1.Period, accessv1.AuditEntry_Outcome, error) {
	period, err := parsePeriod(f.from, f.to, f.timeZone)
	if err != nil {
		return nil, 0, err
	}
	outcome, err := value("outcome", "OUTCOME_", f.outcome, accessv1.AuditEntry_Outcome(0).Descriptor())
	return period, accessv1.AuditEntry_Outcome(outcome), err
}

func newAuditList(env Env) *cobra.Command {
	var flags auditFlags
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List what was done, the newest first",
		Example: `  otklik audit list --method GetResponse --from 2026-03-01 --limit 20`,
		Args:    exactly(),
	}
	c := newCall(env, cmd)
	flags.add(cmd.Flags())
	cmd.Flags().IntVar(&limit, "limit", 100, "at most this many entries")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		period, outcome, err := flags.parse()
		if err != nil {
			return err
		}
		if limit < 1 {
			return exit.Usagef("--limit must be positive")
		}
		request := &accessv1.ListAuditEntriesRequest{
			Period: period, Actor: flags.actor, Method: flags.method, Resource: flags.resource, Outcome: outcome,
			PageSize: pageFor(limit),
		}
		return c.with(func(conn *client.Connection) error {
			list, err := listUpTo(ctx, "the audit log", conn.Audit.ListAuditEntries, request, &request.PageToken, (*accessv1.ListAuditEntriesResponse).GetEntries, limit)
			if err != nil {
				return err
			}
			all := &accessv1.ListAuditEntriesResponse{Entries: list}
			if c.json {
				return c.printJSON(all)
			}
			return c.auditTable(all.GetEntries())
		})
	})
	return cmd
}

func (c *call) auditTable(entries []*accessv1.AuditEntry) error {
	if len(entries) == 0 {
		return c.write("no entries\n")
	}
	var rows [][]string
	for _, e := range entries {
		who := e.GetActor()
		if e.GetActorName() != "" {
			who += " (" + e.GetActorName() + ")"
		}
		outcome := enumWord("OUTCOME_", e.GetOutcome())
		if e.GetCode() != "" {
			outcome += " " + e.GetCode()
		}
		rows = append(rows, []string{
			strconv.FormatInt(e.GetSequence(), 10), formatMoment(e.GetTime()), who, idOf(e.GetMethod()), orDash(e.GetResource()), outcome, orDash(e.GetClientAddress()),
		})
	}
	return c.table([]string{"ENTRY", "TIME", "WHO", "DID", "TO", "OUTCOME", "FROM"}, rows)
}

func newAuditExport(env Env) *cobra.Command {
	var flags auditFlags
	var after int64
	var format, output string
	var overwrite bool
	cmd := &cobra.Command{
		Use:   "export [-o FILE]",
		Short: "Write the audit log to JSON lines or CSV, in the order of its chain",
		Long: `Write the audit log to JSON lines or CSV, in the order of its chain, with the hashes.

Texts of CSV that a spreadsheet would take for a formula begin with an apostrophe; JSON lines are what the REST API streams.`,
		Args: exactly(),
	}
	c := newCall(env, cmd)
	flags.add(cmd.Flags())
	cmd.Flags().Int64Var(&after, "after", 0, "begin behind this entry")
	cmd.Flags().StringVar(&format, "format", "jsonl", "jsonl or csv")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default: standard output)")
	cmd.Flags().BoolVar(&overwrite, "overwrite", false, "write over FILE if it exists")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		period, outcome, err := flags.parse()
		if err != nil {
			return err
		}
		switch {
		case format != "jsonl" && format != "csv":
			return exit.Usagef("--format must be jsonl or csv, not %q", format)
		case format == "csv" && c.json:
			return exit.Usagef("--json goes with --format jsonl only")
		case after < 0:
			return exit.Usagef("--after must not be negative")
		}
		return c.with(func(conn *client.Connection) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			stream, err := conn.Audit.StreamAuditEntries(ctx, &accessv1.StreamAuditEntriesRequest{
				AfterSequence: after, Period: period, Actor: flags.actor, Method: flags.method, Resource: flags.resource, Outcome: outcome,
			})
			if err != nil {
				return fmt.Errorf("export the audit log: %w", err)
			}
			return c.writeWhole(output, overwrite, func(w io.Writer) error {
				if format == "csv" {
					return writeAuditCSV(w, stream.Recv)
				}
				return writeAuditLines(w, stream.Recv)
			})
		})
	})
	return cmd
}

// nextEntry gives the entries of a stream; io.EOF at its end.
type nextEntry func() (*accessv1.StreamAuditEntriesResponse, error)

// each calls f for each entry.
func (next nextEntry) each(f func(*accessv1.StreamAuditEntriesResponse) error) error {
	for {
		m, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("export the audit log: %w", err)
		}
		if err := f(m); err != nil {
			return err
		}
	}
}

func writeAuditLines(w io.Writer, next nextEntry) error {
	out := bufio.NewWriter(w)
	err := next.each(func(m *accessv1.StreamAuditEntriesResponse) error {
		raw, err := encode(m)
		if err != nil {
			return err
		}
		if _, err := out.Write(append(raw, '\n')); err != nil {
			return fmt.Errorf("write a line: %w", err)
		}
		return nil
	})
	return errors.Join(err, out.Flush())
}

// auditColumns are the columns of a CSV export.
var auditColumns = []string{
	"sequence", "time", "actor", "actor_name", "method", "permission", "resource", "client_address", "request_id", "outcome", "code", "start",
	"previous_hash", "hash",
}

func writeAuditCSV(w io.Writer, next nextEntry) error {
	out := csv.NewWriter(w)
	if err := out.Write(auditColumns); err != nil {
		return fmt.Errorf("write the header: %w", err)
	}
	err := next.each(func(m *accessv1.StreamAuditEntriesResponse) error {
		e := m.GetEntry()
		safe := sheet.Defuse
		if err := out.Write([]string{
			strconv.FormatInt(e.GetSequence(), 10), e.GetTime().AsTime().UTC().Format(time.RFC3339Nano), safe(e.GetActor()), safe(e.GetActorName()),
			safe(e.GetMethod()), safe(e.GetPermission()), safe(e.GetResource()), safe(e.GetClientAddress()), safe(e.GetRequestId()),
			strings.TrimPrefix(e.GetOutcome().String(), "OUTCOME_"), safe(e.GetCode()), strconv.FormatInt(e.GetStart(), 10),
			hex.EncodeToString(e.GetPreviousHash()), hex.EncodeToString(e.GetHash()),
		}); err != nil {
			return fmt.Errorf("write a row: %w", err)
		}
		return nil
	})
	out.Flush()
	return errors.Join(err, out.Error())
}

// errNotIntact tells that the audit log was changed.
var errNotIntact = errors.New("the audit log is not intact")

func newAuditVerify(env Env) *cobra.Command {
	var known string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that nothing of the audit log was changed or left out",
		Long: `Check that nothing of the audit log was changed or left out: the hashes of the whole chain are worked out anew.

The hash that is printed stands for all entries up to now. Note it where nobody of those who run Otklik can change it, and state it with
--known the next time: then not even a chain made anew as a whole passes. The exit code is 1 when the log is not intact.`,
		Args: exactly(),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&known, "known", "", "a hash that was printed before, in hexadecimal or as --json prints it")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		hash, err := hex.DecodeString(known)
		if err != nil {
			hash, err = base64.StdEncoding.DecodeString(known)
		}
		if err != nil || known != "" && len(hash) != 32 {
			return exit.Usagef("--known: %q is no hash: neither 64 hexadecimal digits nor 32 bytes in base64", known)
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Audit.VerifyAuditLog(ctx, &accessv1.VerifyAuditLogRequest{KnownHash: hash})
			if err != nil {
				return fmt.Errorf("verify the audit log: %w", err)
			}
			if c.json {
				err = c.printJSON(got)
			} else {
				err = c.write(verdict(got))
			}
			if err == nil && !got.GetIntact() {
				err = &exit.Error{Code: exit.Failure, Err: errNotIntact}
			}
			return err
		})
	})
	return cmd
}

func verdict(got *accessv1.VerifyAuditLogResponse) string {
	if got.GetIntact() {
		return fmt.Sprintf("intact: %d entries\nhash %s\n", got.GetEntries(), hex.EncodeToString(got.GetHeadHash()))
	}
	text := "NOT INTACT: " + printable(got.GetFault()) + "\n"
	if got.GetFirstFault() != 0 {
		text += fmt.Sprintf("the first entry at fault is %d\n", got.GetFirstFault())
	}
	return text
}

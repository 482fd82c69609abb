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

// NewCasesCommand returns `otklik cases`.
func NewCasesCommand(env Env) *cobra.Command {
	return newListGroup(newCasesList(env), "cases", "See to what customers are discontent with",
		"See to what customers are discontent with: what is late comes first, then what is due sooner, is worth more, is more severe.",
		newCasesList(env), newCasesShow(env), newCasesClaim(env), newCasesMove(env), newCasesClose(env), newCasesNote(env), newCasesCalendar(env),
		newGroup("rules", "Say by what cases are opened", "Say by what cases are opened, and what is asked of them.",
			newCaseRulesList(env), newCaseRulesCreate(env), newCaseRulesDelete(env)))
}

func newCasesList(env Env) *cobra.Command {
	request := &segmentationv1.ListCasesRequest{}
	var states []string
	var limit int
	var company, location string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List cases in the order in which they are to be seen to",
		Example: `  otklik cases list --queue care --unowned
  otklik cases list --state resolved,closed --location osh-1`,
		Args: exactly(),
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.StringSliceVar(&states, "state", nil, "only cases in these states: "+names("", "STATE_", segmentationv1.Case_State(0).Descriptor())+"; all but closed unless stated")
	f.StringVar(&request.Queue, "queue", "", "only cases of this queue")
	f.StringVar(&request.Owner, "owner", "", "only cases of this owner")
	f.BoolVar(&request.Unowned, "unowned", false, "only cases that nobody owns")
	f.StringVar(&company, "company", "", "only cases of this company")
	f.StringVar(&location, "location", "", "only cases of this location")
	f.IntVar(&limit, "limit", 50, "at most this many")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		if limit < 1 {
			return exit.Usagef("--limit must be positive")
		}
		for _, name := range states {
			v, err := value("state", "STATE_", name, segmentationv1.Case_State(0).Descriptor())
			if err != nil {
				return err
			}
			request.States = append(request.States, segmentationv1.Case_State(v))
		}
		if company != "" {
			request.Company = named("companies", company)
		}
		if location != "" {
			request.Location = named("locations", location)
		}
		return c.with(func(conn *client.Connection) error {
			request.PageSize = pageFor(limit)
			list, err := listUpTo(ctx, "cases", conn.Cases.ListCases, request, &request.PageToken, (*segmentationv1.ListCasesResponse).GetCases, limit)
			if err != nil {
				return err
			}
			all := &segmentationv1.ListCasesResponse{Cases: list}
			switch {
			case c.json:
				return c.printJSON(all)
			case len(all.GetCases()) == 0:
				return c.write("no cases\n")
			}
			return c.caseTable(all.GetCases()...)
		})
	})
	return cmd
}

// caseTable writes cases, a line each.
func (c *call) caseTable(list ...*segmentationv1.Case) error {
	var rows [][]string
	for _, one := range list {
		var about []string
		for _, name := range []string{one.GetContact(), one.GetCompany(), one.GetLocation(), one.GetRegion()} {
			if name != "" {
				about = append(about, name)
			}
		}
		late := "-"
		if one.GetFirstResponseBreached() || one.GetResolutionBreached() {
			late = "late"
		}
		rows = append(rows, []string{
			idOf(one.GetName()), enumWord("STATE_", one.GetState()), late, formatTime(one.GetDueTime()), enumWord("SEVERITY_", one.GetSeverity()), orDash(one.GetQueue()),
			orDash(one.GetOwner()), orDash(strings.Join(about, " ")), one.GetSubject(), orDash(one.GetDisplayName()),
		})
	}
	return c.table([]string{"CASE", "STATE", "LATE", "DUE", "SEVERITY", "QUEUE", "OWNER", "ABOUT", "SUBJECT", "NAME"}, rows)
}

func newCasesShow(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "show CASE", Short: "Show a case with what it is about and what happened to it", Args: exactly("CASE")}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		got, err := conn.Cases.GetCase(ctx, &segmentationv1.GetCaseRequest{Name: named("cases", args[0])})
		if err != nil {
			return fmt.Errorf("get the case: %w", err)
		}
		if c.json {
			return c.printJSON(got)
		}
		request := &segmentationv1.ListCaseEntriesRequest{Parent: got.GetCase().GetName(), PageSize: 1000}
		history, err := listAll(ctx, "history", conn.Cases.ListCaseEntries, request, &request.PageToken, (*segmentationv1.ListCaseEntriesResponse).GetEntries)
		if err != nil {
			return err
		}
		if err := c.caseTable(got.GetCase()); err != nil {
			return err
		}
		for _, l := range got.GetCase().GetLinks() {
			if err := c.write("about " + l.GetResource() + "\n"); err != nil {
				return err
			}
		}
		return c.historyTable(history)
	})
	return cmd
}

// historyTable writes what happened to a case, a line each.
func (c *call) historyTable(history []*segmentationv1.CaseEntry) error {
	var rows [][]string
	for _, e := range history {
		rows = append(rows, []string{formatTime(e.GetTime()), enumWord("KIND_", e.GetKind()), orDash(e.GetActor()), orDash(entryText(e))})
	}
	return c.table([]string{"TIME", "WHAT", "WHO", "HOW"}, rows)
}

// entryText says what an entry is about.
func entryText(e *segmentationv1.CaseEntry) string {
	switch e.GetKind() {
	case segmentationv1.CaseEntry_KIND_MOVED, segmentationv1.CaseEntry_KIND_REOPENED:
		return enumWord("STATE_", e.GetFromState()) + " → " + enumWord("STATE_", e.GetState())
	case segmentationv1.CaseEntry_KIND_NOTED:
		return e.GetText()
	case segmentationv1.CaseEntry_KIND_LINKED:
		return e.GetLink()
	case segmentationv1.CaseEntry_KIND_MERGED:
		return e.GetCase()
	case segmentationv1.CaseEntry_KIND_DUE, segmentationv1.CaseEntry_KIND_BREACHED:
		return enumWord("PROMISE_", e.GetPromise()) + " by " + formatTime(e.GetDueTime())
	}
	if len(e.GetFields()) > 0 {
		return strings.Join(e.GetFields(), ", ")
	}
	if h := e.GetAfter(); h != nil {
		return strings.Join([]string{orDash(h.GetQueue()), orDash(h.GetOwner()), enumWord("SEVERITY_", h.GetSeverity())}, " ")
	}
	return ""
}

func newCasesClaim(env Env) *cobra.Command {
	request := &segmentationv1.ClaimCaseRequest{}
	cmd := &cobra.Command{
		Use:   "claim [CASE]",
		Short: "Make a case yours: the one that is named, or the first that nobody owns",
		Example: `  otklik cases claim --queue care
  otklik cases claim 2kq7x3mfb5wzc`,
		Args: between(0, 1, "CASE"),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&request.Queue, "queue", "", "the first of this queue")
	cmd.Flags().StringVar(&request.Owner, "owner", "", "whose it becomes; yours unless stated")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		if len(args) == 1 {
			request.Name = named("cases", args[0])
		}
		got, err := conn.Cases.ClaimCase(ctx, request)
		return c.told("claim the case", got, err, func() error { return c.caseTable(got.GetCase()) })
	})
	return cmd
}

func newCasesMove(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "move CASE STATE",
		Short:   "Bring a case to another state: " + names("", "STATE_", segmentationv1.Case_State(0).Descriptor()),
		Example: `  otklik cases move 2kq7x3mfb5wzc waiting_customer`,
		Args:    exactly("CASE", "STATE"),
	}
	return caseMover(env, cmd, func(args []string) (segmentationv1.Case_State, error) {
		v, err := value("state", "STATE_", args[1], segmentationv1.Case_State(0).Descriptor())
		return segmentationv1.Case_State(v), err
	})
}

func newCasesClose(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "close CASE", Short: "Close a case", Example: `  otklik cases close 2kq7x3mfb5wzc --cause process`, Args: exactly("CASE")}
	return caseMover(env, cmd, func([]string) (segmentationv1.Case_State, error) { return segmentationv1.Case_STATE_CLOSED, nil })
}

// caseMover lets a command move a case.
func caseMover(env Env, cmd *cobra.Command, state func(args []string) (segmentationv1.Case_State, error)) *cobra.Command {
	var cause string
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&cause, "cause", "", "of what kind the root cause is: "+names("", "ROOT_CAUSE_", segmentationv1.Case_RootCause(0).Descriptor()))
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		request := &segmentationv1.MoveCaseRequest{Name: named("cases", args[0])}
		var err error
		if request.State, err = state(args); err != nil {
			return err
		}
		if cause != "" {
			v, err := value("cause", "ROOT_CAUSE_", cause, segmentationv1.Case_RootCause(0).Descriptor())
			if err != nil {
				return err
			}
			request.RootCause = segmentationv1.Case_RootCause(v)
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Cases.MoveCase(ctx, request)
			return c.told("move the case", got, err, func() error { return c.caseTable(got.GetCase()) })
		})
	})
	return cmd
}

func newCasesNote(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use: "note CASE TEXT", Short: "Note something about a case", Example: `  otklik cases note 2kq7x3mfb5wzc "Called; waits for the refund"`, Args: exactly("CASE", "TEXT"),
	}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		got, err := conn.Cases.AddCaseNote(ctx, &segmentationv1.AddCaseNoteRequest{Name: named("cases", args[0]), Text: args[1]})
		return c.told("note", got, err, func() error { return c.caseTable(got.GetCase()) })
	})
	return cmd
}

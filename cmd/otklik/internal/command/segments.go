package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// NewSegmentsCommand returns `otklik segments`.
func NewSegmentsCommand(env Env) *cobra.Command {
	return newListGroup(newSegmentsList(env), "segments", "Say by rules which contacts belong together, and find what could be a segment",
		`Say by rules which contacts belong together, and find what could be a segment. Rules are conditions in CEL over contact.KEY and company.KEY (declared
attributes), light.contact, light.company ("RED", "AMBER", "GREEN"), score.mean, score.answers, purchases.recency_days, purchases.frequency,
purchases.monetary, rfm.recency, rfm.frequency, rfm.monetary and today.`,
		newSegmentsList(env), newSegmentsCreate(env), newSegmentsDelete(env), newSegmentsPreview(env), newSegmentsExplain(env), newSegmentsMembers(env),
		newSegmentsOverlap(env), newSegmentsSuggest(env), newSegmentsRFM(env), newSegmentsCluster(env))
}

// segmentName makes a resource name of what people type.
func segmentName(s string) string { return named("segments", s) }

func newSegmentsList(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List segments with how many contacts belong to them", Args: exactly()}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		request := &segmentationv1.ListSegmentsRequest{PageSize: largestPage}
		list, err := listAll(ctx, "segments", conn.Segments.ListSegments, request, &request.PageToken, (*segmentationv1.ListSegmentsResponse).GetSegments)
		if err != nil {
			return err
		}
		all := &segmentationv1.ListSegmentsResponse{Segments: list}
		switch {
		case c.json:
			return c.printJSON(all)
		case len(all.GetSegments()) == 0:
			return c.write("no segments\n")
		}
		return c.segmentTable(all.GetSegments()...)
	})
	return cmd
}

func (c *call) segmentTable(segments ...*segmentationv1.Segment) error {
	var rows [][]string
	for _, s := range segments {
		state := "since " + formatTime(s.GetEvaluateTime())
		switch {
		case s.GetFault() != "":
			state = "faulty: " + s.GetFault()
		case s.GetEvaluateTime() == nil:
			state = "being compared"
		}
		name := s.GetDisplayName()
		if s.GetIdealCustomerProfile() {
			name += " (ideal customer)"
		}
		rows = append(rows, []string{strings.TrimPrefix(s.GetName(), "segments/"), name, fmt.Sprint(s.GetMemberCount()), state, s.GetRule()})
	}
	return c.table([]string{"SEGMENT", "NAME", "CONTACTS", "STATE", "RULE"}, rows)
}

func newSegmentsCreate(env Env) *cobra.Command {
	s := &segmentationv1.Segment{}
	cmd := &cobra.Command{
		Use:     "create SEGMENT",
		Short:   "Create a segment",
		Example: `  otklik segments create loyal --rule 'rfm.frequency >= 4 && light.contact != "RED"'`,
		Args:    exactly("SEGMENT"),
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.StringVar(&s.Rule, "rule", "", "who belongs to it (required)")
	f.StringVar(&s.DisplayName, "name", "", "how people call it (default: its identifier)")
	f.StringVar(&s.Description, "description", "", "what it is for")
	f.BoolVar(&s.IdealCustomerProfile, "ideal", false, "it is the profile of an ideal customer")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		if s.GetRule() == "" {
			return exit.Usagef("--rule is needed")
		}
		if s.GetDisplayName() == "" {
			s.DisplayName = args[0]
		}
		created, err := conn.Segments.CreateSegment(ctx, &segmentationv1.CreateSegmentRequest{SegmentId: args[0], Segment: s})
		return c.told("create the segment", created, err, func() error { return c.segmentTable(created.GetSegment()) })
	})
	return cmd
}

func newSegmentsDelete(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "delete SEGMENT", Short: "Delete a segment with its memberships", Args: exactly("SEGMENT")}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		done, err := conn.Segments.DeleteSegment(ctx, &segmentationv1.DeleteSegmentRequest{Name: segmentName(args[0])})
		return c.told("delete the segment", done, err, func() error { return c.write("deleted\n") })
	})
	return cmd
}

func newSegmentsPreview(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "preview RULE",
		Short:   "Tell of how many contacts a rule holds, and how they score",
		Example: `  otklik segments preview 'company.sector == "retail" && score.mean < 5'`,
		Args:    exactly("RULE"),
	}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		p, err := conn.Segments.PreviewSegment(ctx, &segmentationv1.PreviewSegmentRequest{Rule: args[0]})
		if err != nil {
			return fmt.Errorf("preview the rule: %w", err)
		}
		if c.json {
			return c.printJSON(p)
		}
		text := fmt.Sprintf("%s contacts\n", contactShareText(p.GetMembers()))
		if s := p.GetScore(); s.Mean != nil {
			text += fmt.Sprintf("mean score %s of %d who answered; %s of all others\n", formatNumber(s.GetMean(), 2), s.GetAnswered(), optionalNumber(s.MeanOfOthers))
		}
		for _, name := range p.GetContacts() {
			text += "  " + name + "\n"
		}
		return c.write(text)
	})
	return cmd
}

// contactShareText is a part of contacts with its share and interval.
func contactShareText(s *segmentationv1.ContactShare) string {
	text := fmt.Sprintf("%d of %d", s.GetCount(), s.GetOf())
	if s.Share != nil {
		text += fmt.Sprintf(" (%.1f %%, %.1f to %.1f %%)", 100*s.GetShare(), 100*s.GetInterval().GetLower(), 100*s.GetInterval().GetUpper())
	}
	return text
}

// optionalNumber is a number that may be missing.
func optionalNumber(v *float64) string {
	if v == nil {
		return "-"
	}
	return formatNumber(*v, 2)
}

func newSegmentsExplain(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "explain SEGMENT CONTACT",
		Short:   "Tell why a contact belongs to a segment, or does not",
		Example: `  otklik segments explain loyal 4711`,
		Args:    exactly("SEGMENT", "CONTACT"),
	}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		e, err := conn.Segments.ExplainSegment(ctx, &segmentationv1.ExplainSegmentRequest{Name: segmentName(args[0]), Contact: named("contacts", args[1])})
		if err != nil {
			return fmt.Errorf("explain the segment: %w", err)
		}
		if c.json {
			return c.printJSON(e)
		}
		verdict := "does not belong to it"
		if e.GetOutcome() == segmentationv1.Outcome_OUTCOME_TRUE {
			verdict = "belongs to it"
		}
		if err := c.write(verdict + "\n"); err != nil {
			return err
		}
		var rows [][]string
		for _, r := range e.GetReasons() {
			var values []string
			for _, v := range r.GetValues() {
				value := v.GetValue()
				if !v.GetKnown() {
					value = "not known"
				}
				values = append(values, v.GetAttribute()+" = "+value)
			}
			decides := ""
			if r.GetDecides() {
				decides = "yes"
			}
			rows = append(rows, []string{r.GetCondition(), enumWord("OUTCOME_", r.GetOutcome()), strings.Join(values, ", "), decides})
		}
		return c.table([]string{"CONDITION", "OUTCOME", "VALUES", "DECIDES"}, rows)
	})
	return cmd
}

func newSegmentsMembers(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "members SEGMENT",
		Short: "Print the contacts that belong to a segment, one in each line",
		Long:  "Print the contacts that belong to a segment, one in each line: identifier and company, with --json all that you may see.",
		Args:  exactly("SEGMENT"),
	}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		stream, err := conn.Segments.ExportSegmentMembers(ctx, &segmentationv1.ExportSegmentMembersRequest{Name: segmentName(args[0])})
		if err == nil {
			err = receive(stream, func(m *segmentationv1.ExportSegmentMembersResponse) error {
				for _, contact := range m.GetContacts() {
					if err := c.printContact(contact); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err != nil {
			return fmt.Errorf("export the members: %w", err)
		}
		return nil
	})
	return cmd
}

func (c *call) printContact(m *segmentationv1.Contact) error {
	if c.json {
		return c.printLine(m)
	}
	return c.write(printable(strings.TrimPrefix(m.GetName(), "contacts/")) + "\t" + printable(strings.TrimPrefix(m.GetCompany(), "companies/")) + "\n")
}

// printMessage prints an answer as JSON, or as a table.
func (c *call) printMessage(m proto.Message, header []string, rows [][]string) error {
	if c.json {
		return c.printJSON(m)
	}
	return c.table(header, rows)
}

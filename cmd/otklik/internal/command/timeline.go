package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/libs/money"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// NewTimelineCommand returns `otklik timeline`.
func NewTimelineCommand(env Env) *cobra.Command {
	var kinds []string
	var from, to, zone string
	var limit int
	var oldest bool
	cmd := &cobra.Command{
		Use:   "timeline CONTACT",
		Short: "Tell all that happened with one customer, the newest first",
		Long: `Tell all that happened with one customer in one order: invitations, answers, comments, cases, interviews, purchases, changes of the light, merges.
A customer whose records were merged appears whole.`,
		Example: `  otklik timeline c-17 --kind purchase,answer --from 2026-01`,
		Args:    exactly("CONTACT"),
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.StringSliceVar(&kinds, "kind", nil, "only these kinds (default: all): "+names("", "KIND_", segmentationv1.TimelineEntry_Kind(0).Descriptor()))
	f.StringVar(&from, "from", "", "only what happened at this time or later")
	f.StringVar(&to, "to", "", "only what happened before this time")
	f.StringVar(&zone, "time-zone", "", "IANA time zone of the times given (default UTC)")
	f.IntVar(&limit, "limit", 50, "at most this many")
	f.BoolVar(&oldest, "oldest", false, "the oldest first")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		if limit < 1 {
			return exit.Usagef("--limit must be positive")
		}
		period, err := parsePeriod(from, to, zone)
		if err != nil {
			return err
		}
		request := &segmentationv1.ListTimelineEntriesRequest{Parent: named("contacts", args[0]), Period: period, PageSize: int32(min(limit, 500))} //nolint:gosec // 500 at most
		if oldest {
			request.OrderBy = "entry_time"
		}
		for _, name := range kinds {
			v, err := value("kind", "KIND_", name, segmentationv1.TimelineEntry_Kind(0).Descriptor())
			if err != nil {
				return err
			}
			request.Kinds = append(request.Kinds, segmentationv1.TimelineEntry_Kind(v))
		}
		return c.with(func(conn *client.Connection) error {
			list, err := listUpTo(ctx, "what happened", conn.Timeline.ListTimelineEntries, request, &request.PageToken, (*segmentationv1.ListTimelineEntriesResponse).GetTimelineEntries, limit)
			if err != nil {
				return err
			}
			all := &segmentationv1.ListTimelineEntriesResponse{TimelineEntries: list}
			switch {
			case c.json:
				return c.printJSON(all)
			case len(all.GetTimelineEntries()) == 0:
				return c.write("nothing\n")
			}
			return c.timelineTable(all.GetTimelineEntries()...)
		})
	})
	return cmd
}

func (c *call) timelineTable(entries ...*segmentationv1.TimelineEntry) error {
	rows := make([][]string, 0, len(entries))
	for _, e := range entries {
		rows = append(rows, []string{formatTime(e.GetEntryTime()), enumWord("KIND_", e.GetKind()), happenedText(e), orDash(e.GetLocation()), e.GetResource()})
	}
	return c.table([]string{"TIME", "WHAT", "DETAIL", "LOCATION", "RESOURCE"}, rows)
}

// happenedText is what an entry says beside when and of what.
func happenedText(e *segmentationv1.TimelineEntry) string {
	switch d := e.GetDetail().(type) {
	case *segmentationv1.TimelineEntry_Invitation:
		return joined(enumWord("OUTCOME_", d.Invitation.GetOutcome()), d.Invitation.GetChannel())
	case *segmentationv1.TimelineEntry_Answer:
		score := ""
		if d.Answer.Score != nil {
			score = "score " + formatNumber(d.Answer.GetScore(), 2)
		}
		return joined(score, fmt.Sprintf("%d answered", d.Answer.GetAnswerCount()), d.Answer.GetChannel())
	case *segmentationv1.TimelineEntry_Comment:
		var aspects []string
		for _, a := range d.Comment.GetAspects() {
			aspects = append(aspects, strings.TrimPrefix(a, "aspects/"))
		}
		return joined(d.Comment.GetSentiment(), strings.Join(aspects, " "))
	case *segmentationv1.TimelineEntry_Case:
		return joined(d.Case.GetEvent(), d.Case.GetSubject())
	case *segmentationv1.TimelineEntry_Interview:
		return orDash(d.Interview.GetEvent())
	case *segmentationv1.TimelineEntry_Purchase:
		return money.Format(float64(d.Purchase.GetAmountMinor()), d.Purchase.GetCurrency()) + " " + d.Purchase.GetCurrency()
	case *segmentationv1.TimelineEntry_Light:
		return joined(litWord(d.Light.GetColour()), "was "+litWord(d.Light.GetPreviousColour()))
	case *segmentationv1.TimelineEntry_Merge:
		return joined(d.Merge.GetEvent(), d.Merge.GetOtherContact())
	case *segmentationv1.TimelineEntry_Churn:
		return orDash(d.Churn.GetReason())
	default:
		return "-"
	}
}

// joined joins what is not empty.
func joined(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return orDash(strings.Join(out, ", "))
}

// litWord is what a light shows.
func litWord(colour segmentationv1.LightColour) string {
	if colour == segmentationv1.LightColour_LIGHT_COLOUR_UNSPECIFIED {
		return "none"
	}
	return enumWord("LIGHT_COLOUR_", colour)
}

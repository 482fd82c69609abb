package command

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// NewInterviewsCommand returns `otklik interviews`.
func NewInterviewsCommand(env Env) *cobra.Command {
	return newGroup("interviews", "Talk to those whose lights are red",
		"Talk to those whose lights are red: each red contact opens a task, in the order in which they are to be held.",
		newInterviewsList(env), newInterviewsSchedule(env), newInterviewsComplete(env))
}

func newInterviewsList(env Env) *cobra.Command {
	var states []string
	var contact, interviewer, code string
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List interviews in the order in which they are to be held",
		Example: `  otklik interviews list --interviewer members/aigul`,
		Args:    exactly(),
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.StringSliceVar(&states, "state", nil, "only interviews in these states (default: open and scheduled): "+names("", "STATE_", segmentationv1.Interview_State(0).Descriptor()))
	f.StringVar(&contact, "contact", "", "only interviews with this contact")
	f.StringVar(&interviewer, "interviewer", "", "only interviews of this interviewer")
	f.StringVar(&code, "code", "", "only interviews with this code")
	f.IntVar(&limit, "limit", 100, "at most this many")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		request := &segmentationv1.ListInterviewsRequest{Interviewer: interviewer, Code: code}
		if limit < 1 {
			return exit.Usagef("--limit must be positive")
		}
		if contact != "" {
			request.Contact = named("contacts", contact)
		}
		for _, name := range states {
			v, err := value("state", "STATE_", name, segmentationv1.Interview_State(0).Descriptor())
			if err != nil {
				return err
			}
			request.States = append(request.States, segmentationv1.Interview_State(v))
		}
		return c.with(func(conn *client.Connection) error {
			request.PageSize = pageFor(limit)
			list, err := listUpTo(ctx, "interviews", conn.Interviews.ListInterviews, request, &request.PageToken, (*segmentationv1.ListInterviewsResponse).GetInterviews, limit)
			if err != nil {
				return err
			}
			all := &segmentationv1.ListInterviewsResponse{Interviews: list}
			switch {
			case c.json:
				return c.printJSON(all)
			case len(all.GetInterviews()) == 0:
				return c.write("no interviews\n")
			}
			return c.interviewTable(all.GetInterviews()...)
		})
	})
	return cmd
}

func (c *call) interviewTable(interviews ...*segmentationv1.Interview) error {
	rows := make([][]string, 0, len(interviews))
	for _, i := range interviews {
		score := "-"
		if i.Score != nil {
			score = formatNumber(i.GetScore(), 2)
		}
		rows = append(rows, []string{
			strings.TrimPrefix(i.GetName(), "interviews/"), enumWord("STATE_", i.GetState()), strings.TrimPrefix(i.GetContact(), "contacts/"),
			orDash(strings.TrimPrefix(i.GetCompany(), "companies/")), score, orDash(i.GetInterviewer()), formatTime(i.GetScheduleTime()),
			orDash(strings.Join(i.GetCodes(), " ")),
		})
	}
	return c.table([]string{"INTERVIEW", "STATE", "CONTACT", "COMPANY", "SCORE", "INTERVIEWER", "TIME", "CODES"}, rows)
}

func newInterviewsSchedule(env Env) *cobra.Command {
	var at, by string
	var lasts time.Duration
	cmd := &cobra.Command{
		Use:     "schedule INTERVIEW",
		Short:   "Arrange an interview: when, and who holds it",
		Example: `  otklik interviews schedule 7kq2 --at "2026-03-04 10:00" --by members/aigul`,
		Args:    exactly("INTERVIEW"),
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.StringVar(&at, "at", "", "when it begins, in UTC unless a zone is given; needed")
	f.StringVar(&by, "by", "", "who holds it: a member or a post; needed")
	f.DurationVar(&lasts, "for", time.Hour, "how long it takes")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		start, err := parseBound("at", at, time.UTC)
		if err != nil {
			return err
		}
		if start == nil || by == "" {
			return exit.Usagef("--at and --by must be given")
		}
		return c.with(func(conn *client.Connection) error {
			answer, err := conn.Interviews.UpdateInterview(ctx, &segmentationv1.UpdateInterviewRequest{
				Interview: &segmentationv1.Interview{
					Name: named("interviews", args[0]), State: segmentationv1.Interview_STATE_SCHEDULED, ScheduleTime: start, Interviewer: by, Duration: durationpb.New(lasts),
				},
				UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"state", "schedule_time", "interviewer", "duration"}},
			})
			return c.told("schedule the interview", answer, err, func() error { return c.interviewTable(answer.GetInterview()) })
		})
	})
	return cmd
}

func newInterviewsComplete(env Env) *cobra.Command {
	var notes, file string
	var codes []string
	cmd := &cobra.Command{
		Use:   "complete INTERVIEW",
		Short: "Say that an interview was held, with what it brought",
		Example: `  otklik interviews complete 7kq2 --notes "wants one person to talk to" --code contact-person
  otklik interviews complete 7kq2 --file brought.json`,
		Args: exactly("INTERVIEW"),
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.StringVar(&notes, "notes", "", "what was noted")
	f.StringSliceVar(&codes, "code", nil, "codes of the code book that fit")
	f.StringVar(&file, "file", "", "JSON file with answers, notes, codes and findings, as in the API; - for standard input")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		result := &segmentationv1.Interview{}
		if file != "" {
			if err := c.readMessage(file, result); err != nil {
				return err
			}
		}
		if notes != "" {
			result.Notes = notes
		}
		result.Codes = append(result.Codes, given(codes)...)
		return c.with(func(conn *client.Connection) error {
			answer, err := conn.Interviews.CompleteInterview(ctx, &segmentationv1.CompleteInterviewRequest{Name: named("interviews", args[0]), Result: result})
			return c.told("complete the interview", answer, err, func() error { return c.interviewTable(answer.GetInterview()) })
		})
	})
	return cmd
}

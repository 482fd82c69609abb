package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// NewSurveyCommands returns the subcommands of `otklik survey`: list and show.
func NewSurveyCommands(env Env) []*cobra.Command {
	return []*cobra.Command{newSurveyList(env), newSurveyShow(env)}
}

func newSurveyList(env Env) *cobra.Command {
	var archived bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List surveys, the newest first",
		Args:  exactly(),
	}
	c := newCall(env, cmd)
	cmd.Flags().BoolVar(&archived, "archived", false, "list archived surveys too")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		request := &surveyv1.ListSurveysRequest{PageSize: 1000, ShowArchived: archived}
		surveys, err := listAll(ctx, "surveys", conn.Survey.ListSurveys, request, &request.PageToken, (*surveyv1.ListSurveysResponse).GetSurveys)
		if err != nil {
			return err
		}
		all := &surveyv1.ListSurveysResponse{Surveys: surveys}
		if c.json {
			return c.printJSON(all)
		}
		if len(all.GetSurveys()) == 0 {
			return c.write("no surveys\n")
		}
		var rows [][]string
		for _, s := range all.GetSurveys() {
			rows = append(rows, []string{
				idOf(s.GetName()), stateName(s.GetState()), revisionNumber(s.GetCurrentRevision()),
				strconv.Itoa(len(s.GetDraft().GetQuestions())), formatTime(s.GetCreateTime()), s.GetDisplayName(),
			})
		}
		return c.table([]string{"SURVEY", "STATE", "REVISION", "QUESTIONS", "CREATED", "NAME"}, rows)
	})
	return cmd
}

func newSurveyShow(env Env) *cobra.Command {
	var revision, language string
	cmd := &cobra.Command{
		Use:   "show SURVEY",
		Short: "Show a survey and its questions",
		Long:  "Show a survey and its questions: as published last, or the draft of a survey that was never published.",
		Args:  exactly("SURVEY"),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&revision, "revision", "", "show this published revision, a number")
	cmd.Flags().StringVar(&language, "language", "", "language of the texts (default that of the survey)")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		name := surveyName(args[0])
		if revision != "" {
			return c.showRevision(ctx, conn, name+"/revisions/"+revision, language)
		}
		got, err := conn.Survey.GetSurvey(ctx, &surveyv1.GetSurveyRequest{Name: name})
		if err != nil {
			return fmt.Errorf("get the survey: %w", err)
		}
		if c.json {
			return c.printJSON(got)
		}
		s := got.GetSurvey()
		var b strings.Builder
		fmt.Fprintf(&b, "%s\n", printable(s.GetDisplayName()))
		fmt.Fprintf(&b, "%s, %s, created %s, changed %s", s.GetName(), stateName(s.GetState()), formatTime(s.GetCreateTime()), formatTime(s.GetUpdateTime()))
		if s.GetCloseTime() != nil {
			fmt.Fprintf(&b, ", closed %s", formatTime(s.GetCloseTime()))
		}
		b.WriteString("\n")
		if err := c.write(b.String()); err != nil {
			return err
		}
		if s.GetCurrentRevision() != "" {
			return c.showRevision(ctx, conn, s.GetCurrentRevision(), language)
		}
		return c.questionTable(s.GetDraft(), language)
	})
	return cmd
}

func (c *call) showRevision(ctx context.Context, conn *client.Connection, name, language string) error {
	got, err := conn.Survey.GetRevision(ctx, &surveyv1.GetRevisionRequest{Name: name})
	if err != nil {
		return fmt.Errorf("get the revision: %w", err)
	}
	if c.json {
		return c.printJSON(got)
	}
	if err := c.write(fmt.Sprintf("revision %s, published %s\n", revisionNumber(name), formatTime(got.GetRevision().GetPublishTime()))); err != nil {
		return err
	}
	return c.questionTable(got.GetRevision().GetQuestionnaire(), language)
}

func (c *call) questionTable(q *surveyv1.Questionnaire, language string) error {
	var rows [][]string
	for _, question := range q.GetQuestions() {
		required := ""
		if question.GetRequired() {
			required = "yes"
		}
		kind, scale := kindAndScale(question)
		rows = append(rows, []string{question.GetId(), kind, scale, required, commentMode(question.GetComment()), textIn(question.GetText(), language, q.GetDefaultLanguage())})
	}
	population := strings.ToLower(strings.TrimPrefix(q.GetPopulation().String(), "POPULATION_"))
	if q.GetPopulation() == typev1.Population_POPULATION_UNSPECIFIED {
		population = "customer"
	}
	title := textIn(q.GetTitle(), language, q.GetDefaultLanguage())
	if err := c.write(fmt.Sprintf("%q, asks %ss, default language %s\n\n", printable(title), population, q.GetDefaultLanguage())); err != nil {
		return err
	}
	return c.table([]string{"QUESTION", "TYPE", "SCALE", "REQUIRED", "COMMENT", "TEXT"}, rows)
}

// textIn is the text in a language, or else in the default language.
func textIn(t *typev1.LocalizedText, language, fallback string) string {
	if s, ok := t.GetTexts()[language]; ok {
		return s
	}
	return t.GetTexts()[fallback]
}

// kindAndScale names a question's type, and its scale or the number of its options.
func kindAndScale(q *surveyv1.Question) (kind, scale string) {
	m := q.ProtoReflect()
	field := m.WhichOneof(m.Descriptor().Oneofs().ByName("kind"))
	if field == nil {
		return "unknown", ""
	}
	kind, scale = string(field.Name()), q.GetEffectiveScale().GetId()
	switch {
	case q.GetCes().GetDirection() == surveyv1.CesQuestion_DIRECTION_EFFORT:
		scale += " effort"
	case q.GetChoice().GetMultiple():
		scale = fmt.Sprintf("several of %d", len(q.GetChoice().GetOptions()))
	case q.GetChoice() != nil:
		scale = fmt.Sprintf("one of %d", len(q.GetChoice().GetOptions()))
	case q.GetFreeText() != nil:
		kind = "text"
	}
	return kind, scale
}

func commentMode(p *surveyv1.CommentPolicy) string {
	switch p.GetMode() {
	case surveyv1.CommentPolicy_MODE_OPTIONAL:
		return "optional"
	case surveyv1.CommentPolicy_MODE_REQUIRED_BELOW:
		return fmt.Sprintf("required to %v", p.GetRequiredAtOrBelow())
	default:
		return ""
	}
}

// idOf is the last part of a resource name.
func idOf(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

func stateName(s surveyv1.Survey_State) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "STATE_"))
}

func revisionNumber(name string) string {
	if name == "" {
		return "-"
	}
	return idOf(name)
}

// formatTime is a moment in UTC, to the minute.
func formatTime(t *timestamppb.Timestamp) string {
	if t == nil {
		return "-"
	}
	return t.AsTime().UTC().Format("2006-01-02 15:04Z07:00")
}

// formatMoment is a moment in UTC, to the second.
func formatMoment(t *timestamppb.Timestamp) string {
	if t == nil {
		return "-"
	}
	return t.AsTime().UTC().Format(time.RFC3339)
}

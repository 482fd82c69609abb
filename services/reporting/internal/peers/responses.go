package peers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/services/reporting/internal/export"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	// PersonsView is the permission to see who answered, and what was written; responsesList that to read responses at all.
	PersonsView   = "survey.persons.view"
	responsesList = "survey.responses.list"
	// optionSeparator stands between the options of an answer, and between flags.
	optionSeparator = "|"
	// actingLifetime is how long calls on behalf of somebody may go on before it is asked again whether they may.
	actingLifetime = time.Hour
)

// Responses has the rows of exports. Safe for concurrent use.
type Responses struct {
	client    surveyv1.SurveyServiceClient
	delegates *Delegates
}

// NewResponses asks the survey service over conn, which has no credential of its own; who asks for exports is acted for by delegates.
func NewResponses(conn grpc.ClientConnInterface, delegates *Delegates) *Responses {
	return &Responses{client: surveyv1.NewSurveyServiceClient(conn), delegates: delegates}
}

// Rights are what decides which responses, and what of them, the caller of ctx is given.
func Rights(ctx context.Context) (string, error) {
	caller, _ := authn.FromContext(ctx)
	granted := authz.FromContext(ctx)
	units := make(map[string][]string, len(caller.Units))
	for dimension, values := range caller.Units {
		units[dimension] = slices.Sorted(slices.Values(values))
	}
	encoded, err := json.Marshal(map[string]any{
		"units": units, "persons": granted.Holds(PersonsView), "responses": granted.Holds(responsesList), "resources": slices.Sorted(slices.Values(caller.Resources)),
	})
	return string(encoded), err
}

// Acting implements export.Source. Whoever may see other things than when he asked is refused: a file, or a part of one that is gone on with, would hold what he
// asked for with another reach.
func (r *Responses) Acting(ctx context.Context, e export.Export) (context.Context, error) {
	acting, who, err := r.delegates.OnBehalf(ctx, e.Organization, e.Creator, e.Name(), actingLifetime)
	if errors.Is(err, ErrGone) {
		return nil, &export.Refused{Reason: "whoever asked for it may not any more: was removed, disabled or revoked, or has expired"}
	}
	if err != nil {
		return nil, err
	}
	now, err := Rights(acting)
	if err != nil {
		return nil, err
	}
	if now != e.Order.Rights {
		return nil, &export.Refused{Reason: "what whoever asked for it may see has changed since: export again"}
	}
	questions, err := r.Questions(acting, e.Order.Survey)
	if err != nil {
		return nil, refused(err)
	}
	var forbidden *export.ForbiddenError
	if _, _, err := export.Choose(export.Columns(questions), e.Order.Columns, who.May(PersonsView)); errors.As(err, &forbidden) {
		return nil, &export.Refused{Reason: fmt.Sprintf("column %q is of persons, whom whoever asked for it may not see any more", forbidden.Name)}
	}
	return acting, nil
}

// refused explains an error of a call that cannot be made.
func refused(err error) error {
	var said *Refusal
	if errors.As(err, &said) && said.Cause.Code != codes.ResourceExhausted {
		return &export.Refused{Reason: said.Cause.Message}
	}
	return err
}

// Questions are those that any published revision of a survey asks, those of the newest first. Errors: *Refusal; ErrUnavailable; ctx's.
func (r *Responses) Questions(ctx context.Context, survey string) (out []export.Question, err error) {
	at := make(map[string]int)
	req := &surveyv1.ListRevisionsRequest{Parent: survey, PageSize: 1000}
	for {
		page, err := r.client.ListRevisions(asCaller(ctx), req)
		if err != nil {
			return nil, failure(ctx, "list revisions", err)
		}
		for _, revision := range page.GetRevisions() {
			for _, q := range revision.GetQuestionnaire().GetQuestions() {
				mode := q.GetComment().GetMode()
				commented := mode == surveyv1.CommentPolicy_MODE_OPTIONAL || mode == surveyv1.CommentPolicy_MODE_REQUIRED_BELOW
				if i, ok := at[q.GetId()]; ok {
					out[i].Commented = out[i].Commented || commented
					continue
				}
				at[q.GetId()] = len(out)
				out = append(out, export.Question{ID: q.GetId(), Scored: QuestionOf(q).Kind != KindOther, Written: q.GetFreeText() != nil, Commented: commented})
			}
		}
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			return out, nil
		}
	}
}

// Rows implements export.Source.
func (r *Responses) Rows(ctx context.Context, o export.Order, after int64, fn func(position int64, cells []export.Cell) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	req := &surveyv1.StreamResponsesRequest{Parent: o.Survey, AfterPosition: after}
	if !o.From.IsZero() || !o.To.IsZero() {
		req.Period = &typev1.Period{StartTime: stamp(o.From), EndTime: stamp(o.To)}
	}
	stream, err := r.client.StreamResponses(asCaller(ctx), req)
	if err != nil {
		return refused(failure(ctx, "stream responses", err))
	}
	cells := make([]export.Cell, len(o.Columns))
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return refused(failure(ctx, "stream responses", err))
		}
		if err := fill(cells, o.Columns, m.GetResponse(), m.GetPosition()); err != nil {
			return err
		}
		if err := fn(m.GetPosition(), cells); err != nil {
			return err
		}
	}
}

// stamp converts a time; nil for zero.
func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// fill makes the cells of a response.
func fill(cells []export.Cell, columns []string, r *surveyv1.Response, position int64) error {
	answers := make(map[string]*surveyv1.Answer, len(r.GetAnswers()))
	for _, a := range r.GetAnswers() {
		answers[a.GetQuestion()] = a
	}
	for i, name := range columns {
		prefix, rest, dotted := strings.Cut(name, ".")
		switch {
		case dotted && prefix+"." == export.AnswerPrefix:
			cells[i] = answerCell(answers[rest])
		case dotted && prefix+"." == export.CommentPrefix:
			cells[i] = export.Cell{Text: answers[rest].GetComment()}
		case dotted:
			cells[i] = export.Cell{Text: r.GetContext().GetAttributes()[rest]}
		default:
			cell, err := fixedCell(name, r, position)
			if err != nil {
				return err
			}
			cells[i] = cell
		}
	}
	return nil
}

func answerCell(a *surveyv1.Answer) export.Cell {
	switch v := a.GetValue().(type) {
	case *surveyv1.Answer_Score:
		return export.Cell{Number: v.Score, Numeric: true}
	case *surveyv1.Answer_Choice:
		return export.Cell{Text: strings.Join(v.Choice.GetOptions(), optionSeparator)}
	case *surveyv1.Answer_FreeText:
		return export.Cell{Text: v.FreeText}
	default:
		return export.Cell{}
	}
}

// fixedCell is the value of a column that all surveys have.
func fixedCell(name string, r *surveyv1.Response, position int64) (export.Cell, error) {
	context := r.GetContext()
	text := func(s string) (export.Cell, error) { return export.Cell{Text: s}, nil }
	moment := func(t *timestamppb.Timestamp) (export.Cell, error) {
		if t == nil {
			return export.Cell{}, nil
		}
		return export.Cell{Text: t.AsTime().UTC().Format(time.RFC3339Nano)}, nil
	}
	switch name {
	case "position":
		return export.Cell{Number: float64(position), Numeric: true}, nil
	case "response_id":
		return text(lastPart(r.GetName()))
	case "revision":
		return text(lastPart(r.GetRevision()))
	case "count_time":
		return moment(r.GetCountTime())
	case "answer_time":
		return moment(r.GetAnswerTime())
	case "receive_time":
		return moment(r.GetReceiveTime())
	case "language":
		return text(r.GetLanguage())
	case "touchpoint":
		return text(context.GetTouchpoint())
	case "channel":
		return text(context.GetChannel())
	case "location":
		return text(context.GetLocation())
	case "region":
		return text(context.GetRegion())
	case "company":
		return text(context.GetCompany())
	case "employee":
		return text(context.GetEmployee())
	case "respondent":
		return text(r.GetRespondent())
	case "invitation":
		return text(r.GetInvitation())
	case "weight":
		return export.Cell{Number: r.GetWeight(), Numeric: r.Weight != nil}, nil
	case "flags":
		flags := make([]string, len(r.GetFlags()))
		for i, f := range r.GetFlags() {
			flags[i] = strings.TrimPrefix(f.String(), "FLAG_")
		}
		return text(strings.Join(flags, optionSeparator))
	}
	// The last one is attributes.
	if len(context.GetAttributes()) == 0 {
		return export.Cell{}, nil
	}
	encoded, err := json.Marshal(context.GetAttributes())
	return export.Cell{Text: string(encoded)}, err
}

func lastPart(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

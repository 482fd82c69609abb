package rows

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Responses has the responses of a survey. Safe for concurrent use.
type Responses struct {
	// Client streams as the caller of a context; its errors are those of peers.
	Client surveyv1.SurveyServiceClient
}

var _ export.Source = &Responses{}

// Columns implements export.Source.
func (r *Responses) Columns(ctx context.Context, o export.Order) ([]export.Column, error) {
	questions, err := r.Questions(ctx, o.Survey)
	if err != nil {
		return nil, err
	}
	_, err = responseKeys(ctx, o, questions)
	return export.OfResponses(questions), err
}

// Questions are those that any published revision of a survey asks, those of the newest first. Errors: those of peers.
func (r *Responses) Questions(ctx context.Context, survey string) (out []export.Question, err error) {
	at := make(map[string]int)
	req := &surveyv1.ListRevisionsRequest{Parent: survey, PageSize: 1000}
	for {
		page, err := r.Client.ListRevisions(ctx, req)
		if err != nil {
			return nil, err
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
				out = append(out, export.Question{ID: q.GetId(), Scored: peers.QuestionOf(q).Kind != peers.KindOther, Written: q.GetFreeText() != nil, Choice: q.GetChoice() != nil, Commented: commented})
			}
		}
		if req.PageToken = page.GetNextPageToken(); req.GetPageToken() == "" {
			return out, nil
		}
	}
}

// Rows implements export.Source.
func (r *Responses) Rows(ctx context.Context, o export.Order, after export.Mark, fn func(export.Mark, []export.Cell) error) error {
	questions, err := r.Questions(ctx, o.Survey)
	if err != nil {
		return refused(err)
	}
	wanted, err := responseKeys(ctx, o, questions)
	if err != nil {
		return refused(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := r.Client.StreamResponses(ctx, &surveyv1.StreamResponsesRequest{Parent: o.Survey, AfterPosition: after.Position, Period: Period(o), TellPositions: true})
	if err != nil {
		return refused(err)
	}
	cells := responseCells().filler(o.Columns, otherCells)
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return refused(err)
		}
		var row []export.Cell
		if m.GetResponse() != nil && wanted(m.GetResponse()) {
			row = cells.fill(m)
		}
		if err := fn(export.Mark{Position: m.GetPosition()}, row); err != nil {
			return err
		}
	}
}

// accepted is a response with its position.
type accepted = *surveyv1.StreamResponsesResponse

// responseCells are the cells that responses to all surveys have.
func responseCells() columns[accepted] {
	return inContext(columns[accepted]{
		"position":     func(m accepted) export.Cell { return number(m.GetPosition()) },
		"response_id":  func(m accepted) export.Cell { return text(lastPart(m.GetResponse().GetName())) },
		"revision":     func(m accepted) export.Cell { return text(lastPart(m.GetResponse().GetRevision())) },
		"count_time":   func(m accepted) export.Cell { return moment(m.GetResponse().GetCountTime()) },
		"answer_time":  func(m accepted) export.Cell { return moment(m.GetResponse().GetAnswerTime()) },
		"receive_time": func(m accepted) export.Cell { return moment(m.GetResponse().GetReceiveTime()) },
		"language":     func(m accepted) export.Cell { return text(m.GetResponse().GetLanguage()) },
		"respondent":   func(m accepted) export.Cell { return text(m.GetResponse().GetRespondent()) },
		"invitation":   func(m accepted) export.Cell { return text(m.GetResponse().GetInvitation()) },
		"weight":       func(m accepted) export.Cell { return perhaps(m.GetResponse().Weight) },
		"flags": func(m accepted) export.Cell {
			flags := make([]string, len(m.GetResponse().GetFlags()))
			for i, f := range m.GetResponse().GetFlags() {
				flags[i] = strings.TrimPrefix(f.String(), "FLAG_")
			}
			return list(flags)
		},
	}, contextOf)
}

func contextOf(m accepted) *typev1.Context { return m.GetResponse().GetContext() }

// otherCells are the cells of answers, comments and attributes.
func otherCells(column string) cell[accepted] {
	if question, ok := strings.CutPrefix(column, export.AnswerPrefix); ok {
		return func(m accepted) export.Cell { return answerCell(answerTo(m.GetResponse(), question)) }
	}
	if question, ok := strings.CutPrefix(column, export.CommentPrefix); ok {
		return func(m accepted) export.Cell { return text(answerTo(m.GetResponse(), question).GetComment()) }
	}
	return attribute(contextOf)(column)
}

// answerTo is the answer to a question; nil when there is none.
func answerTo(r *surveyv1.Response, question string) *surveyv1.Answer {
	for _, a := range r.GetAnswers() {
		if a.GetQuestion() == question {
			return a
		}
	}
	return nil
}

func answerCell(a *surveyv1.Answer) export.Cell {
	switch v := a.GetValue().(type) {
	case *surveyv1.Answer_Score:
		return number(v.Score)
	case *surveyv1.Answer_Choice:
		return list(v.Choice.GetOptions())
	case *surveyv1.Answer_FreeText:
		return text(v.FreeText)
	case *surveyv1.Answer_Number:
		return number(v.Number)
	case *surveyv1.Answer_Date:
		return text(v.Date)
	default:
		return export.Cell{}
	}
}

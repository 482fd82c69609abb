// Package export writes a survey's responses to CSV or JSON lines as they come from the server, one at a time, so that an export of any size
// takes little memory and goes on where it was cut off.
package export

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/sheet"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// OptionSeparator stands between the options of an answer; no option's identifier holds it.
const OptionSeparator = "|"

// fixedColumns come before the questions.
var fixedColumns = []string{
	"position", "response_id", "revision", "count_time", "answer_time", "receive_time", "language", "touchpoint", "channel", "location",
	"region", "company", "employee", "attributes", "respondent", "invitation", "weight", "flags",
}

// Columns are the columns of a CSV export: the fixed ones, one for each attribute asked for, one for each question that any revision asks
// (`answer.ID`), and one for its comments where it takes any (`comment.ID`).
type Columns struct {
	names      []string
	attributes []string
	questions  []questionColumns
	at         map[string]int
}

type questionColumns struct {
	id        string
	commented bool
}

// FindColumns finds the columns by the survey's published revisions, the questions of the newest first.
func FindColumns(ctx context.Context, client surveyv1.SurveyServiceClient, survey string, attributes []string) (*Columns, error) {
	c := &Columns{attributes: attributes, at: map[string]int{}}
	request := &surveyv1.ListRevisionsRequest{Parent: survey, PageSize: 1000}
	for {
		page, err := client.ListRevisions(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("list the survey's revisions: %w", err)
		}
		for _, revision := range page.GetRevisions() {
			for _, q := range revision.GetQuestionnaire().GetQuestions() {
				c.add(q)
			}
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			break
		}
	}
	c.names = slices.Clone(fixedColumns)
	for _, a := range attributes {
		c.names = append(c.names, "attribute."+a)
	}
	for _, q := range c.questions {
		c.names = append(c.names, "answer."+q.id)
		if q.commented {
			c.names = append(c.names, "comment."+q.id)
		}
	}
	return c, nil
}

func (c *Columns) add(q *surveyv1.Question) {
	mode := q.GetComment().GetMode()
	commented := mode == surveyv1.CommentPolicy_MODE_OPTIONAL || mode == surveyv1.CommentPolicy_MODE_REQUIRED_BELOW
	i, ok := c.at[q.GetId()]
	if !ok {
		i = len(c.questions)
		c.at[q.GetId()] = i
		c.questions = append(c.questions, questionColumns{id: q.GetId()})
	}
	c.questions[i].commented = c.questions[i].commented || commented
}

// Names is the header.
func (c *Columns) Names() []string { return c.names }

// cells makes the row of a response. raw leaves texts as they are; otherwise those that a spreadsheet would take for formulas are made safe.
func (c *Columns) cells(r *surveyv1.Response, position int64, raw bool) ([]string, error) {
	safe := sheet.Defuse
	if raw {
		safe = func(s string) string { return s }
	}
	attributes := ""
	if m := r.GetContext().GetAttributes(); len(m) > 0 {
		encoded, err := json.Marshal(m)
		if err != nil {
			return nil, fmt.Errorf("encode attributes: %w", err)
		}
		attributes = string(encoded)
	}
	weight := ""
	if r.Weight != nil {
		weight = strconv.FormatFloat(r.GetWeight(), 'g', -1, 64)
	}
	flags := make([]string, len(r.GetFlags()))
	for i, f := range r.GetFlags() {
		flags[i] = strings.TrimPrefix(f.String(), "FLAG_")
	}
	context := r.GetContext()
	out := []string{
		strconv.FormatInt(position, 10), lastPart(r.GetName()), lastPart(r.GetRevision()),
		timeCell(r.GetCountTime()), timeCell(r.GetAnswerTime()), timeCell(r.GetReceiveTime()), r.GetLanguage(),
		safe(context.GetTouchpoint()), safe(context.GetChannel()), safe(context.GetLocation()),
		safe(context.GetRegion()), safe(context.GetCompany()), safe(context.GetEmployee()), attributes,
		safe(r.GetRespondent()), safe(r.GetInvitation()), weight, strings.Join(flags, OptionSeparator),
	}
	for _, a := range c.attributes {
		out = append(out, safe(context.GetAttributes()[a]))
	}
	answers := make([]*surveyv1.Answer, len(c.questions))
	for _, a := range r.GetAnswers() {
		i, ok := c.at[a.GetQuestion()]
		if !ok {
			return nil, fmt.Errorf("response %s answers the question %q, which was published while the export ran: run it again", r.GetName(), a.GetQuestion())
		}
		answers[i] = a
	}
	for i, q := range c.questions {
		out = append(out, answerCell(answers[i], safe))
		if q.commented {
			out = append(out, safe(answers[i].GetComment()))
		}
	}
	return out, nil
}

func answerCell(a *surveyv1.Answer, safe func(string) string) string {
	switch v := a.GetValue().(type) {
	case *surveyv1.Answer_Score:
		return strconv.FormatFloat(v.Score, 'f', -1, 64)
	case *surveyv1.Answer_Choice:
		return strings.Join(v.Choice.GetOptions(), OptionSeparator)
	case *surveyv1.Answer_FreeText:
		return safe(v.FreeText)
	case *surveyv1.Answer_Number:
		return strconv.FormatFloat(v.Number, 'f', -1, 64)
	case *surveyv1.Answer_Date:
		return v.Date
	default:
		return ""
	}
}

func timeCell(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().UTC().Format(time.RFC3339Nano)
}

func lastPart(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

package scoring_test

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// shop is the survey of most tests.
const shop = "surveys/shop"

// noon is a moment in the middle of an hour, a day and a month.
var noon = time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)

func localized(s string) *typev1.LocalizedText {
	return &typev1.LocalizedText{Texts: map[string]string{"en": s}}
}

func asked(id string) *surveyv1.Question { return &surveyv1.Question{Id: id, Text: localized(id)} }

func nps(id string) *surveyv1.Question {
	q := asked(id)
	q.Kind = &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{}}
	return q
}

func csat(id string) *surveyv1.Question {
	q := asked(id)
	q.Kind = &surveyv1.Question_Csat{Csat: &surveyv1.CsatQuestion{}}
	return q
}

func ces(id string, direction surveyv1.CesQuestion_Direction) *surveyv1.Question {
	q := asked(id)
	q.Kind = &surveyv1.Question_Ces{Ces: &surveyv1.CesQuestion{Scale: &typev1.Scale{Min: 1, Max: 7}, Direction: direction}}
	return q
}

func rating(id string, low, high float64) *surveyv1.Question {
	q := asked(id)
	q.Kind = &surveyv1.Question_Rating{Rating: &surveyv1.RatingQuestion{Scale: &typev1.Scale{Min: low, Max: high}}}
	return q
}

func freeText(id string) *surveyv1.Question {
	q := asked(id)
	q.Kind = &surveyv1.Question_FreeText{FreeText: &surveyv1.TextQuestion{}}
	return q
}

func asking(questions ...*surveyv1.Question) *surveyv1.Questionnaire {
	return &surveyv1.Questionnaire{Title: localized("Shop"), DefaultLanguage: "en", Questions: questions}
}

// shopQuestions is the questionnaire of most tests.
func shopQuestions() *surveyv1.Questionnaire {
	return asking(nps("recommend"), csat("staff"), ces("effort", surveyv1.CesQuestion_DIRECTION_EFFORT), rating("price", 1, 10), freeText("why"))
}

// scores are answers by question.
type scores map[string]float64

// response is a response to the first revision of the survey.
func response(org, survey, id string, at time.Time, answers scores) *surveyv1.Event {
	r := &surveyv1.Response{
		Name: survey + "/responses/" + id, Revision: survey + "/revisions/1", AnswerTime: timestamppb.New(at), CountTime: timestamppb.New(at),
		ReceiveTime: timestamppb.New(at.Add(time.Second)), Language: "ky", Context: &typev1.Context{Location: "north", Channel: "app"},
	}
	for _, q := range []string{"recommend", "staff", "effort", "price"} {
		if v, ok := answers[q]; ok {
			r.Answers = append(r.Answers, &surveyv1.Answer{Question: q, Value: &surveyv1.Answer_Score{Score: v}})
		}
	}
	return &surveyv1.Event{Organization: org, Change: &surveyv1.Event_Response{Response: r}}
}

// refusal is a refusal of the survey.
func refusal(org, survey, id string, at time.Time, kind surveyv1.Refusal_Kind, invitation string) *surveyv1.Event {
	return &surveyv1.Event{Organization: org, Change: &surveyv1.Event_Refusal{Refusal: &surveyv1.Refusal{
		Name: survey + "/refusals/" + id, Kind: kind, RefuseTime: timestamppb.New(at), CountTime: timestamppb.New(at),
		ReceiveTime: timestamppb.New(at.Add(time.Second)), Invitation: invitation, Context: &typev1.Context{Location: "south"},
	}}}
}

// several makes n events.
func several(n int, make func(i int) *surveyv1.Event) []*surveyv1.Event {
	var events []*surveyv1.Event
	for i := range n {
		events = append(events, make(i))
	}
	return events
}

func id(prefix string, i int) string { return fmt.Sprintf("%s-%d", prefix, i) }

package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/interview"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// interviewWithheld are the fields that hold words.
var interviewWithheld = []string{"answers", "notes", "findings.text"}

// interviewToProto converts an interview. Without words, these are withheld.
func interviewToProto(i interviewed, words bool) *segmentationv1.Interview {
	out := &segmentationv1.Interview{
		Name: interviewsCollection + i.ID, Contact: contactsCollection + i.Contact, Company: named(companiesCollection, i.Company),
		Survey: named(surveysCollection, i.Survey), State: segmentationv1.Interview_State(i.State), Origin: segmentationv1.Interview_Origin(i.Origin),
		Interviewer: i.Interviewer, ScheduleTime: timeToProto(i.ScheduleTime), Duration: durationpb.New(i.Duration), Codes: i.Codes, Score: i.Score,
		CreateTime: timeToProto(i.CreateTime), UpdateTime: timeToProto(i.UpdateTime), CompleteTime: timeToProto(i.CompleteTime), Etag: etag(i.CreateTime, i.Version),
	}
	for n, f := range i.Findings {
		finding := &segmentationv1.InterviewFinding{Survey: surveysCollection + f.Survey, Question: f.Question, Kind: segmentationv1.InterviewFinding_Kind(f.Kind)}
		if words {
			finding.Text = i.words.FindingText(n)
		}
		out.Findings = append(out.Findings, finding)
	}
	if !words {
		out.WithheldFields = interviewWithheld
		return out
	}
	out.Notes = i.words.Notes
	for _, a := range i.words.Answers {
		out.Answers = append(out.Answers, &segmentationv1.InterviewAnswer{Question: a.Question, Text: a.Text})
	}
	return out
}

// interviewFromProto converts what callers say of an interview.
func interviewFromProto(in *segmentationv1.Interview) interviewed {
	out := interviewed{Interview: interview.Interview{
		Contact: bare(contactsCollection, in.GetContact()), Survey: bare(surveysCollection, in.GetSurvey()), State: interview.State(in.GetState()),
		Interviewer: in.GetInterviewer(), Codes: in.GetCodes(),
	}}
	if in.GetScheduleTime() != nil {
		out.ScheduleTime = in.GetScheduleTime().AsTime()
	}
	if in.GetDuration() != nil {
		out.Duration = in.GetDuration().AsDuration()
	}
	out.words.Notes = in.GetNotes()
	for _, a := range in.GetAnswers() {
		out.words.Answers = append(out.words.Answers, interview.Answer{Question: a.GetQuestion(), Text: a.GetText()})
	}
	for _, f := range in.GetFindings() {
		out.Findings = append(out.Findings, interview.Finding{
			Survey: bare(surveysCollection, f.GetSurvey()), Question: f.GetQuestion(), Kind: interview.Kind(f.GetKind()),
		})
		out.words.Findings = append(out.words.Findings, f.GetText())
	}
	return out
}

// sealWords seals the words of an interview with the key of the contact; nil where there are none.
func (s *Server) sealWords(ctx context.Context, i interviewed) ([]byte, error) {
	if i.words.IsZero() {
		return nil, nil
	}
	person := i.Person
	if len(person) == 0 {
		var err error
		if person, err = s.register().Own(ctx, i.Organization, i.Contact); err != nil {
			return nil, err
		}
	}
	key, err := s.Keeper.KeyFor(ctx, seal.FormatPseudonym(person))
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(i.words)
	if err != nil {
		return nil, fmt.Errorf("encode words: %w", err)
	}
	return seal.Seal(key, text, store.Associated(i.Organization))
}

// openWords opens the words of interviews. Those whose key was destroyed are gone.
func (s *Server) openWords(ctx context.Context, list []interview.Interview) ([]interview.Words, error) {
	var ids []string
	for _, i := range list {
		if len(i.Sealed) > 0 {
			id, err := seal.KeyID(i.Sealed)
			if err != nil {
				return nil, err
			}
			ids = append(ids, id)
		}
	}
	out := make([]interview.Words, len(list))
	if len(ids) == 0 {
		return out, nil
	}
	// All keys are fetched together; opening then finds them.
	if _, err := s.Keeper.Keys(ctx, ids); err != nil {
		return nil, err
	}
	for n, i := range list {
		if len(i.Sealed) == 0 {
			continue
		}
		text, err := s.Keeper.Open(ctx, i.Sealed, store.Associated(i.Organization))
		if errors.Is(err, seal.ErrDestroyed) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &out[n]); err != nil {
			return nil, fmt.Errorf("decode words: %w", err)
		}
	}
	return out, nil
}

func guideToProto(g interview.Guide) *segmentationv1.InterviewGuide {
	out := &segmentationv1.InterviewGuide{Name: guidesCollection + g.Survey, UpdateTime: timeToProto(g.UpdateTime)}
	if g.Version > 0 {
		out.Etag = etag(g.CreateTime, g.Version)
	}
	for _, q := range g.Questions {
		out.Questions = append(out.Questions, &segmentationv1.GuideQuestion{Id: q.ID, Text: &typev1.LocalizedText{Texts: q.Text}, Item: q.Item})
	}
	return out
}

func bookToProto(b interview.Book) *segmentationv1.InterviewCodeBook {
	out := &segmentationv1.InterviewCodeBook{Name: codeBookName, UpdateTime: timeToProto(b.UpdateTime)}
	if b.Version > 0 {
		out.Etag = etag(b.CreateTime, b.Version)
	}
	for _, c := range b.Codes {
		out.Codes = append(out.Codes, &segmentationv1.InterviewCode{Id: c.ID, DisplayName: &typev1.LocalizedText{Texts: c.Names}, Retired: c.Retired})
	}
	return out
}

package api

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const (
	// mostLooks is how often more entries are read for a page of a caller who may see few of them: the page may then be shorter than it could be.
	mostLooks = 20
	// lookedAt is how many entries are read at a time for such a caller, at least.
	lookedAt = 500
)

// timelineServer serves TimelineService.
type timelineServer struct {
	segmentationv1.UnimplementedTimelineServiceServer
	*Server
}

// timelineCursor is where a page of a timeline ended.
type timelineCursor struct {
	Time     int64
	Kind     timeline.Kind
	Resource string
}

func (c timelineCursor) mark() store.TimelineMark {
	if c == (timelineCursor{}) {
		return store.TimelineMark{}
	}
	return store.TimelineMark{Time: time.UnixMicro(c.Time), Kind: c.Kind, Resource: c.Resource}
}

// ListTimelineEntries lists what happened with a customer.
func (s *timelineServer) ListTimelineEntries(ctx context.Context, req *segmentationv1.ListTimelineEntriesRequest) (*segmentationv1.ListTimelineEntriesResponse, error) {
	org, id, err := parseOwned(ctx, "parent", contactsCollection, req.GetParent())
	if err != nil {
		return nil, err
	}
	p, err := openPage[hidden](s.Server, segmentationv1.TimelineService_ListTimelineEntries_FullMethodName, org, req)
	if err != nil {
		return nil, err
	}
	var after timelineCursor
	if err := s.reveal(ctx, org, p.cursor, &after); err != nil {
		return nil, err
	}
	contact, err := s.Store.StandingContact(ctx, org, unitsOf(ctx), id)
	if err != nil {
		return nil, orNotFound(err, segmentationv1.ErrorReason_ERROR_REASON_CONTACT_NOT_FOUND, "contact", req.GetParent())
	}
	q := store.TimelineQuery{
		Organization: org, Contact: contact.ID, Start: timeFrom(req.GetPeriod().GetStartTime()), End: timeFrom(req.GetPeriod().GetEndTime()),
		OldestFirst: req.GetOrderBy() == "entry_time", Limit: p.size, After: after.mark(),
	}
	for _, k := range req.GetKinds() {
		q.Kinds = append(q.Kinds, timeline.Kind(k)) //nolint:gosec // an enum of ten values
	}
	// What happened with a contact of others is for the caller to see as far as it did in its units.
	var units store.Units
	if !contact.Own {
		if units, err = s.reach(ctx, org); err != nil {
			return nil, err
		}
	}
	list, cursor, more, err := s.visible(ctx, q, units)
	if err != nil {
		return nil, storeError(err)
	}
	if len(list) == 0 && !more && len(units) > 0 {
		// Whether there is such a contact is not for the caller to know.
		return nil, notFound(segmentationv1.ErrorReason_ERROR_REASON_CONTACT_NOT_FOUND, "contact", req.GetParent())
	}
	scores, err := s.scoresOf(ctx, org, list)
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.ListTimelineEntriesResponse{TimelineEntries: entriesToProto(ctx, list, scores)}
	// Where it ended may be something that is not for the caller.
	at, err := s.hide(ctx, org, cursor)
	if err != nil {
		return nil, err
	}
	out.NextPageToken = p.next(more, at)
	return out, nil
}

// seen is an entry with what it says.
type seen struct {
	store.TimelineEntry
	body timeline.Body
}

// visible reads a page of entries that belong to units, and tells where it ended.
func (s *timelineServer) visible(ctx context.Context, q store.TimelineQuery, units store.Units) (out []seen, at timelineCursor, more bool, err error) {
	size := q.Limit
	if len(units) > 0 {
		q.Limit = max(size, lookedAt)
	}
	for range mostLooks {
		var list []store.TimelineEntry
		if list, more, err = s.Store.ListTimeline(ctx, q); err != nil {
			return nil, at, false, err
		}
		for i, e := range list {
			at = timelineCursor{e.Time.UnixMicro(), e.Kind, e.Resource}
			body, err := timeline.Decode(e.Kind, e.Body)
			if err != nil {
				return nil, at, false, err
			}
			if !units.Within(store.Place(body.UnitsOf())) {
				continue
			}
			if out = append(out, seen{e, body}); len(out) == size {
				return out, at, more || i < len(list)-1, nil
			}
		}
		if !more {
			break
		}
		q.After = at.mark()
	}
	return out, at, more, nil
}

// scoresOf are the scores of answers among entries, by response.
func (s *timelineServer) scoresOf(ctx context.Context, org string, list []seen) (map[string]float64, error) {
	var answers []string
	for _, e := range list {
		if e.Kind == timeline.AnswerKind {
			answers = append(answers, e.Resource)
		}
	}
	if len(answers) == 0 {
		return nil, nil
	}
	return s.Store.AnswerScores(ctx, org, answers)
}

// entriesToProto converts entries, with the scores of answers.
func entriesToProto(ctx context.Context, list []seen, scores map[string]float64) (out []*segmentationv1.TimelineEntry) {
	persons := seesPersons(ctx)
	for _, e := range list {
		m := entryToProto(e.TimelineEntry, e.body, persons)
		if score, ok := scores[e.Resource]; ok && m.GetAnswer() != nil {
			m.GetAnswer().Score = &score
		}
		out = append(out, m)
	}
	return out
}

// entryToProto converts an entry. Without persons, what tells of persons is withheld.
func entryToProto(e store.TimelineEntry, body timeline.Body, persons bool) *segmentationv1.TimelineEntry {
	u := body.UnitsOf()
	out := &segmentationv1.TimelineEntry{
		Kind: segmentationv1.TimelineEntry_Kind(e.Kind), EntryTime: timestamppb.New(e.Time), Resource: timeline.ResourceOf(e.Resource),
		Company: u.Company, Location: u.Location, Region: u.Region, Employee: u.Employee,
	}
	switch b := body.(type) {
	case timeline.Invitation:
		out.Detail = &segmentationv1.TimelineEntry_Invitation{Invitation: &segmentationv1.TimelineEntry_InvitationDetail{
			Outcome: segmentationv1.TimelineEntry_InvitationDetail_Outcome(b.Outcome), Invitation: b.Invitation, Touchpoint: b.Touchpoint, Channel: b.Channel,
		}}
	case timeline.Answer:
		out.Detail = &segmentationv1.TimelineEntry_Answer{Answer: &segmentationv1.TimelineEntry_AnswerDetail{
			Revision: b.Revision, Touchpoint: b.Touchpoint, Channel: b.Channel, Language: b.Language, AnswerCount: int32(b.Answers), //nolint:gosec // 300 at most
		}}
	case timeline.Comment:
		out.Detail = commentToProto(b)
	case timeline.Case:
		out.Detail = &segmentationv1.TimelineEntry_Case{Case: &segmentationv1.TimelineEntry_CaseDetail{
			Event: b.Event, State: b.State, Severity: int32(b.Severity), Subject: b.Subject, //nolint:gosec // 5 at most
		}}
	case timeline.Interview:
		out.Detail = &segmentationv1.TimelineEntry_Interview{Interview: &segmentationv1.TimelineEntry_InterviewDetail{Event: b.Event, State: b.State}}
	case timeline.Purchase:
		out.Detail = &segmentationv1.TimelineEntry_Purchase{Purchase: &segmentationv1.TimelineEntry_PurchaseDetail{AmountMinor: b.Amount, Currency: b.Currency}}
	case timeline.Light:
		out.Detail = &segmentationv1.TimelineEntry_Light{Light: &segmentationv1.TimelineEntry_LightDetail{
			Colour: segmentationv1.LightColour(b.Colour), PreviousColour: segmentationv1.LightColour(b.Previous), Mean: b.Mean, AnswerCount: b.N, Rejudged: b.Rejudged,
		}}
	case timeline.Merge:
		out.Detail = &segmentationv1.TimelineEntry_Merge{Merge: &segmentationv1.TimelineEntry_MergeDetail{Event: b.Event, OtherContact: named(contactsCollection, b.Other)}}
	case timeline.Churn:
		out.Detail = &segmentationv1.TimelineEntry_Churn{Churn: &segmentationv1.TimelineEntry_ChurnDetail{Reason: b.Reason}}
	}
	if !persons {
		withhold(out)
	}
	return out
}

// sentiments are names of the comment service's sentiments by their numbers.
var sentiments = [...]string{"", "negative", "neutral", "positive", "mixed"} //nolint:gochecknoglobals // a table

func commentToProto(b timeline.Comment) *segmentationv1.TimelineEntry_Comment {
	out := &segmentationv1.TimelineEntry_CommentDetail{}
	if int(b.Sentiment) < len(sentiments) {
		out.Sentiment = sentiments[b.Sentiment]
	}
	for _, a := range b.Aspects {
		out.Aspects = append(out.Aspects, "aspects/"+a)
	}
	return &segmentationv1.TimelineEntry_Comment{Comment: out}
}

// withhold empties what tells of persons, and says so.
func withhold(e *segmentationv1.TimelineEntry) {
	if e.GetEmployee() != "" {
		e.Employee, e.WithheldFields = "", append(e.WithheldFields, "employee")
	}
	if i := e.GetInvitation(); i.GetInvitation() != "" {
		i.Invitation, e.WithheldFields = "", append(e.WithheldFields, "invitation.invitation")
	}
}

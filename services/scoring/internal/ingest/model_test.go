package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// shopCatalog knows survey "shop" of every organisation: two revisions, the second of another population and scale.
type shopCatalog struct {
	mu sync.Mutex
	// failing is what asking fails with; nil when it does not.
	failing error
}

func (c *shopCatalog) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failing = err
}

func (c *shopCatalog) err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failing
}

// Clear forgets nothing: all is fixed.
func (c *shopCatalog) Clear() {}

func shopHistory() questionnaire.History {
	nps := metric.Question{ID: "recommend", Kind: question.NPS, Scale: question.Scale0To10}
	effort := metric.Question{ID: "effort", Kind: question.CES, Scale: question.Scale1To7, Direction: question.Effort}
	other := metric.Question{ID: "effort", Kind: question.CES, Scale: question.Scale1To5, Direction: question.Effort}
	text, liked := metric.Question{ID: "why", Kind: question.Text}, metric.Question{ID: "liked", Kind: question.Choice}
	return questionnaire.History{Revisions: []*questionnaire.Revision{
		{Survey: "shop", Number: 1, Population: fact.Customer, PublishTime: noon.Add(-time.Hour), Questions: []metric.Question{nps, effort, text, liked}},
		{Survey: "shop", Number: 2, Population: fact.Prospect, PublishTime: noon.Add(24 * time.Hour), Questions: []metric.Question{other, nps}},
	}}
}

// Revision returns one of the two revisions.
func (c *shopCatalog) Revision(_ context.Context, _, survey string, number int64) (*questionnaire.Revision, error) {
	if err := c.err(); err != nil {
		return nil, err
	}
	if h := shopHistory(); survey == "shop" && number <= int64(len(h.Revisions)) {
		return h.Revisions[number-1], nil
	}
	return nil, surveys.ErrNotFound
}

// HistoryAfter returns both revisions.
func (c *shopCatalog) HistoryAfter(_ context.Context, _, survey string, _ time.Time) (questionnaire.History, error) {
	if err := c.err(); err != nil {
		return questionnaire.History{}, err
	}
	if survey != "shop" {
		return questionnaire.History{}, surveys.ErrNotFound
	}
	return shopHistory(), nil
}

// pick draws one of several values.
func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// randomEvent makes a response or a refusal, now and then one that was there before or one that makes no sense.
func randomEvent(r *rand.Rand, position int64) *surveyv1.Event {
	org := pick(r, "acme", "globex")
	at := noon.Add(time.Duration(r.IntN(60*24)) * time.Hour)
	invitation := pick(r, "", "", fmt.Sprint("i-", r.IntN(8)))
	id := fmt.Sprint("r-", r.IntN(120))
	// What an identifier stands for does not change, however often it comes.
	fixed := rand.New(rand.NewPCG(uint64(len(org)), uint64(len(id))*1000+uint64(id[len(id)-1])))
	if r.IntN(3) == 0 {
		at = noon.Add(time.Duration(fixed.IntN(60*24)) * time.Hour)
		if r.IntN(20) == 0 {
			return refusalEvent(org, "unknown", id, position, at, invitation)
		}
		return refusalEvent(org, "shop", id, position, at, invitation)
	}
	e := responseEvent(org, id, position, at, invitation, r.IntN(2)+1, float64(r.IntN(11)), float64(r.IntN(5)+1))
	e.GetResponse().Respondent = pick(r, "", "p-1", "p-2")
	if options := pick(r, nil, []string{"b"}, []string{"c", "a"}); options != nil && e.GetResponse().GetRevision() == "surveys/shop/revisions/1" {
		e.GetResponse().Answers = append(e.GetResponse().Answers, &surveyv1.Answer{
			Question: "liked", Value: &surveyv1.Answer_Choice{Choice: &surveyv1.ChoiceAnswer{Options: options}},
		})
	}
	if tier := pick(r, "", "gold", "silver"); tier != "" {
		e.GetResponse().Context.Attributes = map[string]string{"tier": tier, "month": at.Month().String()}
	}
	switch r.IntN(30) {
	case 0:
		e.GetResponse().Revision = "surveys/shop/revisions/7"
	case 1:
		e.GetResponse().Answers[0].Value = &surveyv1.Answer_Score{Score: 4.5}
	}
	return e
}

// key is what an event is about, as the survey service says it.
func key(org, what, id, invitation string) string {
	if invitation != "" {
		return org + "/invitation/" + invitation
	}
	return org + "/" + what + "/" + id
}

func responseEvent(org, id string, position int64, at time.Time, invitation string, revision int, nps, effort float64) *surveyv1.Event {
	return &surveyv1.Event{Position: position, Organization: org, Key: key(org, "response", id, invitation), Change: &surveyv1.Event_Response{Response: &surveyv1.Response{
		Name: "surveys/shop/responses/" + id, Revision: fmt.Sprintf("surveys/shop/revisions/%d", revision),
		CountTime: timestamppb.New(at), ReceiveTime: timestamppb.New(at.Add(time.Second)), Invitation: invitation, Language: "ky",
		Context: &typev1.Context{Location: fmt.Sprint("store-", int(nps)%3)},
		Answers: []*surveyv1.Answer{
			{Question: "recommend", Value: &surveyv1.Answer_Score{Score: nps}}, {Question: "effort", Value: &surveyv1.Answer_Score{Score: effort}},
		},
	}}}
}

func refusalEvent(org, survey, id string, position int64, at time.Time, invitation string) *surveyv1.Event {
	return &surveyv1.Event{Position: position, Organization: org, Key: key(org, survey+"/refusal", id, invitation), Change: &surveyv1.Event_Refusal{Refusal: &surveyv1.Refusal{
		Name: "surveys/" + survey + "/refusals/" + id, Kind: surveyv1.Refusal_Kind(1 + len(id)%3), CountTime: timestamppb.New(at),
		ReceiveTime: timestamppb.New(at), Invitation: invitation, Context: &typev1.Context{Channel: "sms"},
	}}}
}

// randomLog is a log in which some of what is accepted is removed again.
func randomLog(r *rand.Rand, n int) []*surveyv1.Event { return withRemovals(r, accepted(r, n)) }

// accepted is a log of what is accepted.
func accepted(r *rand.Rand, n int) []*surveyv1.Event {
	var log []*surveyv1.Event
	position := int64(0)
	for range n {
		position += 1 + r.Int64N(3)
		log = append(log, randomEvent(r, position))
	}
	return log
}

// recount counts a log from the beginning, independently of how the service does it: first everything is read, then what counts is counted, with
// what was found out about responses.
func recount(log []*surveyv1.Event, org string, said ...told) *live.Book {
	known := make(map[string]fact.Enrichment)
	for _, s := range said {
		maps.Copy(known, s.expected(org))
	}
	type invitation struct{ survey, id string }
	responses, refusals := map[string]bool{}, map[string]bool{}
	answered := map[invitation]bool{}
	last := map[invitation]*fact.Refusal{}
	d := &delta.Delta{}
	gone := make(map[string]bool)
	for _, e := range log {
		if e.GetRemoved() != nil {
			gone[nameOf(e)] = true
		}
	}
	for _, e := range log {
		if e.GetOrganization() != org || gone[nameOf(e)] {
			continue
		}
		if r := e.GetResponse(); r != nil {
			_, id, err := surveys.ParseItem(r.GetName(), "responses")
			_, number, revErr := surveys.ParseRevision(r.GetRevision())
			if err != nil || revErr != nil || number > 2 || r.GetAnswers()[0].GetScore() == 4.5 || r.GetAnswers()[1].GetScore() > 5 || responses[id] {
				continue
			}
			responses[id] = true
			f := expectedFact(r, id, shopHistory().Revisions[number-1])
			f.Enrichment = known[id]
			d.AddFact(f)
			if i := r.GetInvitation(); i != "" {
				answered[invitation{"shop", i}] = true
			}
			continue
		}
		r := e.GetRefusal()
		survey, id, err := surveys.ParseItem(r.GetName(), "refusals")
		if err != nil || survey != "shop" || refusals[id] {
			continue
		}
		refusals[id] = true
		f := &fact.Refusal{
			ID: id, Survey: survey, Population: shopHistory().At(r.GetReceiveTime().AsTime()).Population, Kind: fact.RefusalKind(r.GetKind()),
			CountTime: r.GetCountTime().AsTime(), ReceiveTime: r.GetReceiveTime().AsTime(), Context: fact.Context{Channel: "sms"},
		}
		if r.GetInvitation() == "" {
			d.AddRefusal(f)
			continue
		}
		i := invitation{survey, r.GetInvitation()}
		if before := last[i]; before == nil || f.CountTime.After(before.CountTime) || f.CountTime.Equal(before.CountTime) && f.ID > before.ID {
			last[i] = f
		}
	}
	for i, f := range last {
		if !answered[i] {
			d.AddRefusal(f)
		}
	}
	b := live.NewBook()
	if err := b.Apply(d); err != nil {
		panic(err)
	}
	return b
}

func expectedFact(r *surveyv1.Response, id string, revision *questionnaire.Revision) *fact.Fact {
	f := &fact.Fact{
		ID: id, Survey: "shop", Revision: revision.Number, Population: revision.Population, CountTime: r.GetCountTime().AsTime(),
		ReceiveTime: r.GetReceiveTime().AsTime(), Respondent: r.GetRespondent(), Weight: 1,
		Context: fact.Context{
			Location: r.GetContext().GetLocation(), Language: "ky", Attributes: fact.AttributesOf(r.GetContext().GetAttributes()),
		},
	}
	for _, a := range r.GetAnswers() {
		q, _ := revision.Question(a.GetQuestion())
		if chosen := a.GetChoice().GetOptions(); len(chosen) > 0 {
			f.Answers = append(f.Answers, fact.Answer{Question: q.ID, Kind: q.Kind, Options: slices.Sorted(slices.Values(chosen))})
			continue
		}
		f.Answers = append(f.Answers, fact.Answer{
			Question: q.ID, Kind: q.Kind, Scale: q.Scale, Direction: q.Direction, Present: true, Value: question.Centi(a.GetScore() * question.Unit),
		})
	}
	return f
}

// failer is what fails a test or a check of one.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// feed is a change log in memory.
type feed struct {
	mu      sync.Mutex
	events  []*surveyv1.Event
	changed chan struct{}
	// failing is the number of streams that break after a batch.
	failing int
	// generation counts the logs that took the place of the one before.
	generation int
}

func newFeed(events ...*surveyv1.Event) *feed {
	return &feed{events: events, changed: make(chan struct{})}
}

func (f *feed) add(events ...*surveyv1.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, events...)
	close(f.changed)
	f.changed = make(chan struct{})
}

// restore puts another log in the place of the feed's and breaks the streams.
func (f *feed) restore(events ...*surveyv1.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = events
	f.generation++
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *feed) all() []*surveyv1.Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.events)
}

// Of narrows the log.
func (f *feed) Of(org string) eventlog.Source[*surveyv1.Event] { return feedOf{feed: f, org: org} }

// part is one partition of the log.
func (f *feed) part(partition, count int) eventlog.Source[*surveyv1.Event] {
	return feedOf{feed: f, partition: partition, count: count}
}

type feedOf struct {
	*feed
	org              string
	partition, count int
}

// holds tells whether an event belongs to what is asked for.
func (f feedOf) holds(e *surveyv1.Event) bool {
	return (f.org == "" || e.GetOrganization() == f.org) && (f.count == 0 || eventlog.Partition(e.GetKey(), f.count) == f.partition)
}

// Open starts a stream.
func (f feedOf) Open(ctx context.Context, after int64) (eventlog.Stream[*surveyv1.Event], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &feedStream{feedOf: f, ctx: ctx, after: after, generation: f.generation}, nil
}

type feedStream struct {
	feedOf
	ctx   context.Context
	after int64
	// generation is the feed's when the stream was opened.
	generation int
	sent       bool
	// told tells that the last batch said that nothing was left.
	told bool
}

var errBroken = errors.New("the stream broke")

// Recv returns up to 7 events.
func (s *feedStream) Recv() (eventlog.Batch[*surveyv1.Event], error) {
	for {
		s.mu.Lock()
		if s.sent && s.failing > 0 {
			s.failing--
			s.mu.Unlock()
			return eventlog.Batch[*surveyv1.Event]{}, errBroken
		}
		if s.feed.generation != s.generation {
			s.mu.Unlock()
			return eventlog.Batch[*surveyv1.Event]{}, errBroken
		}
		if n := len(s.events); !s.sent && s.after > 0 && (n == 0 || s.events[n-1].GetPosition() < s.after) {
			s.mu.Unlock()
			// As a client gets it from the survey service.
			return eventlog.Batch[*surveyv1.Event]{}, rpcerr.New(codes.OutOfRange, "POSITION_AHEAD", "this is another log").GRPCStatus().Err()
		}
		var b eventlog.Batch[*surveyv1.Event]
		drained := true
		for _, e := range s.events {
			b.Head = e.GetPosition()
			if e.GetPosition() <= s.after {
				continue
			}
			if len(b.Events) == 7 {
				drained = false
				continue
			}
			if s.holds(e) {
				b.Events = append(b.Events, e)
			}
			if drained {
				s.after = e.GetPosition()
			}
		}
		changed := s.changed
		s.mu.Unlock()
		if drained {
			b.AsOf = time.Now()
		}
		if len(b.Events) > 0 || !s.told {
			s.sent, s.told = true, drained
			return b, nil
		}
		select {
		case <-changed:
			s.told = false
		case <-s.ctx.Done():
			return eventlog.Batch[*surveyv1.Event]{}, s.ctx.Err()
		}
	}
}

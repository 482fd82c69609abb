package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// errPoison is in the chain of errors of events that can never be applied as they are.
var errPoison = errors.New("the event cannot be applied")

// Catalog is what converting an event must know of surveys; *surveys.Catalog is one.
type Catalog interface {
	Revision(ctx context.Context, organization, survey string, number int64) (*questionnaire.Revision, error)
	HistoryAfter(ctx context.Context, organization, survey string, moment time.Time) (questionnaire.History, error)
	// Clear forgets what is known, as the survey service is not the one that it was.
	Clear()
}

// converter turns the events of one organisation in one batch into records.
type converter struct {
	catalog      Catalog
	organization string
	// revisions are those met in the batch, by resource name.
	revisions map[string]*questionnaire.Revision
	// newest is when the last refusal of the batch was received, by survey; now is when the batch was, by the clock of this process.
	newest map[string]time.Time
	now    time.Time
}

// maxSkew is by how much the clock of this process may be ahead of those of the survey service.
const maxSkew = 48 * time.Hour

func newConverter(catalog Catalog, organization string, events []*surveyv1.Event, now time.Time) *converter {
	c := &converter{catalog: catalog, organization: organization, revisions: make(map[string]*questionnaire.Revision, 1), now: now}
	for _, e := range events {
		r := e.GetRefusal()
		if r == nil {
			continue
		}
		survey, _, err := surveys.ParseItem(r.GetName(), "refusals")
		if err != nil {
			continue
		}
		if c.newest == nil {
			c.newest = make(map[string]time.Time, 1)
		}
		if t := r.GetReceiveTime().AsTime(); t.After(c.newest[survey]) {
			c.newest[survey] = t
		}
	}
	return c
}

// record converts an event. An error that does not wrap errPoison may not come again.
func (c *converter) record(ctx context.Context, e *surveyv1.Event) (store.Record, error) {
	switch change := e.GetChange().(type) {
	case *surveyv1.Event_Response:
		f, err := c.fact(ctx, change.Response)
		return store.Record{Position: e.GetPosition(), Fact: f}, err
	case *surveyv1.Event_Refusal:
		r, err := c.refusal(ctx, change.Refusal)
		return store.Record{Position: e.GetPosition(), Refusal: r}, err
	}
	return store.Record{}, fmt.Errorf("%w: it is neither a response nor a refusal", errPoison)
}

func (c *converter) fact(ctx context.Context, r *surveyv1.Response) (*fact.Fact, error) {
	survey, id, err := surveys.ParseItem(r.GetName(), "responses")
	if err != nil {
		return nil, poison(err)
	}
	revision, err := c.revision(ctx, survey, r.GetRevision())
	if err != nil {
		return nil, err
	}
	f := &fact.Fact{
		ID: id, Survey: survey, Revision: revision.Number, Population: revision.Population,
		CountTime: moment(r.GetCountTime()), ReceiveTime: moment(r.GetReceiveTime()),
		Invitation: r.GetInvitation(), Respondent: r.GetRespondent(), Weight: 1,
		Late: slices.Contains(r.GetFlags(), surveyv1.Response_FLAG_LATE), Context: fromContext(r.GetContext(), r.GetLanguage()),
		Answers: make([]fact.Answer, 0, len(r.GetAnswers())),
	}
	if r.Weight != nil {
		f.Weight = r.GetWeight()
	}
	for i, a := range r.GetAnswers() {
		var answer fact.Answer
		switch value := a.GetValue().(type) {
		case *surveyv1.Answer_Score:
			answer, err = score(revision, i, a.GetQuestion(), value.Score)
		case *surveyv1.Answer_Choice:
			answer, err = choice(revision, i, a.GetQuestion(), value.Choice.GetOptions())
		default:
			// Words do not enter scores.
			continue
		}
		if err != nil {
			return nil, poison(err)
		}
		f.Answers = append(f.Answers, answer)
	}
	if err := f.Check(); err != nil {
		return nil, poison(err)
	}
	return f, nil
}

// score converts the answer to a scored question, the i-th of a response.
func score(revision *questionnaire.Revision, i int, id string, stated float64) (fact.Answer, error) {
	q, ok := at(revision, i, id)
	if !ok || !q.Kind.Scored() {
		return fact.Answer{}, fmt.Errorf("question %q of revision %d takes no score", id, revision.Number)
	}
	value, err := question.CentiOf(stated)
	if err != nil {
		return fact.Answer{}, fmt.Errorf("question %q: %w", q.ID, err)
	}
	return fact.Answer{Question: q.ID, Kind: q.Kind, Scale: q.Scale, Direction: q.Direction, Present: true, Value: value}, nil
}

// choice converts what was chosen, the i-th answer of a response.
func choice(revision *questionnaire.Revision, i int, id string, options []string) (fact.Answer, error) {
	q, ok := at(revision, i, id)
	if !ok || q.Kind != question.Choice {
		return fact.Answer{}, fmt.Errorf("question %q of revision %d takes no options", id, revision.Number)
	}
	options = slices.Clone(options)
	slices.Sort(options)
	return fact.Answer{Question: q.ID, Kind: q.Kind, Options: slices.Compact(options)}, nil
}

// at finds a question of a revision; most answers come in the order of the questions.
func at(r *questionnaire.Revision, i int, id string) (metric.Question, bool) {
	if i < len(r.Questions) && r.Questions[i].ID == id {
		return r.Questions[i], true
	}
	return r.Question(id)
}

func (c *converter) revision(ctx context.Context, survey, name string) (*questionnaire.Revision, error) {
	if r := c.revisions[name]; r != nil {
		return r, nil
	}
	parent, number, err := surveys.ParseRevision(name)
	if err != nil {
		return nil, poison(err)
	}
	if parent != survey {
		return nil, poison(fmt.Errorf("revision %s is not of survey %s", name, survey))
	}
	r, err := c.catalog.Revision(ctx, c.organization, survey, number)
	if err != nil {
		return nil, fromCatalog(err)
	}
	c.revisions[name] = r
	return r, nil
}

func (c *converter) refusal(ctx context.Context, r *surveyv1.Refusal) (*fact.Refusal, error) {
	survey, id, err := surveys.ParseItem(r.GetName(), "refusals")
	if err != nil {
		return nil, poison(err)
	}
	received := moment(r.GetReceiveTime())
	// What was published before the refusal was accepted must be known: what the survey service is asked for from now on tells it, and so does
	// what it was asked for long after, whatever clocks show.
	after := c.newest[survey].Add(maxSkew)
	if after.After(c.now) {
		after = c.now
	}
	history, err := c.catalog.HistoryAfter(ctx, c.organization, survey, after)
	if err != nil {
		return nil, fromCatalog(err)
	}
	// A refusal names no revision: it belongs to the one that was current when it was accepted, which is the same however often the
	// change log is read.
	revision := history.At(received)
	if revision == nil {
		return nil, poison(fmt.Errorf("survey %s was never published", survey))
	}
	f := &fact.Refusal{
		ID: id, Survey: survey, Population: revision.Population, Kind: fact.RefusalKind(r.GetKind()),
		CountTime: moment(r.GetCountTime()), ReceiveTime: received, Invitation: r.GetInvitation(),
		Context: fromContext(r.GetContext(), r.GetLanguage()),
	}
	if err := f.Check(); err != nil {
		return nil, poison(err)
	}
	return f, nil
}

func fromContext(c *typev1.Context, language string) fact.Context {
	return fact.Context{
		Touchpoint: c.GetTouchpoint(), Channel: c.GetChannel(), Location: c.GetLocation(), Language: language,
		Region: c.GetRegion(), Company: c.GetCompany(), Employee: c.GetEmployee(),
		Attributes: fact.AttributesOf(c.GetAttributes()),
	}
}

// moment converts a time; a missing one is the zero time, which no record passes its check with.
func moment(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

func poison(err error) error { return fmt.Errorf("%w: %w", errPoison, err) }

// fromCatalog tells errors that asking again does not cure.
func fromCatalog(err error) error {
	if errors.Is(err, surveys.ErrUnavailable) || errors.Is(err, surveys.ErrFault) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return poison(err)
}

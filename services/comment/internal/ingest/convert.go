package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/comment/internal/peers"
	"github.com/otklik/otklik/services/comment/internal/store"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// originalSubject keeps what identifies originals apart from the pseudonyms of respondents, which are made with the same key and hold no such byte.
const originalSubject = "comment\x00"

// besides ends the identifiers of comments that were added to an answer; questions' identifiers have no hyphens.
const besides = "-comment"

// Unfit is why an event can never be applied as it is.
type Unfit struct {
	// Reason says why, for people, without anything that was written.
	Reason string
}

// Error says why.
func (u *Unfit) Error() string { return "the event cannot be applied: " + u.Reason }

// Reading is what was made of a text.
type Reading struct {
	// Text is the text with personal data replaced, Terms its stems.
	Text, Terms string
	Analysis    store.Analysis
	Similar     uint64
}

// Analyst makes of texts what is kept of them. One goroutine at a time uses it.
type Analyst interface {
	// Model is the name of the model.
	Model() string
	// Read analyses a text with the organisation's own aspects.
	Read(own OwnAspects, text string) Reading
	// Reset forgets what a reading left behind that did not end well.
	Reset()
}

// Catalog is what must be known of surveys; *peers.Catalog is one.
type Catalog interface {
	NPSQuestion(ctx context.Context, organization, revision string) (string, error)
	Words(ctx context.Context, organization, response string) ([]*surveyv1.Answer, error)
}

// converter turns events into what is stored of them.
type converter struct {
	originals *Originals
	catalog   Catalog
	analyst   Analyst
	aspects   *AspectBook
	now       func() time.Time
	// own are the aspects of the organisations met so far: a converter is of one batch.
	own map[string]OwnAspects
}

// batch converts events. What never can be converted becomes a dead letter; other errors may not come again.
func (c *converter) batch(ctx context.Context, events []*surveyv1.Event) (store.Batch, error) {
	var b store.Batch
	keys, err := c.keysOf(ctx, events)
	if err != nil {
		return b, err
	}
	for _, e := range events {
		switch {
		case e.GetRemoved() != nil:
			if survey, response, ok := peers.ParseResponse(e.GetRemoved().GetName()); ok {
				b.Removals = append(b.Removals, store.Removal{
					Organization: e.GetOrganization(), Survey: survey, Response: response, Position: e.GetPosition(),
					Erasure: strings.TrimPrefix(e.GetRemoved().GetErasure(), "erasures/"),
				})
			}
		case e.GetResponse() != nil && !e.GetPopulationProtected():
			// What is refused is kept as it came.
			raw, err := proto.Marshal(e)
			if err != nil {
				return b, fmt.Errorf("encode event at %d: %w", e.GetPosition(), err)
			}
			r, err := c.response(ctx, keys, e)
			var unfit *Unfit
			switch {
			case errors.As(err, &unfit):
				b.DeadLetters = append(b.DeadLetters, c.deadLetter(e, raw, unfit.Reason))
			case err != nil:
				return b, fmt.Errorf("convert event at %d: %w", e.GetPosition(), err)
			default:
				b.Responses = append(b.Responses, r)
			}
		}
	}
	return b, nil
}

func (c *converter) deadLetter(e *surveyv1.Event, raw []byte, reason string) store.DeadLetter {
	survey, response, _ := peers.ParseResponse(e.GetResponse().GetName())
	person, _ := seal.ParsePseudonym(e.GetResponse().GetRespondent())
	return store.DeadLetter{
		Organization: e.GetOrganization(), Survey: survey, Response: response, Person: person, Position: e.GetPosition(), Reason: reason, Event: raw, CreateTime: c.now(),
	}
}

// keysOf fetches the keys that events are sealed with; those that were destroyed are missing.
func (c *converter) keysOf(ctx context.Context, events []*surveyv1.Event) (map[string]seal.Key, error) {
	var ids []string
	for _, e := range events {
		if e.GetPersonKey() != "" && e.GetResponse() != nil && hasWords(e.GetResponse()) {
			ids = append(ids, e.GetPersonKey())
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return c.originals.Keys(ctx, ids)
}

// hasWords tells whether anything may have been written: a question for text was answered, or the event has something sealed in which comments may be.
func hasWords(r *surveyv1.Response) bool { return len(r.GetAnswers()) > 0 }

// response converts a response, which is without comments when nothing was written, or what was written is destroyed. Errors: *Unfit.
func (c *converter) response(ctx context.Context, keys map[string]seal.Key, e *surveyv1.Event) (store.Response, error) {
	m := e.GetResponse()
	survey, id, ok := peers.ParseResponse(m.GetName())
	if !ok {
		return store.Response{}, &Unfit{Reason: "it names no response"}
	}
	out := store.Response{
		Organization: e.GetOrganization(), Survey: survey, ID: id, Position: e.GetPosition(), CountTime: m.GetCountTime().AsTime(),
		Language: m.GetLanguage(), Context: fromContext(m.GetContext()),
	}
	if m.GetReceiveTime() != nil {
		out.ReceiveTime = m.GetReceiveTime().AsTime()
	}
	var key seal.Key
	if e.GetPersonKey() != "" {
		var known bool
		if key, known = keys[e.GetPersonKey()]; !known {
			// The person was erased; the removal follows.
			return out, nil
		}
		if err := putWordsBack(key, e); err != nil {
			return out, &Unfit{Reason: "what it says of a person cannot be opened"}
		}
	}
	if e.GetWordsInResponse() {
		var err error
		if m.Answers, err = c.catalog.Words(ctx, out.Organization, m.GetName()); err != nil {
			return out, unfitIfFault(err)
		}
	}
	if m.GetRespondent() != "" {
		out.Person, _ = seal.ParsePseudonym(m.GetRespondent())
	}
	texts := textsOf(m)
	if len(texts) == 0 {
		return out, nil
	}
	if key.ID == "" {
		var err error
		if key, err = c.originals.KeyOfUnknown(ctx, out.Organization); err != nil {
			return out, err
		}
	}
	question, err := c.catalog.NPSQuestion(ctx, out.Organization, m.GetRevision())
	if err != nil {
		return out, unfitIfFault(err)
	}
	out.NPS = scoreOf(m, question)
	own, ok := c.own[out.Organization]
	if !ok {
		if own, err = c.aspects.Of(ctx, out.Organization); err != nil {
			return out, err
		}
		c.own[out.Organization] = own
	}
	for _, t := range texts {
		t.Ref.Organization, t.Ref.Survey, t.Ref.Response = out.Organization, survey, id
		reading, ok := read(c.analyst, own, t.text)
		if !ok {
			return out, &Unfit{Reason: "its analysis failed; that is a defect of the program"}
		}
		reading.fill(&t.Comment)
		t.Key = key.ID
		if t.Original, err = c.originals.Pseudonym(ctx, out.Organization, originalSubject+t.text); err != nil {
			return out, err
		}
		if t.Sealed, err = sealOriginal(key, t.Ref, t.text); err != nil {
			return out, err
		}
		out.Comments = append(out.Comments, t.Comment)
	}
	return out, nil
}

// unfitIfFault makes an event unfit about which the survey service was asked and cannot answer; what may be gone the next time passes.
func unfitIfFault(err error) error {
	if errors.Is(err, peers.ErrFault) {
		return &Unfit{Reason: "the survey service cannot tell what is to be known of it"}
	}
	return err
}

// read analyses a text; false when the analysis panicked: what a customer wrote must not end the process, and stop nothing else.
func read(analyst Analyst, own OwnAspects, text string) (reading Reading, ok bool) {
	defer func() {
		if recover() != nil {
			analyst.Reset()
			reading, ok = Reading{}, false
		}
	}()
	return analyst.Read(own, text), true
}

// fill fills in what is kept of a text.
func (r Reading) fill(into *store.Comment) {
	into.Text, into.Terms, into.Analysis, into.Similar = r.Text, r.Terms, r.Analysis, r.Similar
}

// written is a text and where it was written.
type written struct {
	store.Comment
	text string
}

// textsOf are the texts of a response, in the order of its answers.
func textsOf(m *surveyv1.Response) []written {
	var out []written
	for _, a := range m.GetAnswers() {
		q := a.GetQuestion()
		if text := a.GetFreeText(); strings.TrimSpace(text) != "" {
			out = append(out, written{store.Comment{Ref: store.Ref{ID: q}, Question: q}, text})
		}
		if text := a.GetComment(); strings.TrimSpace(text) != "" {
			out = append(out, written{store.Comment{Ref: store.Ref{ID: q + besides}, Question: q, Score: scoreOf(m, q)}, text})
		}
	}
	return out
}

// scoreOf is the score that answers a question; nil when there is none.
func scoreOf(m *surveyv1.Response, question string) *float64 {
	for _, a := range m.GetAnswers() {
		if s, ok := a.GetValue().(*surveyv1.Answer_Score); ok && a.GetQuestion() == question {
			return &s.Score
		}
	}
	return nil
}

func fromContext(c *typev1.Context) store.Context {
	return store.Context{
		Touchpoint: c.GetTouchpoint(), Channel: c.GetChannel(), Location: c.GetLocation(), Region: c.GetRegion(), Company: c.GetCompany(),
		Attributes: c.GetAttributes(),
	}
}

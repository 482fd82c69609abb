package ingest_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/comment/internal/ingest"
	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/store/sqlite"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	patience = time.Minute
	acme     = "acme"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// changeLog is a change log of a survey service, which can be exchanged for another.
type changeLog struct {
	surveyv1.UnimplementedEventFeedServiceServer
	mu     sync.Mutex
	events []*surveyv1.Event
	wake   chan struct{}
	// life counts the logs: a stream of a log before ends.
	life int
	down bool
}

func (c *changeLog) add(events ...*surveyv1.Event) {
	c.change(func() {
		for _, e := range events {
			e.Position = int64(len(c.events) + 1)
			c.events = append(c.events, e)
		}
	})
}

// exchange puts another log in the place of this one.
func (c *changeLog) exchange(events ...*surveyv1.Event) {
	c.change(func() { c.events, c.life = nil, c.life+1 })
	c.add(events...)
}

func (c *changeLog) change(fn func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fn()
	close(c.wake)
	c.wake = make(chan struct{})
}

// StreamEvents sends what there is and what comes, two at a time.
func (c *changeLog) StreamEvents(req *surveyv1.StreamEventsRequest, stream grpc.ServerStreamingServer[surveyv1.StreamEventsResponse]) error {
	at, life := int(req.GetAfterPosition()), -1
	for {
		c.mu.Lock()
		if life < 0 {
			life = c.life
		}
		var err error
		switch {
		case c.down || life != c.life:
			err = status.Error(codes.Unavailable, "down")
		case at > len(c.events):
			err = rpcerr.New(codes.OutOfRange, "POSITION_AHEAD", "the log ends before the position").GRPCStatus().Err()
		}
		if err != nil {
			c.mu.Unlock()
			return err
		}
		batch, wake := slices.Clone(c.events[at:min(at+2, len(c.events))]), c.wake
		answer := &surveyv1.StreamEventsResponse{Events: batch, HeadPosition: int64(len(c.events))}
		if at += len(batch); at == len(c.events) {
			answer.AsOfTime = timestamppb.New(noon.Add(time.Duration(at) * time.Minute))
		}
		c.mu.Unlock()
		if err := stream.Send(answer); err != nil {
			return err
		}
		if len(batch) > 0 {
			continue
		}
		select {
		case <-wake:
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

// vault keeps keys in memory.
type vault struct {
	mu   sync.Mutex
	keys map[string]seal.Key
	down bool
}

func (v *vault) do(fn func()) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.down {
		return errors.New("down")
	}
	fn()
	return nil
}

func (v *vault) Lease(_ context.Context, n int) (out []seal.Key, err error) {
	err = v.do(func() {
		for range n {
			k := seal.NewKey(noon)
			v.keys[k.ID] = k
			out = append(out, k)
		}
	})
	return out, err
}

func (v *vault) Get(_ context.Context, ids []string) (out []seal.Key, err error) {
	err = v.do(func() {
		for _, id := range ids {
			if k, ok := v.keys[id]; ok {
				out = append(out, k)
			}
		}
	})
	return out, err
}

func (v *vault) Destroy(_ context.Context, ids []string) (n int, err error) {
	err = v.do(func() {
		for _, id := range ids {
			if _, ok := v.keys[id]; ok {
				delete(v.keys, id)
				n++
			}
		}
	})
	return n, err
}

func (v *vault) PseudonymKey(_ context.Context, organization string) ([]byte, error) {
	sum := sha256.Sum256([]byte(organization))
	return sum[:], nil
}

// put keeps a key in place of the one of that id.
func (v *vault) put(k seal.Key) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.keys[k.ID] = k
}

func (v *vault) setDown(down bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.down = down
}

// catalog knows one NPS question, which all surveys have, and words of responses by their name.
type catalog struct {
	mu    sync.Mutex
	err   error
	words map[string][]*surveyv1.Answer
}

func (c *catalog) Words(_ context.Context, _, response string) ([]*surveyv1.Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.words[response], c.err
}

func (c *catalog) NPSQuestion(context.Context, string, string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return "nps", c.err
}

func (c *catalog) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

// analyst takes Aida for a name, and what is bad for bad.
type analyst struct{ model string }

func (a analyst) Model() string { return a.model }

// poison is what the analyst cannot stomach.
const poison = "poison"

func (a analyst) Reset() {}

func (a analyst) Read(own ingest.OwnAspects, text string) ingest.Reading {
	if strings.Contains(text, poison) {
		panic("what nobody thought of")
	}
	r := ingest.Reading{Text: strings.ReplaceAll(text, "Aida", "[NAME]")}
	r.Terms = strings.ToLower(r.Text)
	r.Analysis = store.Analysis{Model: a.model, AspectsVersion: own.Version, Language: store.English, Variety: "en", Sentiment: store.Positive}
	if strings.Contains(text, "bad") {
		r.Analysis.Sentiment = store.Negative
	}
	if at := strings.Index(text, "Aida"); at >= 0 {
		r.Analysis.Redactions = []store.Redaction{{Span: store.Span{Start: int32(at), End: int32(at + len("[NAME]"))}, Kind: 1}}
	}
	if own.Custom != nil {
		r.Analysis.Aspects = []store.AspectMention{{Aspect: "own", Sentiment: r.Analysis.Sentiment, Probability: 1}}
	}
	return r
}

// fixture is all that a follower and a reanalyser need.
type fixture struct {
	log     *changeLog
	vault   *vault
	catalog *catalog
	clock   *testkit.Clock
	store   store.Store
	options ingest.Options
	keeper  *seal.Keeper
	persons map[string]seal.Key
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "comment.db"))
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{
		log: &changeLog{wake: make(chan struct{})}, vault: &vault{keys: map[string]seal.Key{}}, catalog: &catalog{}, clock: testkit.NewClock(noon), store: db,
		persons: map[string]seal.Key{},
	}
	f.keeper = seal.NewKeeper(f.vault, seal.KeeperOptions{Lease: 2, Now: f.clock.Now})
	t.Cleanup(func() {
		if err := errors.Join(f.keeper.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	channel := &inprocgrpc.Channel{}
	channel.RegisterService(&surveyv1.EventFeedService_ServiceDesc, f.log)
	f.options = ingest.Options{
		Store: db, Survey: surveyv1.NewEventFeedServiceClient(channel), Catalog: f.catalog, Originals: ingest.NewOriginals(f.keeper),
		Aspects: ingest.NewAspectBook(db), Holder: "one", Logger: slog.New(slog.DiscardHandler), Now: f.clock.Now,
	}
	f.model("2026.03-a")
	return f
}

// model is the model of those who are made from now on.
func (f *fixture) model(name string) {
	f.options.NewAnalyst = func() ingest.Analyst { return analyst{name} }
}

// follow starts a follower; stop ends it.
func (f *fixture) follow(t *testing.T, holder string) (follower *ingest.Follower, stop func()) {
	t.Helper()
	o := f.options
	o.Holder = holder
	follower = ingest.NewFollower(o)
	return follower, running(t, follower.Run)
}

func running(t *testing.T, run func(context.Context)) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return stop
}

// await waits until the log is applied up to a position.
func (f *fixture) await(t *testing.T, position int64) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		c, err := f.store.Cursor(t.Context())
		if err == nil && c.Position != position {
			err = errors.New("the log is not applied so far")
		}
		return err
	})
}

// comments are what is kept of an organisation, the newest first.
func (f *fixture) comments(t *testing.T) []store.Comment {
	t.Helper()
	list, _, err := f.store.ListComments(t.Context(), store.CommentQuery{Slice: store.Slice{Organization: acme}, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (f *fixture) original(t *testing.T, c store.Comment) (string, error) {
	t.Helper()
	whole, err := f.store.GetComment(t.Context(), c.Ref, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f.options.Originals.Open(t.Context(), whole)
}

// keyOf is the key of a person.
func (f *fixture) keyOf(t *testing.T, person string) seal.Key {
	t.Helper()
	if k, ok := f.persons[person]; ok {
		return k
	}
	keys, err := f.vault.Lease(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	f.persons[person] = keys[0]
	return keys[0]
}

// said is an answer in words, with an answer in points before it.
func said(text, besides string, score float64) []*surveyv1.Answer {
	return []*surveyv1.Answer{
		{Question: "nps", Value: &surveyv1.Answer_Score{Score: score}, Comment: besides}, {Question: "why", Value: &surveyv1.Answer_FreeText{FreeText: text}},
	}
}

// event is that somebody answered; an empty person is nobody known, whose words are not sealed.
func (f *fixture) event(t *testing.T, id, person string, answers []*surveyv1.Answer) *surveyv1.Event {
	t.Helper()
	r := &surveyv1.Response{
		Name: "surveys/s/responses/" + id, Revision: "surveys/s/revisions/1", CountTime: timestamppb.New(noon), Language: "en", Answers: answers,
		Context: &typev1.Context{Location: "osh", Channel: "app", Attributes: map[string]string{"segment": "new"}},
	}
	e := &surveyv1.Event{Organization: acme, Change: &surveyv1.Event_Response{Response: r}}
	if person == "" {
		return e
	}
	key := f.keyOf(t, person)
	secret, err := proto.Marshal(&surveyv1.Response{Respondent: person, Answers: answers})
	if err != nil {
		t.Fatal(err)
	}
	if e.Sealed, err = seal.Seal(key, secret, []byte(acme+"/"+r.GetName())); err != nil {
		t.Fatal(err)
	}
	e.PersonKey = key.ID
	r.Answers = nil
	for _, a := range answers {
		plain := proto.CloneOf(a)
		if plain.Comment = ""; a.GetFreeText() != "" {
			plain.Value = &surveyv1.Answer_FreeText{}
		}
		r.Answers = append(r.Answers, plain)
	}
	if r.Respondent, err = f.keeper.Pseudonym(t.Context(), acme, person); err != nil {
		t.Fatal(err)
	}
	return e
}

func removed(id, erasure string) *surveyv1.Event {
	return &surveyv1.Event{Organization: acme, Change: &surveyv1.Event_Removed{Removed: &surveyv1.Removed{Name: "surveys/s/responses/" + id, Erasure: erasure}}}
}

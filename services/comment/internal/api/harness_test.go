package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/comment/internal/ingest"
	"github.com/otklik/otklik/services/comment/internal/search"
	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/store/sqlite"
	"github.com/otklik/otklik/services/comment/internal/theme"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// callers are by their secret: an administrator of acme and one of another organisation, one who may read insights and no comments, one who sees Osh only,
// and another service.
var callers = map[string]authn.Principal{
	"admin":   {ID: "boss", Organization: "acme", Roles: []string{"all"}},
	"other":   {ID: "stranger", Organization: "other", Roles: []string{"all"}},
	"insight": {ID: "reader", Organization: "acme", Roles: []string{"insight"}},
	"osh":     {ID: "osh", Organization: "acme", Roles: []string{"all"}, Units: map[string][]string{"location": {"osh"}}},
	"service": {ID: "service", Roles: []string{authn.RoleService}},
}

type letIn struct{}

func (letIn) Authenticate(_ context.Context, c authn.Credential) (authn.Principal, error) {
	if p, ok := callers[c.Token]; ok {
		return p, nil
	}
	return authn.Principal{}, authn.ErrInvalid
}

// vault keeps keys in memory.
type vault map[string]seal.Key

func (v vault) Lease(_ context.Context, n int) (out []seal.Key, err error) {
	for range n {
		out = append(out, seal.NewKey(noon))
	}
	return out, nil
}

func (v vault) Get(_ context.Context, ids []string) (out []seal.Key, err error) {
	for _, id := range ids {
		if id == "down" {
			return nil, errors.New("down")
		}
		if k, ok := v[id]; ok {
			out = append(out, k)
		}
	}
	return out, nil
}

func (v vault) Destroy(_ context.Context, ids []string) (int, error) {
	for _, id := range ids {
		delete(v, id)
	}
	return len(ids), nil
}

func (v vault) PseudonymKey(context.Context, string) ([]byte, error) {
	return make([]byte, sha256.Size), nil
}

// fixture is the service behind the real server, with a store in a folder of the test.
type fixture struct {
	clock    *testkit.Clock
	store    store.Store
	server   *rpcserver.Server
	keys     vault
	keeper   *seal.Keeper
	consents map[string]string // by response
	position int64
	// err is what the follower, the reanalyser and the consents answer with, if anything.
	err error
}

func (f *fixture) Replay(_ context.Context, organization string, id int64) (store.DeadLetter, error) {
	return store.DeadLetter{Organization: organization, ID: id, Survey: "s", Response: "r"}, f.err
}

func (f *fixture) Begin(ctx context.Context, organization string) (store.Reanalysis, error) {
	return f.store.BeginReanalysis(ctx, store.Reanalysis{Organization: organization, ID: newID(), Model: "m", CreateTime: f.clock.Now()})
}

func (f *fixture) Publication(_ context.Context, organization, response string) (string, error) {
	return f.consents[organization+" "+response], f.err
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "comment.db"))
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{clock: testkit.NewClock(noon), store: db, keys: vault{"k": {ID: "k", Secret: make([]byte, seal.KeyBytes)}}, consents: map[string]string{}}
	f.keeper = seal.NewKeeper(f.keys, seal.KeeperOptions{Lease: 1, Now: f.clock.Now})
	proposer := &theme.Proposer{Store: db, Now: f.clock.Now, NameOf: func(_ context.Context, _, id string) (string, error) { return id, nil }}
	s, err := New(Options{
		Store: db, Follower: f, Reanalyser: f, Originals: ingest.NewOriginals(f.keeper), Consents: f, Proposer: proposer, Location: time.UTC, PageTTL: time.Hour,
		Now: f.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	f.server, err = rpcserver.New(rpcserver.DefaultConfig(), rpcserver.Deps{
		Logger: slog.New(slog.DiscardHandler), Keys: letIn{},
		Roles: map[string][]string{"all": {"*"}, "insight": {"comment.insights.*"}, authn.RoleService: {"*"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Register(f.server)
	if err := f.server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(f.server.Drain(context.Background()), f.keeper.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return f
}

// as calls as somebody.
func (f *fixture) as(who string) grpc.ClientConnInterface {
	return rpcclient.WithKey(f.server.InProcess(), who, "")
}

func (f *fixture) comments(who string) commentv1.CommentServiceClient {
	return commentv1.NewCommentServiceClient(f.as(who))
}

// comment is one that can be changed before it is stored.
func (f *fixture) comment(response, text string, sentiment store.Sentiment) store.Comment {
	c := store.Comment{
		Ref: store.Ref{Organization: "acme", Survey: "s", Response: response, ID: "why"}, Question: "why", Text: text, Terms: search.Terms(text), Key: "k",
		Original: []byte(text), Similar: uint64(len(text)) + 1,
		Analysis: store.Analysis{
			Model: "m", Language: store.English, Variety: "en", Sentiment: sentiment, Probabilities: [4]float32{0.25, 0.25, 0.25, 0.25},
			Aspects: []store.AspectMention{{Aspect: "wait", Sentiment: sentiment, Probability: 0.5, Evidence: store.Span{End: 3}}},
			Phrases: []store.Phrase{{Span: store.Span{End: 3}, Key: 7, Text: "queue"}},
		},
	}
	c.Sealed, _ = seal.Seal(f.keys["k"], []byte("original of "+text), []byte("acme/surveys/s/responses/"+response+"/comments/why"))
	return c
}

// add stores comments, each in a response of its own that counts a minute after the one before; odd ones in Osh, even ones in Naryn.
func (f *fixture) add(t *testing.T, comments ...store.Comment) {
	t.Helper()
	if _, err := f.store.HoldFeed(t.Context(), "test", f.clock.Now(), f.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	b := store.Batch{From: f.position, AsOf: noon}
	for _, c := range comments {
		f.position++
		nps := float64(f.position % 11)
		c.CountTime = noon.Add(time.Duration(f.position) * time.Minute)
		b.Responses = append(b.Responses, store.Response{
			Organization: c.Organization, Survey: c.Survey, ID: c.Response, Position: f.position, CountTime: c.CountTime, Language: "en", NPS: &nps,
			Context: store.Context{Location: []string{"naryn", "osh"}[f.position%2]}, Person: c.Person, Comments: []store.Comment{c},
		})
	}
	b.To = f.position
	if err := f.store.ApplyEvents(t.Context(), "test", b); err != nil {
		t.Fatal(err)
	}
}

// many stores comments r1, r2, … that say the same.
func (f *fixture) many(t *testing.T, n int, sentiment store.Sentiment) {
	t.Helper()
	for i := range n {
		f.add(t, f.comment(fmt.Sprintf("r%d", i+1), "the queue was long", sentiment))
	}
}

// refused fails unless err has the code, the reason and, if it is not empty, names the field.
func refused(t *testing.T, what string, err error, code codes.Code, reason, field string) {
	t.Helper()
	var fields []string
	for _, v := range rpcerr.Fields(err) {
		fields = append(fields, v.Field)
	}
	if rpcerr.Code(err) != code || rpcerr.Reason(err) != reason || field != "" && !slices.Contains(fields, field) {
		t.Errorf("%s: got %v %s %v (%v), want %v %s %s", what, rpcerr.Code(err), rpcerr.Reason(err), fields, err, code, reason, field)
	}
}

// unset are the fields of a message, and of the messages in it, that have no value.
func unset(m protoreflect.Message, at string) (out []string) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		path := at + "." + string(fd.Name())
		switch {
		case !m.Has(fd):
			out = append(out, path)
		case fd.IsMap() || fd.Message() == nil || fd.Message().ParentFile().Package() != "otklik.comment.v1":
		case fd.IsList():
			out = append(out, unset(m.Get(fd).List().Get(0).Message(), path)...)
		default:
			out = append(out, unset(m.Get(fd).Message(), path)...)
		}
	}
	return out
}

const whyOf = "surveys/s/responses/%s/comments/why"

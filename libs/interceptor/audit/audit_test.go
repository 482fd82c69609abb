package audit_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/context/attribute_context"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/interceptor/audit"
	"github.com/otklik/otklik/libs/interceptor/requestid"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/echo"
)

// log is a sink that can be away.
type log struct {
	mu      sync.Mutex
	entries []audit.Entry
	fault   error
	tries   int
	// refuses tells of an entry that it will never do.
	refuses func(audit.Entry) bool
}

func (l *log) Append(ctx context.Context, entries []audit.Entry) ([]int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tries++
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if l.fault != nil {
		return nil, l.fault
	}
	sequences := make([]int64, len(entries))
	for i, e := range entries {
		if l.refuses != nil && l.refuses(e) {
			return nil, rpcerr.New(codes.InvalidArgument, "X", "x")
		}
		sequences[i] = int64(len(l.entries) + i + 1)
	}
	l.entries = append(l.entries, entries...)
	return sequences, nil
}

func (l *log) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = err
}

// told is what the log tells, for a look at once: method, outcome, code and start.
func (l *log) told() []audit.Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]audit.Entry(nil), l.entries...)
}

// rules are by method: `change`, `personal` and anything else, of which refusals are remembered.
type rules struct{}

func (rules) Rule(method string) (authz.Rule, bool) {
	r := authz.Rule{Permission: "a.b.c", Resource: "text", Reach: authz.ReachAny, Audit: authz.AuditRefusals}
	switch method {
	case "/s/change":
		r.Audit = authz.AuditChange
	case "/s/personal":
		r.Audit = authz.AuditPersonal
	case "/s/unknown":
		return authz.Rule{}, false
	}
	return r, true
}

func (rules) Resource(_ string, request proto.Message) string {
	if m, ok := request.(*dynamicpb.Message); ok {
		return echo.Message{Message: m}.Text()
	}
	return ""
}

func newRecorder(l *log, options audit.Options) *audit.Recorder {
	options.Gather = time.Millisecond
	if l == nil {
		return audit.New(nil, rules{}, options)
	}
	return audit.New(l, rules{}, options)
}

func as(t testing.TB, roles ...string) context.Context {
	t.Helper()
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs(authn.MetadataClientAddress, "203.0.113.9"))
	ctx = authn.WithPrincipal(ctx, authn.Principal{ID: "apiKeys/k1", Name: "Shop", Organization: "org1", Roles: roles})
	return requestid.WithID(ctx, "id1")
}

// play makes a call through both steps. between is what the steps between them say, inner what the handler says.
func play(ctx context.Context, r *audit.Recorder, method string, between, inner error, handled func()) (any, error) {
	refusals, begin := r.Steps()
	request := echo.New("surveys/a").Message
	info := &grpc.UnaryServerInfo{FullMethod: method}
	return refusals.Unary()(ctx, request, info, func(ctx context.Context, req any) (any, error) {
		if between != nil {
			return nil, between
		}
		return begin.Unary()(ctx, req, info, func(context.Context, any) (any, error) {
			if handled != nil {
				handled()
			}
			return "answer", inner
		})
	})
}

var (
	errDenied   = rpcerr.New(codes.PermissionDenied, "PERMISSION_DENIED", "no")
	errNotFound = rpcerr.New(codes.NotFound, "X_NOT_FOUND", "no")
	errLog      = errors.New("disk full")
)

func TestWhatIsRemembered(t *testing.T) {
	entry := func(method string, outcome audit.Outcome, code string, start int64) audit.Entry {
		return audit.Entry{
			Organization: "org1", Actor: "apiKeys/k1", ActorName: "Shop", Method: method, Permission: "a.b.c", Resource: "surveys/a",
			ClientAddress: "203.0.113.9", RequestID: "id1", Outcome: outcome, Code: code, Start: start,
		}
	}
	started := func(method string) audit.Entry { return entry(method, audit.Started, "", 0) }
	for _, tc := range []struct {
		name           string
		method         string
		roles          []string
		between, inner error
		want           []audit.Entry
	}{
		{name: "a call of which refusals are remembered", method: "/s/plain"},
		{name: "a refusal of the authorisation", method: "/s/plain", between: errDenied, want: []audit.Entry{entry("s/plain", audit.Denied, "PERMISSION_DENIED", 0)}},
		{name: "a refusal of the handler", method: "/s/plain", inner: errDenied, want: []audit.Entry{entry("s/plain", audit.Denied, "PERMISSION_DENIED", 0)}},
		{name: "a failure", method: "/s/plain", inner: errNotFound},
		{name: "a change", method: "/s/change", want: []audit.Entry{started("s/change"), entry("s/change", audit.Succeeded, "", 1)}},
		{name: "a change that fails", method: "/s/change", inner: errNotFound, want: []audit.Entry{started("s/change"), entry("s/change", audit.Failed, "NOT_FOUND", 1)}},
		{name: "a change that fails without words for callers", method: "/s/change", inner: errLog, want: []audit.Entry{started("s/change"), entry("s/change", audit.Failed, "INTERNAL", 1)}},
		{name: "a change that takes too long", method: "/s/change", inner: context.DeadlineExceeded, want: []audit.Entry{started("s/change"), entry("s/change", audit.Failed, "DEADLINE_EXCEEDED", 1)}},
		{name: "a change that the handler refuses", method: "/s/change", inner: errDenied, want: []audit.Entry{started("s/change"), entry("s/change", audit.Denied, "PERMISSION_DENIED", 1)}},
		{name: "a change that is not let in", method: "/s/change", between: errDenied, want: []audit.Entry{entry("s/change", audit.Denied, "PERMISSION_DENIED", 0)}},
		{name: "a change that is malformed", method: "/s/change", between: rpcerr.New(codes.InvalidArgument, "X", "x")},
		{name: "an answer about persons", method: "/s/personal", want: []audit.Entry{entry("s/personal", audit.Succeeded, "", 0)}},
		{name: "an answer about persons that is none", method: "/s/personal", inner: errNotFound, want: []audit.Entry{entry("s/personal", audit.Failed, "NOT_FOUND", 0)}},
		{name: "an answer about persons that the handler refuses", method: "/s/personal", inner: errDenied, want: []audit.Entry{entry("s/personal", audit.Denied, "PERMISSION_DENIED", 0)}},
		{name: "an answer about persons to one who is not let in", method: "/s/personal", between: errDenied, want: []audit.Entry{entry("s/personal", audit.Denied, "PERMISSION_DENIED", 0)}},
		{name: "a change by a service", method: "/s/change", roles: []string{authn.RoleService}},
		{name: "a refusal of a service", method: "/s/change", roles: []string{authn.RoleService}, between: errDenied},
		{name: "a method that is not known", method: "/s/unknown", between: errDenied},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := &log{}
			r := newRecorder(l, audit.Options{Now: func() time.Time { return time.Time{} }})
			resp, err := play(as(t, tc.roles...), r, tc.method, tc.between, tc.inner, nil)
			if want := errors.Join(tc.between, tc.inner); (err == nil) != (want == nil) || (err != nil && !errors.Is(want, err)) {
				t.Errorf("the error became %v", err)
			}
			if err == nil && resp != "answer" {
				t.Errorf("the answer became %v", resp)
			}
			if err := r.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := l.told()
			if len(got) != len(tc.want) {
				t.Fatalf("got %+v", got)
			}
			for i, e := range got {
				if e != tc.want[i] {
					t.Errorf("entry %d:\n%+v\nwant\n%+v", i, e, tc.want[i])
				}
			}
		})
	}
}

// TestWhatCannotBeRememberedIsNotDone lets the log be away.
func TestWhatCannotBeRememberedIsNotDone(t *testing.T) {
	for method, handled := range map[string]bool{"/s/plain": true, "/s/change": false, "/s/personal": true} {
		l := &log{fault: errLog}
		ran := false
		resp, err := play(as(t), newRecorder(l, audit.Options{}), method, nil, nil, func() { ran = true })
		if ran != handled {
			t.Errorf("%s: handled %v", method, ran)
		}
		if method == "/s/plain" {
			if err != nil {
				t.Errorf("%s: %v", method, err)
			}
			continue
		}
		if rpcerr.Code(err) != codes.Unavailable || rpcerr.Reason(err) != audit.ReasonUnavailable || resp != nil {
			t.Errorf("%s: got %v, %v", method, resp, err)
		}
		if !errors.Is(err, errLog) {
			t.Errorf("%s: the cause is lost: %v", method, err)
		}
	}
}

func TestCallerWhoLeavesIsNoFaultOfTheLog(t *testing.T) {
	ctx, cancel := context.WithCancel(as(t))
	cancel()
	if _, err := play(ctx, newRecorder(&log{}, audit.Options{}), "/s/change", nil, nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestOutcomeIsRememberedLater(t *testing.T) {
	l := &log{}
	r := newRecorder(l, audit.Options{})
	if _, err := play(as(t), r, "/s/change", nil, nil, func() { l.fail(errLog) }); err != nil {
		t.Fatalf("the change is done and must not be called a failure: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := r.Flush(ctx); err == nil || !strings.Contains(err.Error(), "1") {
		t.Errorf("flushed though the log is away: %v", err)
	}
	l.fail(nil)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := l.told(); len(got) != 2 || got[1].Outcome != audit.Succeeded || got[1].Start != 1 {
		t.Errorf("got %+v", got)
	}
	if err := r.Flush(t.Context()); err != nil {
		t.Errorf("nothing to flush: %v", err)
	}
}

func TestOutcomeOfOneWhoLeftIsRemembered(t *testing.T) {
	l := &log{}
	ctx, cancel := context.WithCancel(as(t))
	if _, err := play(ctx, newRecorder(l, audit.Options{}), "/s/change", nil, nil, cancel); err != nil {
		t.Fatal(err)
	}
	if got := l.told(); len(got) != 2 || got[1].Outcome != audit.Succeeded {
		t.Errorf("got %+v", got)
	}
}

func TestPanicIsAnOutcome(t *testing.T) {
	l := &log{}
	func() {
		defer func() { _ = recover() }()
		_, _ = play(as(t), newRecorder(l, audit.Options{}), "/s/change", nil, nil, func() { panic("x") })
	}()
	if got := l.told(); len(got) != 2 || got[1].Outcome != audit.Failed || got[1].Code != "INTERNAL" {
		t.Errorf("got %+v", got)
	}
}

func TestManyRefusalsAreCounted(t *testing.T) {
	l := &log{}
	clock := testkit.NewClock(time.Unix(1e9, 0))
	r := newRecorder(l, audit.Options{Now: clock.Now})
	for range 50 {
		_, _ = play(as(t), r, "/s/plain", errDenied, nil, nil)
	}
	clock.Advance(time.Second)
	_, _ = play(as(t), r, "/s/plain", errDenied, nil, nil)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	plain, summed := 0, ""
	for _, e := range l.told() {
		if e.Code == "PERMISSION_DENIED" {
			plain++
		} else {
			summed += e.Code
		}
	}
	if plain != 11 || summed != "PERMISSION_DENIED x40" {
		t.Errorf("%d one by one, and %q", plain, summed)
	}
}

// TestManyRefusalsAreCountedByMethod refuses an actor by two methods more often than is told one by one: each of them is seen.
func TestManyRefusalsAreCountedByMethod(t *testing.T) {
	l := &log{}
	r := newRecorder(l, audit.Options{Now: testkit.NewClock(time.Unix(1e9, 0)).Now})
	for range 10 {
		_, _ = play(as(t), r, "/s/plain", errDenied, nil, nil)
	}
	for range 3 {
		_, _ = play(as(t), r, "/s/change", errDenied, nil, nil)
		_, _ = play(as(t), r, "/s/personal", errDenied, nil, nil)
	}
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	told := l.told()
	if len(told) != 12 || told[10].Method != "s/change" || told[11].Method != "s/personal" || told[10].Code != "PERMISSION_DENIED x3" || told[11].Code != "PERMISSION_DENIED x3" {
		t.Errorf("%+v", told)
	}
}

// TestWhatWasMadeIsNamed makes something that the request does not name: the entry of the outcome does.
func TestWhatWasMadeIsNamed(t *testing.T) {
	for want, answer := range map[string]proto.Message{
		"apiKeys/k1": &attribute_context.AttributeContext{Resource: &attribute_context.AttributeContext_Resource{Name: "apiKeys/k1"}},
		"":           &attribute_context.AttributeContext_Resource{Name: "nothing was made"},
	} {
		l := &log{}
		_, begin := newRecorder(l, audit.Options{}).Steps()
		_, err := begin.Unary()(as(t), nil, &grpc.UnaryServerInfo{FullMethod: "/s/change"}, func(context.Context, any) (any, error) { return answer, nil })
		if err != nil {
			t.Fatal(err)
		}
		if told := l.told(); len(told) != 2 || told[1].Resource != want {
			t.Errorf("%+v, want the resource %q", told, want)
		}
	}
}

func TestEntriesThatWaitAreBounded(t *testing.T) {
	var told bytes.Buffer
	l := &log{fault: errLog}
	clock := testkit.NewClock(time.Unix(1e9, 0))
	r := newRecorder(l, audit.Options{Most: 5, Now: clock.Now, Logger: slog.New(slog.NewTextHandler(&syncWriter{w: &told}, nil))})
	for range 8 {
		_, _ = play(as(t), r, "/s/plain", errDenied, nil, nil)
	}
	l.fail(nil)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(l.told()); n != 5 || !strings.Contains(told.String(), "are lost") {
		t.Errorf("%d are remembered; the log says %s", n, told.String())
	}
}

func TestFaultyEntryDoesNotHoldUpTheOthers(t *testing.T) {
	l := &log{refuses: func(e audit.Entry) bool { return e.Method == "s/faulty" }}
	r := newRecorder(l, audit.Options{})
	for _, method := range []string{"/s/a", "/s/faulty", "/s/b"} {
		_, _ = play(as(t), r, method, errDenied, nil, nil)
	}
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := l.told(); len(got) != 2 || got[0].Method != "s/a" || got[1].Method != "s/b" {
		t.Errorf("got %+v", got)
	}
}

// TestFaultyEntryIsFoundSoon has many sound entries wait with a faulty one in their midst.
func TestFaultyEntryIsFoundSoon(t *testing.T) {
	l := &log{refuses: func(e audit.Entry) bool { return e.Method == "s/faulty" }, fault: errLog}
	r := newRecorder(l, audit.Options{Now: steps()})
	for i := range 200 {
		_, _ = play(as(t), r, map[bool]string{true: "/s/faulty", false: "/s/a"}[i == 77], errDenied, nil, nil)
	}
	l.fail(nil)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.entries) != 199 || l.tries > 40 {
		t.Errorf("%d entries after %d attempts", len(l.entries), l.tries)
	}
}

// steps is a clock that goes on by a second with each look, so that no refusal comes too fast.
func steps() func() time.Time {
	var seconds atomic.Int64
	return func() time.Time { return time.Unix(seconds.Add(1), 0) }
}

func TestWithoutALogNothingIsRefused(t *testing.T) {
	r := newRecorder(nil, audit.Options{})
	for _, method := range []string{"/s/plain", "/s/change", "/s/personal"} {
		if resp, err := play(as(t), r, method, nil, nil, nil); err != nil || resp != "answer" {
			t.Errorf("%s: %v, %v", method, resp, err)
		}
		if _, err := play(as(t), r, method, errDenied, nil, nil); !errors.Is(err, errDenied) {
			t.Errorf("%s: %v", method, err)
		}
	}
	if err := r.Flush(t.Context()); err != nil {
		t.Error(err)
	}
}

// syncWriter is a log that is written by several goroutines.
type syncWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *syncWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

package rpcserver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/audit"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/testkit/echo"
)

// ledger is an audit log that can be away.
type ledger struct {
	mu      sync.Mutex
	entries []string
	away    bool
}

func (l *ledger) Append(_ context.Context, entries []audit.Entry) ([]int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away {
		return nil, errors.New("away")
	}
	sequences := make([]int64, len(entries))
	for i, e := range entries {
		l.entries = append(l.entries, fmt.Sprint(e.Actor, " ", e.Method, " ", e.Resource, " ", e.Outcome, " ", e.Code))
		sequences[i] = int64(len(l.entries))
	}
	return sequences, nil
}

func (l *ledger) setAway(away bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = away
}

func (l *ledger) read() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries)
}

// audited is a server with an audit log.
func audited(t *testing.T, l *ledger) *rpcserver.Server {
	t.Helper()
	d := deps(t, io.Discard)
	d.Audit = l
	s, err := rpcserver.New(testConfig(), d)
	if err != nil {
		t.Fatal(err)
	}
	(&echo.Server{Actions: actions()}).Register(s)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAuditLogTellsWhoDidWhat(t *testing.T) {
	l := &ledger{}
	s := audited(t, l)
	as := func(key, org string) grpc.ClientConnInterface { return rpcclient.WithKey(s.InProcess(), key, org) }
	app := as(appKey, "")
	for name, got := range map[string]struct {
		err  error
		code codes.Code
	}{
		"plain":                {second(echo.Call(t.Context(), app, echo.New("surveys/a"))), codes.OK},
		"change":               {second(echo.CallRepeat(t.Context(), app, echo.New("surveys/b"))), codes.OK},
		"failing change":       {second(echo.CallRepeat(t.Context(), app, echo.New("surveys/c").WithAction("notfound"))), codes.NotFound},
		"malformed change":     {second(echo.CallRepeat(t.Context(), app, echo.New(""))), codes.InvalidArgument},
		"personal stream":      {second(echo.CallSplit(t.Context(), app, echo.New("surveys/d", 1, 2))), codes.OK},
		"refusal":              {second(echo.Call(t.Context(), as(readerKey, ""), echo.New("surveys/e"))), codes.PermissionDenied},
		"change of service":    {second(echo.CallRepeat(t.Context(), as(serviceKey, "org1"), echo.New("surveys/f"))), codes.OK},
		"nobody":               {second(echo.Call(t.Context(), s.InProcess(), echo.New("surveys/g"))), codes.Unauthenticated},
		"another organisation": {second(echo.Call(t.Context(), as(appKey, "org2"), echo.New("surveys/h"))), codes.PermissionDenied},
		"page of another site": {second(echo.CallSplit(with(t, appKey, authn.MetadataOrigin, "https://evil.example"), s.InProcess(), echo.New("surveys/i", 1))), codes.PermissionDenied},
	} {
		if got.code == codes.OK && got.err != nil || got.code != codes.OK && got.err == nil {
			t.Errorf("%s: %v", name, got.err)
		}
	}
	if err := s.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	method := func(name string) string { return echo.Service + "/" + name }
	want := []string{
		"app " + method("Repeat") + " surveys/b 1 ", "app " + method("Repeat") + " surveys/b 2 ",
		"app " + method("Repeat") + " surveys/c 1 ", "app " + method("Repeat") + " surveys/c 4 NOT_FOUND",
		"app " + method("Split") + " surveys/d 1 ", "app " + method("Split") + " surveys/d 2 ",
		"reader " + method("Echo") + " surveys/e 3 PERMISSION_DENIED",
		"app " + method("Echo") + " surveys/h 3 PERMISSION_DENIED",
		"app " + method("Split") + "  3 PERMISSION_DENIED",
	}
	got := l.read()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func second[T any](_ T, err error) error { return err }

func TestDrainWaitsForTheAuditLog(t *testing.T) {
	l := &ledger{}
	s := audited(t, l)
	l.setAway(true)
	if _, err := echo.Call(t.Context(), rpcclient.WithKey(s.InProcess(), readerKey, ""), echo.New("a")); err == nil {
		t.Fatal("let in")
	}
	if _, err := echo.CallRepeat(t.Context(), rpcclient.WithKey(s.InProcess(), appKey, ""), echo.New("a")); err == nil {
		t.Fatal("done without a trace")
	} else {
		checkError(t, err, codes.Unavailable, audit.ReasonUnavailable, nil)
	}
	back := time.AfterFunc(50*time.Millisecond, func() { l.setAway(false) })
	defer back.Stop()
	if err := s.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := l.read(); len(got) != 1 {
		t.Errorf("got %q", got)
	}
}

func TestDrainTellsWhatCouldNotBeRemembered(t *testing.T) {
	l := &ledger{away: true}
	s := audited(t, l)
	if _, err := echo.Call(t.Context(), rpcclient.WithKey(s.InProcess(), readerKey, ""), echo.New("a")); err == nil {
		t.Fatal("let in")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

package authn_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/otklik/otklik/libs/authn"
	step "github.com/otklik/otklik/libs/interceptor/authn"
	"github.com/otklik/otklik/libs/rpcerr"
)

// guard says whom every credential proves.
type guard struct {
	mu        sync.Mutex
	principal authn.Principal
	err       error
}

func (g *guard) Authenticate(context.Context, authn.Credential) (authn.Principal, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.principal, g.err
}

func (g *guard) set(p authn.Principal, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.principal, g.err = p, err
}

func TestAStreamLastsNoLongerThanItsCredential(t *testing.T) {
	viewer := func() authn.Principal {
		return authn.Principal{ID: "m", Organization: "org1", Roles: []string{"viewer"}, Units: map[string][]string{"location": {"l1"}}}
	}
	demoted := viewer()
	demoted.Roles = []string{"staff"}
	away := rpcerr.New(codes.Unavailable, "AWAY", "away")
	for _, tc := range []struct {
		name   string
		after  authn.Principal
		err    error
		code   codes.Code
		reason string
	}{
		{name: "nothing happens", after: viewer(), code: codes.Canceled},
		{name: "revoked", err: authn.ErrInvalid, code: codes.Unauthenticated, reason: "CREDENTIALS_INVALID"},
		{name: "another role", after: demoted, code: codes.Unavailable, reason: "CREDENTIALS_CHANGED"},
		{name: "nobody can tell", err: away, code: codes.Canceled},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &guard{principal: viewer()}
				ctx, cancel := context.WithCancel(metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Bearer a", "otklik-device", "d")))
				time.AfterFunc(time.Minute, cancel)
				time.AfterFunc(7*time.Second, func() { g.set(tc.after, tc.err) })
				start := time.Now()
				err := step.New(g, nil, nil).Stream()(nil, stream{ctx: ctx}, &grpc.StreamServerInfo{FullMethod: "/s/m"}, func(_ any, ss grpc.ServerStream) error {
					<-ss.Context().Done()
					return rpcerr.New(codes.Canceled, "", "the handler's own words")
				})
				if rpcerr.Code(err) != tc.code || (tc.reason != "" && rpcerr.Reason(err) != tc.reason) {
					t.Errorf("got %v", err)
				}
				if want := map[bool]time.Duration{true: time.Minute, false: 10 * time.Second}[tc.code == codes.Canceled]; time.Since(start) != want {
					t.Errorf("it ended after %v, want %v", time.Since(start), want)
				}
			})
		})
	}
}

func TestAStreamThatEndsByItselfIsLookedAtNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &guard{principal: authn.Principal{ID: "m"}}
		ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Bearer a"))
		if err := step.New(g, nil, nil).Stream()(nil, stream{ctx: ctx}, &grpc.StreamServerInfo{FullMethod: "/s/m"}, func(any, grpc.ServerStream) error {
			time.Sleep(4 * time.Second)
			g.set(authn.Principal{}, authn.ErrInvalid)
			return nil
		}); err != nil {
			t.Error(err)
		}
		// The bubble fails the test if anything of the stream were left.
	})
}

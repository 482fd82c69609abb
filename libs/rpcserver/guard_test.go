package rpcserver_test

import (
	"context"
	"crypto/sha256"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/interceptor/ratelimit"
	"github.com/otklik/otklik/libs/limit"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/testkit/echo"
)

// guarded serves callers by the names of their secrets over both transports.
func guarded(t *testing.T, callers map[string]authn.Principal, limits limit.Config, acts map[string]func(context.Context, echo.Message) error) map[string]grpc.ClientConnInterface {
	t.Helper()
	byHash := make(map[[sha256.Size]byte]authn.Principal, len(callers))
	for secret, p := range callers {
		p.ID, p.Organization = secret, "org1"
		byHash[sha256.Sum256([]byte(secret))] = p
	}
	d := deps(t, io.Discard)
	d.Keys = authn.Chain{authn.NewResolver(func(_ context.Context, hash [sha256.Size]byte) (authn.Principal, error) {
		if p, ok := byHash[hash]; ok {
			return p, nil
		}
		return authn.Principal{}, authn.ErrInvalid
	}, nil, authn.CacheOptions{})}
	d.Roles = authz.Roles{"app": {"echo.messages.send"}, "admin": {"*"}, "owner": {"!!echo.messages.*"}}
	d.Limiter = limit.NewMemory(limits, time.Now)
	s, err := rpcserver.New(testConfig(), d)
	if err != nil {
		t.Fatal(err)
	}
	(&echo.Server{Actions: acts}).Register(s)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	conn, err := rpcclient.Dial(rpcclient.Peer{Target: l.Addr().String()}, rpcclient.DefaultConfig(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		if err := s.Drain(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return map[string]grpc.ClientConnInterface{"tcp": conn, "inproc": s.InProcess()}
}

func with(t *testing.T, secret string, pairs ...string) context.Context {
	t.Helper()
	return metadata.AppendToOutgoingContext(t.Context(), append(pairs, authn.MetadataAuthorization, "Bearer "+secret)...)
}

// TestWhoIsLetIn plays callers of all kinds over both transports.
func TestWhoIsLetIn(t *testing.T) {
	callers := map[string]authn.Principal{
		"admin":      {Roles: []string{"admin"}},
		"owner":      {Roles: []string{"admin", "owner"}},
		"restricted": {Roles: []string{"app"}, Units: map[string][]string{"location": {"l1"}}},
		"bound":      {Roles: []string{"app"}, Resources: []string{"surveys/a"}},
		"page":       {Kind: authn.KindApp, Roles: []string{"app"}, Origins: []string{"https://shop.example"}},
		"ended":      {Roles: []string{"app"}, Expires: time.Now()},
	}
	unary := func(ctx context.Context, conn grpc.ClientConnInterface, text string) error {
		return second(echo.Call(ctx, conn, echo.New(text)))
	}
	whole := func(ctx context.Context, conn grpc.ClientConnInterface, text string) error {
		return second(echo.CallRepeat(ctx, conn, echo.New(text)))
	}
	split := func(ctx context.Context, conn grpc.ClientConnInterface, text string) error {
		return second(echo.CallSplit(ctx, conn, echo.New(text, 1)))
	}
	collect := func(ctx context.Context, conn grpc.ClientConnInterface, text string) error {
		return second(echo.CallCollect(ctx, conn, echo.New("surveys/a"), echo.New(text)))
	}
	for transport, conn := range guarded(t, callers, limit.Config{}, nil) {
		for _, tc := range []struct {
			name, secret string
			pairs        []string
			call         func(context.Context, grpc.ClientConnInterface, string) error
			text         string
			reason       string
		}{
			{name: "admin", secret: "admin", call: whole, text: "surveys/a"},
			{name: "who has ended", secret: "ended", call: unary, text: "a", reason: "CREDENTIALS_INVALID"},
			{name: "who was never known", secret: "x", call: unary, text: "a", reason: "CREDENTIALS_INVALID"},
			{name: "forbidden wins", secret: "owner", call: unary, text: "a", reason: authz.ReasonDenied},
			{name: "restricted, of units", secret: "restricted", call: split, text: "a"},
			{name: "restricted, of the organisation", secret: "restricted", call: whole, text: "a", reason: authz.ReasonUnitsRestricted},
			{name: "bound to it", secret: "bound", call: unary, text: "surveys/a/revisions/1"},
			{name: "bound to something else", secret: "bound", call: unary, text: "surveys/b", reason: authz.ReasonCredentialBound},
			{name: "stream, bound to it", secret: "bound", call: split, text: "surveys/a"},
			{name: "stream, bound to something else", secret: "bound", call: split, text: "surveys/b", reason: authz.ReasonCredentialBound},
			{name: "stream, of which a later request is of something else", secret: "bound", call: collect, text: "surveys/b", reason: authz.ReasonCredentialBound},
			{name: "page", secret: "page", pairs: []string{authn.MetadataOrigin, "https://shop.example"}, call: unary, text: "a"},
			{name: "page of another origin", secret: "page", pairs: []string{authn.MetadataOrigin, "https://evil.example"}, call: unary, text: "a", reason: authn.ReasonOrigin},
			{name: "a page with somebody's session", secret: "admin", pairs: []string{authn.MetadataOrigin, "https://evil.example"}, call: unary, text: "a", reason: authn.ReasonOrigin},
			{name: "a device that cannot be", secret: "admin", pairs: []string{authn.MetadataDevice, "a", authn.MetadataDevice, "b"}, call: unary, text: "a", reason: "METADATA_INVALID"},
		} {
			t.Run(transport+"/"+tc.name, func(t *testing.T) {
				if err := tc.call(with(t, tc.secret, tc.pairs...), conn, tc.text); rpcerr.Reason(err) != tc.reason || (err == nil) != (tc.reason == "") {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

func TestHandlersLearnWhatTheCallerHolds(t *testing.T) {
	acts := map[string]func(context.Context, echo.Message) error{"holds": func(ctx context.Context, m echo.Message) error {
		p, _ := authn.FromContext(ctx)
		if authz.FromContext(ctx).Holds("survey.persons.view") {
			m.SetText("holds on " + p.Device)
		} else {
			m.SetText("does not hold on " + p.Device)
		}
		return nil
	}}
	for transport, conn := range guarded(t, map[string]authn.Principal{"admin": {Roles: []string{"admin"}}, "app": {Roles: []string{"app"}}}, limit.Config{}, acts) {
		for secret, want := range map[string]string{"admin": "holds on phone", "app": "does not hold on phone"} {
			m, err := echo.Call(with(t, secret, authn.MetadataDevice, "phone"), conn, echo.New("a").WithAction("holds"))
			if err != nil || m.Text() != want {
				t.Errorf("%s, %s: %q, %v", transport, secret, m.Text(), err)
			}
		}
	}
}

func TestCallersLearnWhatIsLeft(t *testing.T) {
	quota := limit.Quota{Rate: 0.01, Burst: 2}
	callers := map[string]authn.Principal{"tcp": {Roles: []string{"app"}}, "inproc": {Roles: []string{"app"}}}
	for transport, conn := range guarded(t, callers, limit.Config{PerKey: quota}, nil) {
		for i, want := range []string{"2;1;100;key", "2;0;100;key", "2;0;100;key"} {
			var header metadata.MD
			_, err := echo.Call(with(t, transport), conn, echo.New("a"), grpc.Header(&header))
			if i < 2 && err != nil || i == 2 && rpcerr.Code(err) != codes.ResourceExhausted {
				t.Errorf("%s, call %d: %v", transport, i, err)
			}
			if got := header[ratelimit.MetadataRateLimit]; !slices.Equal(got, []string{want}) {
				t.Errorf("%s, call %d: %q, want %q", transport, i, got, want)
			}
		}
	}
}

// TestCertificateStandsForCallersWithoutAToken asks the connection only where there is no token.
func TestCertificateStandsForCallersWithoutAToken(t *testing.T) {
	d := deps(t, io.Discard)
	d.PeerIdentity = func(context.Context) (authn.Principal, bool) {
		return authn.Principal{Kind: authn.KindService, ID: "certificate", Roles: []string{authn.RoleService}}, true
	}
	s, err := rpcserver.New(testConfig(), d)
	if err != nil {
		t.Fatal(err)
	}
	(&echo.Server{Actions: actions()}).Register(s)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), authn.MetadataOrganization, "org7")
	if m, err := echo.Call(ctx, s.InProcess(), echo.New("a").WithAction("org")); err != nil || m.Text() != "org7" {
		t.Errorf("got %q, %v", m.Text(), err)
	}
	if _, err := echo.Call(with(t, "wrong"), s.InProcess(), echo.New("a")); rpcerr.Code(err) != codes.Unauthenticated {
		t.Errorf("a wrong token beside a certificate: %v", err)
	}
	if _, err := echo.Call(with(t, readerKey), s.InProcess(), echo.New("a")); rpcerr.Code(err) != codes.PermissionDenied {
		t.Errorf("another's token beside a certificate: %v", err)
	}
}

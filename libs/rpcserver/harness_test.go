package rpcserver_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/libs/testkit/echo"
)

// testTimeout is the patience with what should happen at once.
const testTimeout = 20 * time.Second

// The secrets of the harness's keys.
const (
	appKey     = "secret-of-app"
	readerKey  = "secret-of-reader"
	serviceKey = "secret-of-service"
)

// harness is a running server with the echo service and a connection to it over each transport, both with the key of the app.
type harness struct {
	server *rpcserver.Server
	// conns by transport.
	conns   map[string]grpc.ClientConnInterface
	address string
	log     *logBuffer
	served  chan error
}

// logBuffer is a log that tests can read while it is written.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func keyring(t testing.TB) *authn.Keyring {
	t.Helper()
	ring, err := authn.NewKeyring([]authn.Key{
		{ID: "app", SHA256: authn.HashKey(appKey), Organization: "org1", Roles: []string{"app"}},
		{ID: "reader", SHA256: authn.HashKey(readerKey), Organization: "org1", Roles: []string{"reader"}},
		{ID: "service", SHA256: authn.HashKey(serviceKey), Roles: []string{authn.RoleService}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func deps(t testing.TB, log io.Writer) rpcserver.Deps {
	t.Helper()
	return rpcserver.Deps{
		Logger: slog.New(slog.NewJSONHandler(log, nil)),
		Keys:   keyring(t),
		Roles: map[string][]string{
			"app": {"echo.*", "!echo.internal.*"}, "reader": {"other.things.read"}, authn.RoleService: {"*"},
		},
	}
}

// actions are what the echo service can do in every test.
func actions() map[string]func(context.Context, echo.Message) error {
	return map[string]func(context.Context, echo.Message) error{
		"panic":   func(context.Context, echo.Message) error { panic("panic with a secret") },
		"unknown": func(context.Context, echo.Message) error { return errors.New("error with a secret") },
		"full":    func(context.Context, echo.Message) error { return sqlkit.Translate(sqlkit.ErrFull) },
		"wait":    echo.WaitForEnd,
		"mutate":  func(_ context.Context, m echo.Message) error { m.SetText("changed by the handler"); return nil },
		"org":     func(ctx context.Context, m echo.Message) error { return setOrganization(ctx, m) },
		"notfound": func(context.Context, echo.Message) error {
			return rpcerr.New(codes.NotFound, "SURVEY_UNKNOWN", "no such survey")
		},
	}
}

func setOrganization(ctx context.Context, m echo.Message) error {
	org, err := authn.Organization(ctx)
	if err == nil {
		m.SetText(org)
	}
	return err
}

func testConfig() rpcserver.Config {
	c := rpcserver.DefaultConfig()
	c.MaxReceiveBytes = 20000
	c.StreamGrace = 10 * time.Millisecond
	return c
}

func start(t testing.TB, config rpcserver.Config, acts map[string]func(context.Context, echo.Message) error) *harness {
	t.Helper()
	h := &harness{log: &logBuffer{}, served: make(chan error, 1)}
	var err error
	if h.server, err = rpcserver.New(config, deps(t, h.log)); err != nil {
		t.Fatal(err)
	}
	(&echo.Server{Actions: acts}).Register(h.server)
	if err := h.server.Start(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.address = l.Addr().String()
	go func() { h.served <- h.server.Serve(l) }()
	h.conns = h.connect(t, appKey, "")
	t.Cleanup(func() {
		// Tests that drain have done so already; draining twice is harmless.
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = h.server.Drain(ctx)
	})
	return h
}

// connect makes a connection over each transport.
func (h *harness) connect(t testing.TB, key, organization string) map[string]grpc.ClientConnInterface {
	t.Helper()
	conn, err := rpcclient.Dial(rpcclient.Peer{Target: h.address, Key: key, Organization: organization}, rpcclient.DefaultConfig(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	inproc := h.server.InProcess()
	if key != "" {
		inproc = rpcclient.WithKey(inproc, key, organization)
	}
	return map[string]grpc.ClientConnInterface{"tcp": conn, "inproc": inproc}
}

// both runs a test over each transport.
func (h *harness) both(t *testing.T, f func(t *testing.T, conn grpc.ClientConnInterface)) {
	t.Helper()
	for name, conn := range h.conns {
		t.Run(name, func(t *testing.T) { f(t, conn) })
	}
}

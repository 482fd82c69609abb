package rpcclient_test

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/testkit/echo"
	"github.com/otklik/otklik/libs/testkit/freeport"
)

// replicaKey is the secret of the one key that replicas know.
const replicaKey = "secret"

// replica is a server at a fixed address that goes away and comes back. Its calls are worked on by act.
type replica struct {
	t       *testing.T
	address string
	act     func(context.Context, echo.Message) error
	config  rpcserver.Config

	server *rpcserver.Server
	conns  *cutListener
	served chan error
}

// newReplica starts a server at a free port.
func newReplica(t *testing.T, act func(context.Context, echo.Message) error, change ...func(*rpcserver.Config)) *replica {
	t.Helper()
	port, err := freeport.Find()
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{t: t, address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), act: act, config: rpcserver.DefaultConfig()}
	for _, c := range change {
		c(&r.config)
	}
	r.start()
	t.Cleanup(func() {
		if r.server != nil {
			r.kill()
		}
	})
	return r
}

// start makes the server anew, as a process that starts.
func (r *replica) start() {
	r.t.Helper()
	ring, err := authn.NewKeyring([]authn.Key{{ID: "app", SHA256: authn.HashKey(replicaKey), Organization: "org1", Roles: []string{"app"}}})
	if err != nil {
		r.t.Fatal(err)
	}
	server, err := rpcserver.New(r.config, rpcserver.Deps{
		Logger: slog.New(slog.DiscardHandler), Keys: ring, Roles: map[string][]string{"app": {"echo.*"}},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	(&echo.Server{Actions: map[string]func(context.Context, echo.Message) error{"act": r.act}}).Register(server)
	if err := server.Start(); err != nil {
		r.t.Fatal(err)
	}
	l, err := net.Listen("tcp", r.address)
	if err != nil {
		r.t.Fatal(err)
	}
	r.server, r.conns, r.served = server, &cutListener{Listener: l}, make(chan error, 1)
	go func() { r.served <- server.Serve(r.conns) }()
}

// stop ends the server in good order.
func (r *replica) stop() {
	r.t.Helper()
	if err := r.server.Drain(context.Background()); err != nil {
		r.t.Errorf("drain: %v", err)
	}
	if err := <-r.served; err != nil {
		r.t.Error(err)
	}
	r.server = nil
}

// kill ends the server as seen from outside when its process is killed: all connections break at once.
func (r *replica) kill() {
	r.t.Helper()
	r.conns.cut()
	// What still runs inside is over for everybody outside; how it ends does not matter.
	_ = r.server.Drain(context.Background())
	if err := <-r.served; err != nil {
		r.t.Logf("a server that was killed: %v", err)
	}
	r.server = nil
}

// cutListener is a listener whose connections can be broken.
type cutListener struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
	over  bool
}

func (l *cutListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		_ = conn.Close()
	}
	l.conns = append(l.conns, conn)
	return conn, nil
}

// accepted is the number of connections so far.
func (l *cutListener) accepted() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

// cut takes no connection any more and breaks those that there are.
func (l *cutListener) cut() {
	l.mu.Lock()
	l.over = true
	_ = l.Close()
	l.mu.Unlock()
	l.breakAll()
}

// breakAll breaks the connections that there are.
func (l *cutListener) breakAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.conns {
		// A reset rather than a proper end.
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
}

func dialReplicas(t *testing.T, replicas ...*replica) *grpc.ClientConn {
	t.Helper()
	target := replicas[0].address
	for _, r := range replicas[1:] {
		target += "," + r.address
	}
	conn, err := rpcclient.Dial(rpcclient.Peer{Target: target, Key: replicaKey}, rpcclient.DefaultConfig(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

// ledger counts how often each message was worked on.
type ledger struct {
	mu    sync.Mutex
	times map[string]int
	all   int
}

func newLedger() *ledger { return &ledger{times: make(map[string]int)} }

// work takes note of a message and takes its time, so that there are always calls under way.
func (l *ledger) work(ctx context.Context, m echo.Message) error {
	l.mu.Lock()
	l.times[m.Text()]++
	l.all++
	l.mu.Unlock()
	select {
	case <-time.After(2 * time.Millisecond):
	case <-ctx.Done():
	}
	return nil
}

func (l *ledger) total() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all
}

// twice lists the messages that were worked on more than once.
func (l *ledger) twice() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var texts []string
	for text, n := range l.times {
		if n > 1 {
			texts = append(texts, text)
		}
	}
	return texts
}

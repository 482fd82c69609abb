package rpcclient_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/testkit/echo"
)

// serve runs a bare server that notes the metadata and deadline of calls.
func serve(t *testing.T) (address string, calls chan call) {
	t.Helper()
	calls = make(chan call, 10)
	server := grpc.NewServer()
	(&echo.Server{Actions: map[string]func(context.Context, echo.Message) error{
		"note": func(ctx context.Context, _ echo.Message) error {
			md, _ := metadata.FromIncomingContext(ctx)
			deadline, ok := ctx.Deadline()
			calls <- call{md, deadline, ok}
			return nil
		},
	}}).Register(server)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	})
	return l.Addr().String(), calls
}

type call struct {
	md          metadata.MD
	deadline    time.Time
	hasDeadline bool
}

func TestDial(t *testing.T) {
	address, calls := serve(t)
	for _, target := range []string{address, "dns:///" + address, "passthrough:///" + address} {
		conn, err := rpcclient.Dial(rpcclient.Peer{Target: target, Key: "secret", Organization: "org1"}, rpcclient.DefaultConfig(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := echo.Call(t.Context(), conn, echo.New("a").WithAction("note")); err != nil {
			t.Fatal(err)
		}
		c := <-calls
		if !slices.Equal(c.md["authorization"], []string{"Bearer secret"}) || !slices.Equal(c.md["otklik-organization"], []string{"org1"}) {
			t.Errorf("%s: metadata %v", target, c.md)
		}
		if left := time.Until(c.deadline); !c.hasDeadline || left <= 0 || left > rpcclient.DefaultConfig().Deadline {
			t.Errorf("%s: deadline in %v", target, left)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		if _, err := echo.Call(ctx, conn, echo.New("a").WithAction("note")); err != nil {
			t.Fatal(err)
		}
		cancel()
		if c := <-calls; time.Until(c.deadline) < 30*time.Minute {
			t.Errorf("%s: the caller's deadline was replaced", target)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := rpcclient.Dial(rpcclient.Peer{}, rpcclient.DefaultConfig(), nil); err == nil {
		t.Error("dialled nothing")
	}
}

// noting is a connection that notes the metadata of calls.
type noting struct{ md metadata.MD }

func (n *noting) Invoke(ctx context.Context, _ string, _, _ any, _ ...grpc.CallOption) error {
	n.md, _ = metadata.FromOutgoingContext(ctx)
	return nil
}

func (n *noting) NewStream(ctx context.Context, _ *grpc.StreamDesc, _ string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	n.md, _ = metadata.FromOutgoingContext(ctx)
	return nil, nil
}

func TestWithKey(t *testing.T) {
	with := func(kv ...string) context.Context { return metadata.AppendToOutgoingContext(t.Context(), kv...) }
	for _, tc := range []struct {
		name, organization string
		ctx                context.Context
		want               metadata.MD
	}{
		{"plain", "", t.Context(), metadata.Pairs("authorization", "Bearer k")},
		{"with organisation", "o", t.Context(), metadata.Pairs("authorization", "Bearer k", "otklik-organization", "o")},
		{"other metadata is kept", "o", with("x", "y"), metadata.Pairs("authorization", "Bearer k", "otklik-organization", "o", "x", "y")},
		{"an own key is kept", "", with("authorization", "Bearer own"), metadata.Pairs("authorization", "Bearer own")},
		{"an own organisation is kept", "o", rpcclient.WithOrganization(t.Context(), "p"), metadata.Pairs("authorization", "Bearer k", "otklik-organization", "p")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := &noting{}
			conn := rpcclient.WithKey(n, "k", tc.organization)
			for range 2 {
				if err := conn.Invoke(tc.ctx, "/s/m", nil, nil); err != nil {
					t.Fatal(err)
				}
				checkMD(t, n.md, tc.want)
				// What a caller does to the metadata of one call does not reach the next.
				n.md["authorization"] = []string{"changed"}
				if _, err := conn.NewStream(tc.ctx, nil, "/s/m"); err != nil {
					t.Fatal(err)
				}
				checkMD(t, n.md, tc.want)
			}
		})
	}
}

func checkMD(t *testing.T, got, want metadata.MD) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("metadata %v, want %v", got, want)
	}
	for k, v := range want {
		if !slices.Equal(got[k], v) {
			t.Errorf("metadata %v, want %v", got, want)
		}
	}
}

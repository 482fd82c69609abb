package rpcserver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/interceptor"
	"github.com/otklik/otklik/libs/interceptor/recovery"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/testkit/echo"
)

func TestStreams(t *testing.T) {
	h := start(t, testConfig(), actions())
	h.both(t, func(t *testing.T, conn grpc.ClientConnInterface) {
		messages, err := echo.CallSplit(t.Context(), conn, echo.New("s", 1, 2, 3))
		if err != nil || len(messages) != 3 || messages[2].Scores()[0] != 3 {
			t.Errorf("split: %v, %v", messages, err)
		}
		all, err := echo.CallCollect(t.Context(), conn, echo.New("a", 1), echo.New("b", 2, 3))
		if err != nil || !slices.Equal(all.Scores(), []int32{1, 2, 3}) {
			t.Errorf("collect: %v, %v", all.Scores(), err)
		}
		// After messages have gone out an error still arrives with its details.
		messages, err = echo.CallSplit(t.Context(), conn, echo.New("s", 1, 2).WithAction("notfound"))
		if len(messages) != 2 {
			t.Errorf("%d messages before the error", len(messages))
		}
		checkError(t, err, codes.NotFound, "SURVEY_UNKNOWN", nil)
		_, err = echo.CallSplit(t.Context(), conn, echo.New("s", 1, 99))
		checkError(t, err, codes.InvalidArgument, "VALIDATION_FAILED", []string{"items[1].score"})
		_, err = echo.CallCollect(t.Context(), conn, echo.New("a"), echo.New(""))
		checkError(t, err, codes.InvalidArgument, "VALIDATION_FAILED", []string{"text"})
		_, err = echo.CallSplit(t.Context(), conn, echo.New("s").WithAction("panic"))
		checkError(t, err, codes.Internal, "INTERNAL", nil)
		_, err = echo.CallCollect(t.Context(), conn, echo.New(strings.Repeat("x", 20001)))
		checkError(t, err, codes.InvalidArgument, "MESSAGE_TOO_LARGE", nil)
	})
	// Chat is internal.
	h.both(t, func(t *testing.T, conn grpc.ClientConnInterface) {
		cs, err := echo.OpenChat(t.Context(), conn)
		if err == nil {
			err = cs.RecvMsg(echo.Empty().Message)
		}
		checkError(t, err, codes.PermissionDenied, "PERMISSION_DENIED", nil)
	})
	h.conns = h.connect(t, serviceKey, "org9")
	h.both(t, func(t *testing.T, conn grpc.ClientConnInterface) {
		cs, err := echo.OpenChat(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		for i := range int32(5) {
			in := echo.New("ping", i)
			if err := cs.SendMsg(in.Message); err != nil {
				t.Fatal(err)
			}
			out := echo.Empty()
			if err := cs.RecvMsg(out.Message); err != nil || out.Scores()[0] != i {
				t.Fatalf("round %d: %v, %v", i, out.Scores(), err)
			}
		}
		if err := cs.CloseSend(); err != nil {
			t.Fatal(err)
		}
		if err := cs.RecvMsg(echo.Empty().Message); !errors.Is(err, io.EOF) {
			t.Errorf("the end of the stream: %v", err)
		}
	})
}

func TestServiceActsForOrganization(t *testing.T) {
	h := start(t, testConfig(), actions())
	h.conns = h.connect(t, serviceKey, "")
	h.both(t, func(t *testing.T, conn grpc.ClientConnInterface) {
		out, err := echo.Call(rpcclient.WithOrganization(t.Context(), "org7"), conn, echo.New("a").WithAction("org"))
		if err != nil || out.Text() != "org7" {
			t.Errorf("got %q, %v", out.Text(), err)
		}
	})
}

func TestNeitherSideSeesTheOthersMessage(t *testing.T) {
	h := start(t, testConfig(), actions())
	h.both(t, func(t *testing.T, conn grpc.ClientConnInterface) {
		in := echo.New("original", 5)
		out, err := echo.Call(t.Context(), conn, in.WithAction("mutate"))
		if err != nil || out.Text() != "changed by the handler" {
			t.Fatalf("got %q, %v", out.Text(), err)
		}
		if in.Text() != "original" {
			t.Error("the handler changed the caller's message")
		}
		out.AddItem(1, "")
		if len(in.Scores()) != 1 {
			t.Error("request and response share a part")
		}
	})
}

func TestDeadlines(t *testing.T) {
	config := testConfig()
	config.DefaultDeadline, config.MaxDeadline = 20*time.Millisecond, time.Hour
	ended := make(chan error, 8)
	acts := actions()
	acts["wait"] = func(ctx context.Context, m echo.Message) error {
		err := echo.WaitForEnd(ctx, m)
		ended <- err
		return err
	}
	h := start(t, config, acts)
	h.both(t, func(t *testing.T, conn grpc.ClientConnInterface) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := echo.Call(ctx, conn, echo.New("a").WithAction("wait")); rpcerr.Code(err) != codes.DeadlineExceeded {
			t.Errorf("the caller's deadline: %v", err)
		}
		if err := <-ended; !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
			t.Errorf("the handler saw %v", err)
		}
	})
	// Without a deadline of the caller's the server sets one. The client of package rpcclient always sets one, so this is in process only.
	_, err := echo.Call(t.Context(), h.conns["inproc"], echo.New("a").WithAction("wait"))
	checkError(t, err, codes.DeadlineExceeded, "DEADLINE_EXCEEDED", nil)
}

func TestCancellation(t *testing.T) {
	started, ended := make(chan struct{}, 1), make(chan error, 1)
	acts := actions()
	acts["wait"] = func(ctx context.Context, m echo.Message) error {
		started <- struct{}{}
		err := echo.WaitForEnd(ctx, m)
		ended <- err
		return err
	}
	h := start(t, testConfig(), acts)
	h.both(t, func(t *testing.T, conn grpc.ClientConnInterface) {
		for name, call := range map[string]func(ctx context.Context) error{
			"unary": func(ctx context.Context) error {
				_, err := echo.Call(ctx, conn, echo.New("a").WithAction("wait"))
				return err
			},
			"stream": func(ctx context.Context) error {
				_, err := echo.CallSplit(ctx, conn, echo.New("a").WithAction("wait"))
				return err
			},
		} {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- call(ctx) }()
			<-started
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("%s: the handler saw %v", name, err)
			}
			if err := <-done; rpcerr.Code(err) != codes.Canceled {
				t.Errorf("%s: the caller saw %v", name, err)
			}
		}
	})
}

func TestUnknownMethods(t *testing.T) {
	h := start(t, testConfig(), actions())
	h.both(t, func(t *testing.T, conn grpc.ClientConnInterface) {
		for _, method := range []string{"/" + echo.Service + "/Nothing", "/no.such.Service/Echo"} {
			err := conn.Invoke(t.Context(), method, echo.New("a").Message, echo.Empty().Message)
			checkError(t, err, codes.Unimplemented, "METHOD_UNKNOWN", nil)
		}
	})
}

func TestAdmission(t *testing.T) {
	config := testConfig()
	config.MaxCalls, config.MaxStreams = 1, 1
	started, release := make(chan struct{}), make(chan struct{})
	acts := actions()
	acts["hold"] = func(context.Context, echo.Message) error {
		started <- struct{}{}
		<-release
		return nil
	}
	h := start(t, config, acts)
	h.both(t, func(t *testing.T, conn grpc.ClientConnInterface) {
		done := make(chan error, 2)
		go func() {
			_, err := echo.Call(t.Context(), conn, echo.New("a").WithAction("hold"))
			done <- err
		}()
		<-started
		go func() {
			_, err := echo.CallSplit(t.Context(), conn, echo.New("a").WithAction("hold"))
			done <- err
		}()
		<-started
		for transport, other := range h.conns {
			_, err := echo.Call(t.Context(), other, echo.New("b"))
			checkError(t, err, codes.ResourceExhausted, "TOO_MANY_CALLS_IN_FLIGHT", nil)
			_, err = echo.CallSplit(t.Context(), other, echo.New("b"))
			checkError(t, err, codes.ResourceExhausted, "TOO_MANY_CALLS_IN_FLIGHT", nil)
			if t.Failed() {
				t.Fatalf("over %s", transport)
			}
		}
		// The server's health can be asked all the same.
		if _, err := healthpb.NewHealthClient(h.conns["tcp"]).Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
			t.Error(err)
		}
		release <- struct{}{}
		release <- struct{}{}
		if err := errors.Join(<-done, <-done); err != nil {
			t.Error(err)
		}
		if _, err := echo.Call(t.Context(), conn, echo.New("c")); err != nil {
			t.Errorf("with room again: %v", err)
		}
	})
}

func TestHealthAndReflectionNeedNoKey(t *testing.T) {
	h := start(t, testConfig(), actions())
	conn := h.connect(t, "", "")["tcp"]
	health := healthpb.NewHealthClient(conn)
	for _, service := range []string{"", echo.Service} {
		res, err := health.Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
		if err != nil || res.GetStatus() != healthpb.HealthCheckResponse_SERVING {
			t.Errorf("service %q: %v, %v", service, res, err)
		}
	}
	h.server.SetServing(false)
	if res, err := health.Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil || res.GetStatus() != healthpb.HealthCheckResponse_NOT_SERVING {
		t.Errorf("not ready: %v, %v", res, err)
	}
	stream, err := reflectionpb.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: echo.Service}}); err != nil {
		t.Fatal(err)
	}
	if res, err := stream.Recv(); err != nil || len(res.GetFileDescriptorResponse().GetFileDescriptorProto()) == 0 {
		t.Errorf("reflection: %v, %v", res, err)
	}
}

func TestNewAndStartRefuse(t *testing.T) {
	log := &logBuffer{}
	good := deps(t, log)
	for name, change := range map[string]func(*rpcserver.Config, *rpcserver.Deps){
		"no logger": func(_ *rpcserver.Config, d *rpcserver.Deps) { d.Logger = nil },
		"no keys":   func(_ *rpcserver.Config, d *rpcserver.Deps) { d.Keys = nil },
		"no roles":  func(_ *rpcserver.Config, d *rpcserver.Deps) { d.Roles = nil },
		"too few steps": func(_ *rpcserver.Config, d *rpcserver.Deps) {
			d.Interceptors = []interceptor.Interceptor{recovery.New()}
		},
		"no size":         func(c *rpcserver.Config, _ *rpcserver.Deps) { c.MaxReceiveBytes = 0 },
		"negative calls":  func(c *rpcserver.Config, _ *rpcserver.Deps) { c.MaxCalls = -1 },
		"negative linger": func(c *rpcserver.Config, _ *rpcserver.Deps) { c.Linger = -1 },
		"no drain":        func(c *rpcserver.Config, _ *rpcserver.Deps) { c.DrainTimeout = 0 },
	} {
		c, d := testConfig(), good
		change(&c, &d)
		if _, err := rpcserver.New(c, d); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	newServer := func(d rpcserver.Deps) *rpcserver.Server {
		s, err := rpcserver.New(testConfig(), d)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	undeclared := good
	undeclared.Rule = func(protoreflect.MethodDescriptor) (authz.Rule, error) { return authz.Rule{}, nil }
	s := newServer(undeclared)
	(&echo.Server{}).Register(s)
	if err := s.Start(); err == nil || !strings.Contains(err.Error(), "EchoService.Echo") {
		t.Errorf("a method without a permission: %v", err)
	}
	s = newServer(good)
	s.RegisterService(&grpc.ServiceDesc{ServiceName: "not.described.Service", HandlerType: (*any)(nil)}, 1)
	if err := s.Start(); err == nil || !strings.Contains(err.Error(), "not.described.Service") {
		t.Errorf("a service without a descriptor: %v", err)
	}
	s = newServer(good)
	(&echo.Server{}).Register(s)
	_, err := echo.Call(t.Context(), rpcclient.WithKey(s.InProcess(), appKey, ""), echo.New("a"))
	checkError(t, err, codes.Unavailable, "NOT_STARTED", nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(l); err == nil {
		t.Error("a server that is not started serves")
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err == nil {
		t.Error("started twice")
	}
}

func TestConcurrentCalls(t *testing.T) {
	h := start(t, testConfig(), actions())
	h.both(t, func(t *testing.T, conn grpc.ClientConnInterface) {
		const callers, calls = 20, 50
		done := make(chan error, callers)
		for c := range int32(callers) {
			go func() {
				for i := range int32(calls) {
					out, err := echo.Call(t.Context(), conn, echo.New(fmt.Sprint(c, i), c%10, i%10))
					if err == nil && out.Text() != fmt.Sprint(c, i) {
						err = fmt.Errorf("caller %d call %d got %q", c, i, out.Text())
					}
					if err != nil {
						done <- err
						return
					}
				}
				done <- nil
			}()
		}
		for range callers {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}

package rpcserver_test

import (
	"context"
	"crypto/sha256"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/interceptor"
	"github.com/otklik/otklik/libs/interceptor/accesslog"
	"github.com/otklik/otklik/libs/interceptor/admission"
	"github.com/otklik/otklik/libs/interceptor/deadline"
	"github.com/otklik/otklik/libs/interceptor/errmap"
	"github.com/otklik/otklik/libs/interceptor/recovery"
	"github.com/otklik/otklik/libs/interceptor/requestid"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/limit"
	"github.com/otklik/otklik/libs/rpcserver"
)

// open is a step that lets everything pass.
type open string

func (o open) Name() string { return string(o) }

func (open) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return handler(ctx, req)
	}
}

func (open) Stream() grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return handler(srv, ss)
	}
}

// unguarded is the standard chain, but that nobody is asked who they are, what they may do and how often.
func unguarded(b *testing.B, d rpcserver.Deps) []interceptor.Interceptor {
	b.Helper()
	validator, err := validation.New()
	if err != nil {
		b.Fatal(err)
	}
	c := rpcserver.DefaultConfig()
	return []interceptor.Interceptor{
		requestid.New(), accesslog.New(d.Logger), errmap.New(d.Logger), recovery.New(), deadline.New(c.DefaultDeadline, c.MaxDeadline),
		admission.New(c.MaxCalls, c.MaxStreams), open("authn"), open("audit"), open("authz"), open("rate-limit"), validator, open("audit-begin"),
	}
}

// BenchmarkGuard measures what it costs a small call in process to find out who calls by a key that the access service knows, what they may do, to
// remember refusals, and to keep three bounds. The figure that counts is the difference in cpu-ns/op, to be compared with a whole submission.
func BenchmarkGuard(b *testing.B) {
	for _, guarded := range []bool{false, true} {
		b.Run(map[bool]string{false: "without", true: "with"}[guarded], func(b *testing.B) {
			d := deps(b, io.Discard)
			d.Rule = func(protoreflect.MethodDescriptor) (authz.Rule, error) {
				return authz.Rule{Permission: "echo.messages.send", Reach: authz.ReachAny, Audit: authz.AuditRefusals}, nil
			}
			d.Audit = &ledger{}
			quota := limit.Quota{Rate: 1e5, Burst: 1e6}
			d.Limiter = limit.NewMemory(limit.Config{PerKey: quota, PerDevice: quota, PerOrganization: quota}, time.Now)
			uses := authn.NewUses(func(context.Context, []authn.Use) error { return nil }, authn.UsesOptions{})
			d.Keys = authn.Chain{keyring(b), authn.NewResolver(func(context.Context, [sha256.Size]byte) (authn.Principal, error) {
				return authn.Principal{Kind: authn.KindApp, ID: "apiKeys/k1", Organization: "org1", Roles: []string{"app"}, Origins: []string{"https://shop.example"}}, nil
			}, uses, authn.CacheOptions{})}
			if !guarded {
				d.Interceptors = unguarded(b, d)
			}
			s, err := rpcserver.New(rpcserver.DefaultConfig(), d)
			if err != nil {
				b.Fatal(err)
			}
			testpb.RegisterTestServiceServer(s, benchService{})
			if err := s.Start(); err != nil {
				b.Fatal(err)
			}
			client := testpb.NewTestServiceClient(s.InProcess())
			ctx := metadata.NewOutgoingContext(b.Context(), metadata.Pairs(authn.MetadataAuthorization, "Bearer "+authn.NewSecretWithPrefix("otp_"),
				authn.MetadataDevice, "phone-1", authn.MetadataOrigin, "https://shop.example", authn.MetadataClientAddress, "203.0.113.9"))
			req := &testpb.SimpleRequest{Payload: &testpb.Payload{Body: make([]byte, 300)}, ResponseSize: 1}
			b.ReportAllocs()
			before := processorTime(b)
			for b.Loop() {
				if _, err := client.UnaryCall(ctx, req); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

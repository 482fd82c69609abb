package interceptor_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/interceptor"
	"github.com/otklik/otklik/libs/interceptor/accesslog"
	"github.com/otklik/otklik/libs/interceptor/admission"
	"github.com/otklik/otklik/libs/interceptor/audit"
	"github.com/otklik/otklik/libs/interceptor/authn"
	"github.com/otklik/otklik/libs/interceptor/authz"
	"github.com/otklik/otklik/libs/interceptor/deadline"
	"github.com/otklik/otklik/libs/interceptor/errmap"
	"github.com/otklik/otklik/libs/interceptor/ratelimit"
	"github.com/otklik/otklik/libs/interceptor/recovery"
	"github.com/otklik/otklik/libs/interceptor/requestid"
	"github.com/otklik/otklik/libs/interceptor/validation"
)

type ctxKey struct{ name string }

// step notes when it is passed.
type step struct {
	name  string
	notes *[]string
	fail  error
}

func (s step) Name() string { return s.name }

func (s step) note(ctx context.Context) (context.Context, error) {
	*s.notes = append(*s.notes, s.name)
	return context.WithValue(ctx, ctxKey{s.name}, true), s.fail
}

func (s step) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		ctx, err := s.note(ctx)
		if err != nil {
			return nil, err
		}
		return handler(ctx, req)
	}
}

func (s step) Stream() grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		ctx, err := s.note(ss.Context())
		if err != nil {
			return err
		}
		return handler(srv, interceptor.WithContext(ctx, ss))
	}
}

type stream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s stream) Context() context.Context { return s.ctx }

func TestNamesAreThoseOfTheOrder(t *testing.T) {
	names := []string{requestid.Name, accesslog.Name, errmap.Name, recovery.Name, deadline.Name, admission.Name, authn.Name, audit.Name, authz.Name, ratelimit.Name, validation.Name, audit.NameBegin}
	if !slices.Equal(names, interceptor.Order()) {
		t.Errorf("names %v, order %v", names, interceptor.Order())
	}
}

func TestCheckOrder(t *testing.T) {
	var notes []string
	var chain []interceptor.Interceptor
	for _, name := range interceptor.Order() {
		chain = append(chain, step{name: name, notes: &notes})
	}
	if err := interceptor.CheckOrder(chain); err != nil {
		t.Error(err)
	}
	swapped := slices.Clone(chain)
	swapped[0], swapped[1] = swapped[1], swapped[0]
	for name, wrong := range map[string][]interceptor.Interceptor{
		"none": nil, "one missing": chain[1:], "one too many": append(slices.Clone(chain), chain[0]), "swapped": swapped,
	} {
		if err := interceptor.CheckOrder(wrong); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestChainRunsInOrderForBothKinds(t *testing.T) {
	fail := errors.New("stop here")
	for name, failing := range map[string]string{"all pass": "", "one refuses": "b"} {
		t.Run(name, func(t *testing.T) {
			var notes []string
			var chain []interceptor.Interceptor
			want := []string{}
			for _, n := range []string{"a", "b", "c"} {
				s := step{name: n, notes: &notes}
				if n == failing {
					s.fail = fail
				}
				chain = append(chain, s)
				if failing == "" || n <= failing {
					want = append(want, n)
				}
			}
			if failing == "" {
				want = append(want, "handler")
			}
			handle := func(ctx context.Context) {
				for _, c := range chain {
					if ctx.Value(ctxKey{c.Name()}) == nil {
						t.Errorf("the handler does not see the context of %s", c.Name())
					}
				}
				notes = append(notes, "handler")
			}
			unary, strm := interceptor.ChainUnary(chain), interceptor.ChainStream(chain)
			for round := range 2 {
				notes = nil
				resp, err := unary(t.Context(), "request", &grpc.UnaryServerInfo{}, func(ctx context.Context, req any) (any, error) {
					handle(ctx)
					return req, nil
				})
				if !slices.Equal(notes, want) || (failing == "") != (err == nil) || (err == nil && resp != "request") {
					t.Errorf("unary, round %d: passed %v, want %v; %v, %v", round, notes, want, resp, err)
				}
				notes = nil
				err = strm(nil, stream{ctx: t.Context()}, &grpc.StreamServerInfo{}, func(_ any, ss grpc.ServerStream) error {
					handle(ss.Context())
					return nil
				})
				if !slices.Equal(notes, want) || (failing == "") != (err == nil) {
					t.Errorf("stream, round %d: passed %v, want %v; %v", round, notes, want, err)
				}
			}
		})
	}
}

func TestOnlyTheListedMethodsArePublic(t *testing.T) {
	for method, want := range map[string]bool{
		"/grpc.health.v1.Health/Check":                              true,
		"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": true,
		"/grpc.reflection.v1.ServerReflection/Other":                false,
		"/grpc.health.v1.Health/Check/":                             false,
		"/otklik.survey.v1.SurveyService/Check":                     false,
		"/grpc.health.v1.HealthCheck/Check":                         false,
		"":                                                          false,
	} {
		if got := interceptor.Public(method); got != want {
			t.Errorf("%q: %v", method, got)
		}
	}
}

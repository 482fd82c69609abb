// Package ratelimit is the step that refuses callers who call more often than their key, their device or their organisation may, and tells all
// others how often they still may. Services of the suite (authn.RoleService) are not bounded: what they do follows from calls that were.
package ratelimit

import (
	"context"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor"
	"github.com/otklik/otklik/libs/limit"
	"github.com/otklik/otklik/libs/rpcerr"
)

// Name is the step's name in interceptor.Order.
const Name = "rate-limit"

// Reason is the reason of calls that come too often.
const Reason = "RATE_LIMITED"

// MetadataLimit is the key in ErrorInfo.metadata of the bound that was reached: key, device or organization.
const MetadataLimit = "limit"

// MetadataRateLimit is the header metadata of the tightest bound, `LIMIT;REMAINING;RESET;SCOPE`: how many calls it admits at once, how many more it
// would admit now, in how many seconds it will have recovered, and which it is. See limit.Verdict.
const MetadataRateLimit = "otklik-ratelimit"

// Interceptor is the step. A stream counts as one call.
type Interceptor struct {
	limiter limit.Limiter
}

// New makes the step; without a limiter it lets everything pass.
func New(limiter limit.Limiter) *Interceptor { return &Interceptor{limiter: limiter} }

// Name is the step's name.
func (*Interceptor) Name() string { return Name }

// Unary intercepts unary calls.
func (i *Interceptor) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		v, ok := i.take(ctx, info.FullMethod)
		if !ok {
			return handler(ctx, req)
		}
		if v.Limit > 0 {
			// Fails only when the call is over, and then nobody can read a header.
			_ = grpc.SetHeader(ctx, headerOf(v))
		}
		if !v.Admitted {
			return nil, refusal(v)
		}
		return handler(ctx, req)
	}
}

// Stream intercepts streams.
func (i *Interceptor) Stream() grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		v, ok := i.take(ss.Context(), info.FullMethod)
		if !ok {
			return handler(srv, ss)
		}
		if v.Limit > 0 {
			// Fails only when the call is over, as above.
			_ = ss.SetHeader(headerOf(v))
		}
		if !v.Admitted {
			return refusal(v)
		}
		return handler(srv, ss)
	}
}

// take asks for a call; false when it is not bounded.
func (i *Interceptor) take(ctx context.Context, method string) (limit.Verdict, bool) {
	if i.limiter == nil || interceptor.Public(method) {
		return limit.Verdict{}, false
	}
	p, ok := authn.FromContext(ctx)
	if !ok || p.HasRole(authn.RoleService) {
		// Calls without a caller do not come this far.
		return limit.Verdict{}, false
	}
	return i.limiter.Take(ctx, limit.Call{
		Organization: p.Organization, Key: p.ID, Device: p.Device, ByDevice: byDevice(&p), KeyRate: p.Rate, DeviceRate: p.DeviceRate,
	}), true
}

// byDevice tells whether the devices of a caller are bounded each by itself. Those of an app that names none are bounded as one: who wants more for
// its devices names them. A machine, or somebody who logged in, is not a device.
func byDevice(p *authn.Principal) bool {
	return p.Device != "" || p.DeviceRate > 0 || p.Kind == authn.KindApp
}

func headerOf(v limit.Verdict) metadata.MD {
	text := make([]byte, 0, 48)
	text = append(strconv.AppendInt(text, int64(v.Limit), 10), ';')
	text = append(strconv.AppendInt(text, int64(v.Remaining), 10), ';')
	text = append(strconv.AppendInt(text, int64((v.Reset+time.Second-1)/time.Second), 10), ';')
	return metadata.MD{MetadataRateLimit: {string(append(text, v.Scope...))}}
}

// messages say which bound was reached.
var messages = map[limit.Scope]string{
	limit.ScopeKey:          "the key calls more often than it may",
	limit.ScopeDevice:       "the device calls more often than it may",
	limit.ScopeOrganization: "the organisation calls more often than it may, over all its keys",
}

func refusal(v limit.Verdict) error {
	return rpcerr.New(codes.ResourceExhausted, Reason, messages[v.Scope], rpcerr.WithMetadata(MetadataLimit, string(v.Scope)), rpcerr.WithRetryAfter(v.RetryAfter))
}

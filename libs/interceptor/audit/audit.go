// Package audit is the two steps that remember who did what to what: refusals, calls that change something and calls whose answers are about
// persons, as methods declare (authz.Rule). What must be remembered and cannot be is not done: such calls fail with UNAVAILABLE. Calls of
// services are not remembered; what they do follows from calls that were.
//
// The first step stands before the authorisation, whose refusals it sees. The second stands last: only calls that are let in and whose requests
// are sound begin.
package audit

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"go.opentelemetry.io/otel/metric"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/interceptor/requestid"
	"github.com/otklik/otklik/libs/rpcerr"
)

// The names of the steps in interceptor.Order.
const (
	Name      = "audit"
	NameBegin = "audit-begin"
)

// ReasonUnavailable is the reason of calls that are not done since they cannot be remembered.
const ReasonUnavailable = "AUDIT_UNAVAILABLE"

// Outcome is what became of a call.
type Outcome uint8

// The outcomes.
const (
	// Started is a call that was let in; another entry tells by Start how it ended.
	Started Outcome = iota + 1
	// Succeeded is a call that is done.
	Succeeded
	// Denied is a call that was refused: PERMISSION_DENIED.
	Denied
	// Failed is a call that ended with an error.
	Failed
)

// Entry is what is remembered of a call. It holds nothing of a request but the name of the resource.
type Entry struct {
	Organization string
	Time         time.Time
	// Actor is the caller's id and ActorName what people call it.
	Actor, ActorName string
	// Method is such as otklik.survey.v1.SurveyService/GetResponse.
	Method, Permission string
	// Resource is what the request named, or what the call made; empty for the organisation itself.
	Resource      string
	ClientAddress string
	RequestID     string
	Outcome       Outcome
	// Code is the canonical code of a call that did not succeed. That of the one entry for several refusals of an actor by one method that came too
	// fast to be told apart ends in their number, as in `PERMISSION_DENIED x37`.
	Code string
	// Start is the sequence of the entry that told the start of the call; 0 when there is none.
	Start int64
}

// Sink remembers entries.
type Sink interface {
	// Append appends the entries, at most 1,000, to the logs of their organisations. When it returns without an error they are durable. The result
	// are their sequences, in the order of the entries.
	Append(ctx context.Context, entries []Entry) ([]int64, error)
}

// Rules are what methods declare. See authz.Policy.
type Rules interface {
	Rule(fullMethod string) (authz.Rule, bool)
	Resource(fullMethod string, request proto.Message) string
}

// Options are how a recorder behaves. The zero value is sound.
type Options struct {
	// Timeout bounds the wait for the sink; 0 is 5 s.
	Timeout time.Duration
	// Gather is how long entries wait for others that need not be remembered at once; 0 is 100 ms.
	Gather time.Duration
	// Most bounds the entries that wait; further ones are lost, and that is logged. 0 is 10,000.
	Most int
	// Logger is told of entries that could not be remembered; nil is nobody.
	Logger *slog.Logger
	// Meters count failures; nil is nobody.
	Meters metric.MeterProvider
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Recorder is what both steps share.
type Recorder struct {
	sink    Sink
	rules   Rules
	options Options
	waiting *queue
}

// New makes a recorder; without a sink nothing is remembered and nothing is refused for it.
func New(sink Sink, rules Rules, options Options) *Recorder {
	if options.Timeout <= 0 {
		options.Timeout = 5 * time.Second
	}
	if options.Gather <= 0 {
		options.Gather = 100 * time.Millisecond
	}
	if options.Most <= 0 {
		options.Most = 10_000
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Recorder{sink: sink, rules: rules, options: options, waiting: newQueue(sink, options)}
}

// Flush waits until everything is remembered, or ctx ends; the error tells how much is not. It is for the end, when no call is in flight any more.
func (r *Recorder) Flush(ctx context.Context) error { return r.waiting.flush(ctx) }

// call is one that is remembered.
type call struct {
	recorder *Recorder
	entry    Entry
	kind     authz.Audit
}

// callOf prepares what is remembered of a call of at least this kind; false when nothing is.
func (r *Recorder) callOf(ctx context.Context, method string, request proto.Message, least authz.Audit) (call, bool) {
	rule, ok := r.rules.Rule(method)
	if !ok || rule.Audit < least {
		return call{}, false
	}
	p, ok := authn.FromContext(ctx)
	if !ok || p.HasRole(authn.RoleService) {
		return call{}, false
	}
	return call{recorder: r, kind: rule.Audit, entry: Entry{
		Organization: p.Organization, Time: r.options.Now(), Actor: p.ID, ActorName: p.Name,
		Method: strings.TrimPrefix(method, "/"), Permission: rule.Permission, Resource: short(r.rules.Resource(method, request)),
		ClientAddress: authn.ClientAddress(ctx), RequestID: requestid.FromContext(ctx),
	}}, true
}

// nameMade is the name of what a call has made, as its answer tells: the text field `name` of the first message in it that has one. Requests that make
// something do not name it.
func nameMade(response any) string {
	m, ok := response.(proto.Message)
	if !ok {
		return ""
	}
	fields := m.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if f.Message() == nil || f.IsList() || f.IsMap() || !m.ProtoReflect().Has(f) {
			continue
		}
		name := f.Message().Fields().ByName("name")
		if name != nil && name.Kind() == protoreflect.StringKind && !name.IsList() {
			return m.ProtoReflect().Get(f).Message().Get(name).String()
		}
	}
	return ""
}

// maxResource is the longest name of a resource that is remembered whole, in bytes: more than any name of 128 characters with what stands around it.
// Refused requests name what they like.
const maxResource = 640

func short(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if len(s) <= maxResource {
		return s
	}
	return strings.ToValidUTF8(s[:maxResource], "")
}

// begin remembers the start.
func (c *call) begin(ctx context.Context) error {
	start := c.entry
	start.Outcome = Started
	sequences, err := c.append(ctx, start)
	if err == nil {
		c.entry.Start = sequences[0]
	}
	return err
}

// end remembers the outcome, here or in the background.
func (c *call) end(ctx context.Context, err error) {
	c.conclude(err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.recorder.options.Timeout)
	defer cancel()
	if _, err := c.recorder.sink.Append(ctx, []Entry{c.entry}); err != nil {
		c.recorder.waiting.failed(ctx)
		c.recorder.waiting.push(c.entry)
	}
}

// disclose remembers the outcome of a call whose answer is still here; with an error the answer must stay.
func (c *call) disclose(ctx context.Context, err error) error {
	c.conclude(err)
	_, err = c.append(ctx, c.entry)
	return err
}

// conclude makes the entry that of the outcome.
func (c *call) conclude(err error) {
	if c.entry.Start != 0 {
		c.entry.Time = c.recorder.options.Now()
	}
	code := codeOf(err)
	switch code {
	case codes.OK:
		c.entry.Outcome = Succeeded
		return
	case codes.PermissionDenied:
		c.entry.Outcome = Denied
	default:
		c.entry.Outcome = Failed
	}
	c.entry.Code = rpcerr.CodeName(code)
}

// codeOf is the code by which the caller is told of an error.
func codeOf(err error) codes.Code {
	code := rpcerr.Code(err)
	if code != codes.Unknown {
		return code
	}
	if code = status.FromContextError(err).Code(); code != codes.Unknown {
		return code
	}
	return codes.Internal
}

// append remembers an entry without which the call cannot go on.
func (c *call) append(ctx context.Context, e Entry) ([]int64, error) {
	bounded, cancel := context.WithTimeout(ctx, c.recorder.options.Timeout)
	defer cancel()
	sequences, err := c.recorder.sink.Append(bounded, []Entry{e})
	switch {
	case err == nil && len(sequences) == 1:
		return sequences, nil
	case err == nil:
		err = errors.New("the audit log gave no sequence")
	case ctx.Err() != nil:
		// The caller has left; that is no fault of the log.
		return nil, ctx.Err()
	}
	c.recorder.waiting.failed(ctx)
	return nil, rpcerr.New(codes.Unavailable, ReasonUnavailable, "the call cannot be recorded at present, so that it is not done", rpcerr.WithCause(err))
}

package rpcserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/rpccodec"
	"github.com/otklik/otklik/libs/rpcerr"
)

// inProcess is the in-process side of a server. It adds to inprocgrpc what TCP gives by itself: the limits on requests, refusing calls
// before the start and after the end, and cutting calls off.
type inProcess struct {
	channel     *inprocgrpc.Channel
	interceptor grpc.UnaryServerInterceptor
	methods     map[string]bool
	unary       map[string]unaryMethod
	stats       stats.Handler
	maxBytes    int

	state atomic.Int32
	calls atomic.Int64
	// idle is signalled when the last call ends.
	idle chan struct{}
	// base ends when calls must be cut off.
	base    context.Context
	cutBase context.CancelFunc
	// buffers are for checking requests; they hold *[]byte.
	buffers sync.Pool
}

// States of the in-process side.
const (
	inprocNew int32 = iota
	inprocOpen
	inprocClosed
)

func newInProcess(unary grpc.UnaryServerInterceptor, stream grpc.StreamServerInterceptor, observer stats.Handler, maxBytes int) *inProcess {
	unary, stream = observeUnary(observer, unary), observeStream(observer, stream)
	channel := (&inprocgrpc.Channel{}).WithServerUnaryInterceptor(unary).WithServerStreamInterceptor(stream).WithCloner(cloner{})
	base, cut := context.WithCancel(context.Background())
	return &inProcess{
		channel: channel, interceptor: unary, methods: make(map[string]bool), unary: make(map[string]unaryMethod), stats: observer, maxBytes: maxBytes,
		idle: make(chan struct{}, 1), base: base, cutBase: cut,
		buffers: sync.Pool{New: func() any { return new([]byte) }},
	}
}

func (p *inProcess) register(desc *grpc.ServiceDesc, impl any) {
	p.channel.RegisterService(desc, impl)
	for _, m := range desc.Methods {
		name := "/" + desc.ServiceName + "/" + m.MethodName
		p.methods[name], p.unary[name] = true, unaryMethod{handler: m.Handler, impl: impl}
	}
	for _, m := range desc.Streams {
		p.methods["/"+desc.ServiceName+"/"+m.StreamName] = true
	}
}

func (p *inProcess) open()  { p.state.CompareAndSwap(inprocNew, inprocOpen) }
func (p *inProcess) close() { p.state.Store(inprocClosed) }
func (p *inProcess) cut()   { p.cutBase() }

// waitIdle waits until no caller is inside any more.
func (p *inProcess) waitIdle(ctx context.Context) error {
	for p.calls.Load() > 0 {
		select {
		case <-p.idle:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (p *inProcess) enter(method string) error {
	// Counted before looking at the state: whoever closes and then sees no calls knows that no call slips in.
	p.calls.Add(1)
	err := error(nil)
	switch state := p.state.Load(); {
	case state == inprocNew:
		err = errNotStarted.GRPCStatus().Err()
	case state == inprocClosed:
		err = errShuttingDown.GRPCStatus().Err()
	case !p.methods[method]:
		err = errUnknownMethod.GRPCStatus().Err()
	}
	if err != nil {
		p.leave()
	}
	return err
}

func (p *inProcess) leave() {
	if p.calls.Add(-1) == 0 {
		select {
		case p.idle <- struct{}{}:
		default:
		}
	}
}

var errShuttingDown = rpcerr.New(codes.Unavailable, rpcerr.ReasonShuttingDown, "the server is shutting down")

// Invoke makes a unary call.
func (p *inProcess) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	if err := p.enter(method); err != nil {
		return err
	}
	defer p.leave()
	if err := p.check(args); err != nil {
		return err
	}
	if m, ok := p.unary[method]; ok {
		if results, ok := resultsOf(opts); ok {
			return p.call(ctx, method, m, args, reply, results)
		}
	}
	return asStatus(p.channel.Invoke(p.sendTrace(ctx), method, args, reply, opts...))
}

// asStatus makes a status of the bare context errors that inprocgrpc lets through in places: callers rely on getting nothing else but io.EOF.
func asStatus(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return status.FromContextError(err).Err()
	}
	return err
}

// NewStream starts a streaming call.
func (p *inProcess) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if err := p.enter(method); err != nil {
		return nil, err
	}
	// The stream counts as long as its handler runs, which the admission step sees; here it is only entering that must not be missed.
	defer p.leave()
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(p.base, cancel)
	// The context ends with the stream at the latest when the caller's does; both hooks are let go then.
	context.AfterFunc(ctx, func() { stop() })
	cs, err := p.channel.NewStream(p.sendTrace(ctx), desc, method, opts...)
	if err != nil {
		cancel()
		return nil, asStatus(err)
	}
	return &clientStream{ClientStream: cs, check: p.check, cancel: cancel, single: !desc.ServerStreams, oneRequest: !desc.ClientStreams}, nil
}

// clientStream checks what the caller sends, and lets go of the context when the stream has ended.
type clientStream struct {
	grpc.ClientStream
	check  func(any) error
	cancel context.CancelFunc
	// single tells that the first response is the last.
	single bool
	// oneRequest tells that the caller sends one request only.
	oneRequest bool
}

// SendMsg sends a request.
func (s *clientStream) SendMsg(m any) error {
	if err := s.check(m); err != nil {
		// As over TCP, where the server refuses the message and thereby ends the stream.
		s.cancel()
		return err
	}
	err := s.ClientStream.SendMsg(m)
	if s.oneRequest && errors.Is(err, io.EOF) {
		// The call has ended already, perhaps refused before its request was looked at: as over TCP, RecvMsg tells how.
		return nil
	}
	return asStatus(err)
}

// Header waits for the header of the response.
func (s *clientStream) Header() (metadata.MD, error) {
	md, err := s.ClientStream.Header()
	return md, asStatus(err)
}

// RecvMsg receives a response.
func (s *clientStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if err != nil || s.single {
		s.cancel()
	}
	return asStatus(err)
}

// check holds a request to what the codec demands over TCP: within the limit and valid UTF-8.
func (p *inProcess) check(args any) error {
	m, ok := args.(proto.Message)
	if !ok {
		return nil
	}
	buf := p.buffers.Get().(*[]byte)
	defer p.buffers.Put(buf)
	out, err := rpccodec.CheckInProcess(m, *buf, p.maxBytes)
	if cap(out) <= maxPooledBuffer {
		*buf = out
	}
	if err != nil {
		// The check is made for the caller, outside of the chain that maps errors.
		if e, ok := rpcerr.FromError(err); ok {
			return e.GRPCStatus().Err()
		}
	}
	return err
}

// maxPooledBuffer keeps single huge requests from holding memory.
const maxPooledBuffer = 64 << 10

// cloner copies messages between caller and handler. Handing them over without copying, or sharing their parts, would save about a
// microsecond (see BenchmarkClone), but is not safe: a handler may change its request or keep it, and may return a message that it keeps in a
// cache. Plain proto.Merge is what is used; the default of inprocgrpc goes through dynamic
// messages and takes longer.
type cloner struct{}

// Copy makes out a deep copy of in.
func (cloner) Copy(out, in any) error {
	src, ok1 := in.(proto.Message)
	dst, ok2 := out.(proto.Message)
	if !ok1 || !ok2 {
		return fmt.Errorf("copy %T to %T: not protobuf messages", in, out)
	}
	if s, d := src.ProtoReflect().Descriptor(), dst.ProtoReflect().Descriptor(); s != d {
		return fmt.Errorf("copy %s to %s: different messages", s.FullName(), d.FullName())
	}
	proto.Reset(dst)
	proto.Merge(dst, src)
	return nil
}

// Clone returns a deep copy, but for a message that nobody may change: the receiver gets a copy of that anyway.
func (cloner) Clone(in any) (any, error) {
	if s, ok := in.(*rpccodec.Shared); ok {
		return s, nil
	}
	m, ok := in.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("clone %T: not a protobuf message", in)
	}
	return proto.Clone(m), nil
}

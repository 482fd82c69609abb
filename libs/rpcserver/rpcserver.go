// Package rpcserver is the one way to serve gRPC: every method can be called over TCP and in process through the same fixed chain of
// interceptors, and stopping loses no accepted call.
package rpcserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/interceptor"
	"github.com/otklik/otklik/libs/interceptor/accesslog"
	"github.com/otklik/otklik/libs/interceptor/admission"
	"github.com/otklik/otklik/libs/interceptor/audit"
	authnstep "github.com/otklik/otklik/libs/interceptor/authn"
	authzstep "github.com/otklik/otklik/libs/interceptor/authz"
	"github.com/otklik/otklik/libs/interceptor/deadline"
	"github.com/otklik/otklik/libs/interceptor/errmap"
	"github.com/otklik/otklik/libs/interceptor/ratelimit"
	"github.com/otklik/otklik/libs/interceptor/recovery"
	"github.com/otklik/otklik/libs/interceptor/requestid"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/rpccodec"
	"github.com/otklik/otklik/libs/rpcerr"
)

// Server serves registered services over TCP and in process. Make it with New, register, Start, then Serve and call InProcess, at last Drain.
type Server struct {
	config Config
	rule   func(protoreflect.MethodDescriptor) (authz.Rule, error)
	roles  authz.Roles

	grpc      *grpc.Server
	inproc    *inProcess
	health    *healthState
	admission *admission.Interceptor
	audit     *audit.Recorder
	validator *validation.Interceptor

	services    []protoreflect.ServiceDescriptor
	registerErr error
	policy      atomic.Pointer[authz.Policy]
	draining    atomic.Bool
}

var _ grpc.ServiceRegistrar = (*Server)(nil)

// New makes a server. It refuses an unsound configuration, missing dependencies and interceptors in another order than interceptor.Order.
func New(config Config, deps Deps) (*Server, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	if deps.Logger == nil || deps.Keys == nil || len(deps.Roles) == 0 {
		return nil, errors.New("check dependencies of the server: Logger, Keys and Roles are needed")
	}
	s := &Server{config: config, roles: deps.Roles, rule: deps.Rule, health: newHealthState()}
	if s.rule == nil {
		s.rule = authz.ReadRule
	}
	s.admission = admission.New(config.MaxCalls, config.MaxStreams)
	s.audit = audit.New(deps.Audit, latePolicy{s}, audit.Options{Logger: deps.Logger, Meters: deps.Meters})
	var err error
	if s.validator, err = validation.New(); err != nil {
		return nil, err
	}
	chain := deps.Interceptors
	if chain == nil {
		chain = s.standardChain(deps)
	}
	if err := interceptor.CheckOrder(chain); err != nil {
		return nil, err
	}
	unary, stream := interceptor.ChainUnary(chain), interceptor.ChainStream(chain)
	s.grpc = grpc.NewServer(s.options(deps, unary, stream)...)
	s.inproc = newInProcess(unary, stream, deps.Stats, config.MaxReceiveBytes)

	healthpb.RegisterHealthServer(s.grpc, s.health.server)
	if config.Reflection {
		reflection.Register(s.grpc)
	}
	return s, nil
}

func (s *Server) standardChain(deps Deps) []interceptor.Interceptor {
	refusals, begin := s.audit.Steps()
	return []interceptor.Interceptor{
		requestid.New(),
		accesslog.New(deps.Logger),
		errmap.New(deps.Logger),
		recovery.New(),
		deadline.New(s.config.DefaultDeadline, s.config.MaxDeadline),
		s.admission,
		authnstep.New(deps.Keys, deps.PeerIdentity, s.audit.Refused),
		refusals,
		authzstep.New(latePolicy{s}),
		ratelimit.New(deps.Limiter),
		s.validator,
		begin,
	}
}

func (s *Server) options(deps Deps, unary grpc.UnaryServerInterceptor, stream grpc.StreamServerInterceptor) []grpc.ServerOption {
	opts := []grpc.ServerOption{
		grpc.UnaryInterceptor(unary),
		grpc.StreamInterceptor(stream),
		grpc.ForceServerCodecV2(rpccodec.New(s.config.MaxReceiveBytes)),
		grpc.MaxRecvMsgSize(rpccodec.HardLimitFactor * s.config.MaxReceiveBytes),
		// Stop returns only when no handler runs any more: the stores are closed next.
		grpc.WaitForHandlers(true),
		grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return errUnknownMethod }),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: s.config.MinClientInterval, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionAge:      s.config.MaxConnectionAge,
			MaxConnectionAgeGrace: maxAgeGrace,
			Time:                  s.config.KeepaliveTime,
			Timeout:               s.config.KeepaliveTimeout,
		}),
	}
	if deps.TLS != nil {
		opts = append(opts, grpc.Creds(deps.TLS))
	}
	if deps.Stats != nil {
		opts = append(opts, grpc.StatsHandler(deps.Stats))
	}
	return opts
}

var errUnknownMethod = rpcerr.New(codes.Unimplemented, "METHOD_UNKNOWN", "there is no such method")

// RegisterService adds a service to both sides. All services are registered before Start, which reports what is wrong with them.
func (s *Server) RegisterService(desc *grpc.ServiceDesc, impl any) {
	if s.policy.Load() != nil {
		panic("rpcserver: service " + desc.ServiceName + " is registered after the start")
	}
	sd, err := descriptorOf(desc.ServiceName)
	if err != nil {
		s.registerErr = errors.Join(s.registerErr, err)
		return
	}
	s.services = append(s.services, sd)
	s.grpc.RegisterService(desc, impl)
	s.inproc.register(desc, impl)
}

func descriptorOf(service string) (protoreflect.ServiceDescriptor, error) {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return nil, fmt.Errorf("find descriptor of service %s: %w", service, err)
	}
	sd, ok := d.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil, fmt.Errorf("find descriptor of service %s: it is no service", service)
	}
	return sd, nil
}

// Start checks the registered services (each method must declare who may call it, all rules must compile) and opens the in-process side.
// Health then says SERVING of everything. Call it once, after all registrations; Serve needs it.
func (s *Server) Start() error {
	if s.registerErr != nil {
		return fmt.Errorf("register services: %w", s.registerErr)
	}
	if s.policy.Load() != nil {
		return errors.New("start server: it was started before")
	}
	policy, err := authz.New(s.services, s.roles, s.rule)
	if err != nil {
		return fmt.Errorf("start server: %w", err)
	}
	for _, sd := range s.services {
		if err := s.validator.Warm(sd); err != nil {
			return fmt.Errorf("start server: %w", err)
		}
	}
	s.policy.Store(policy)
	names := make([]string, len(s.services))
	for i, sd := range s.services {
		names[i] = string(sd.FullName())
	}
	s.health.started(names)
	s.inproc.open()
	return nil
}

// SetServing tells what health says of readiness, of the whole server and of every service, until Drain. Readiness checks call it. Liveness
// and startup stay as they are: a process whose store is away need not be killed.
func (s *Server) SetServing(serving bool) { s.health.setServing(serving) }

// latePolicy is the policy of a server that learns its services only after its chain is made.
type latePolicy struct{ s *Server }

// Check decides by the policy of the started server.
func (l latePolicy) Check(p authn.Principal, method string, request proto.Message) error {
	policy := l.s.policy.Load()
	if policy == nil {
		return errNotStarted
	}
	return policy.Check(p, method, request)
}

// CheckRequest decides by the policy of the started server.
func (l latePolicy) CheckRequest(p authn.Principal, method string, request proto.Message) error {
	policy := l.s.policy.Load()
	if policy == nil {
		return errNotStarted
	}
	return policy.CheckRequest(p, method, request)
}

// Rule is what the method declares.
func (l latePolicy) Rule(method string) (authz.Rule, bool) {
	policy := l.s.policy.Load()
	if policy == nil {
		return authz.Rule{}, false
	}
	return policy.Rule(method)
}

// Resource is what the request names.
func (l latePolicy) Resource(method string, request proto.Message) string {
	policy := l.s.policy.Load()
	if policy == nil {
		return ""
	}
	return policy.Resource(method, request)
}

// Holds tells what the caller holds by the policy of the started server.
func (l latePolicy) Holds(p authn.Principal, permission string) bool {
	policy := l.s.policy.Load()
	return policy != nil && policy.Holds(p, permission)
}

var errNotStarted = rpcerr.New(codes.Unavailable, "NOT_STARTED", "the server has not started yet")

// Serve accepts connections on l until Drain, and then returns nil. l is closed in any case.
func (s *Server) Serve(l net.Listener) error {
	if s.policy.Load() == nil {
		return errors.Join(errors.New("serve: the server is not started"), l.Close())
	}
	if err := s.grpc.Serve(l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	}
	return nil
}

// InProcess is the connection for callers in this process. Calls pass the same interceptors as over TCP and need credentials as there
// (rpcclient.WithKey). Messages are copied, so that neither side sees what the other does to its own.
func (s *Server) InProcess() grpc.ClientConnInterface { return s.inproc }

// Drain stops the server in order: health says NOT_SERVING of readiness, of the server and of its services, then for Config.Linger calls are
// still accepted, then new calls are refused and those in flight finish; streams, watchers of health among them, are ended after
// Config.StreamGrace; after Config.DrainTimeout or at the end of ctx what is left is cut off. At last it waits until the audit
// log holds what it has yet to be told. Liveness is SERVING to the end.
// An error tells that something had to be cut off or could not be remembered. Safe to call again.
func (s *Server) Drain(ctx context.Context) error {
	s.health.drain()
	if s.draining.CompareAndSwap(false, true) {
		_ = pause.For(ctx, s.config.Linger) // cut short, it goes on all the same
	}

	ctx, cancel := context.WithTimeout(ctx, s.config.DrainTimeout)
	defer cancel()
	s.inproc.close()
	graceful := make(chan struct{})
	go func() {
		defer close(graceful)
		s.grpc.GracefulStop()
	}()
	endStreams := time.AfterFunc(s.config.StreamGrace, s.admission.EndStreams)
	defer endStreams.Stop()

	err := s.await(ctx, graceful)
	if err == nil {
		return s.flushAudit(ctx)
	}
	left := s.admission.InFlight()
	s.admission.EndStreams()
	s.inproc.cut()
	// Stop cancels the contexts of the handlers and waits for them; one that ignores its context must not keep the process alive.
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.grpc.Stop()
	}()
	select {
	case <-stopped:
	case <-time.After(cutTimeout):
	}
	late, cancelLate := context.WithTimeout(context.WithoutCancel(ctx), cutTimeout)
	defer cancelLate()
	return errors.Join(fmt.Errorf("drain server: %d calls were cut off: %w", left, err), s.flushAudit(late))
}

// flushAudit waits until what the calls did is remembered.
func (s *Server) flushAudit(ctx context.Context) error {
	if err := s.audit.Flush(ctx); err != nil {
		return fmt.Errorf("drain server: %w", err)
	}
	return nil
}

// cutTimeout is how long handlers have to notice that their context has ended.
const cutTimeout = 2 * time.Second

// await returns nil when both sides are idle.
func (s *Server) await(ctx context.Context, graceful <-chan struct{}) error {
	select {
	case <-graceful:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := s.inproc.waitIdle(ctx); err != nil {
		return err
	}
	return s.admission.WaitIdle(ctx)
}

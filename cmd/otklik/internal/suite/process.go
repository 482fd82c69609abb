package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"

	"github.com/redis/go-redis/v9"
	"google.golang.org/grpc"

	"github.com/otklik/otklik/gateway"
	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authn/oidc"
	"github.com/otklik/otklik/libs/limit"
	"github.com/otklik/otklik/libs/rediskit"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/service"
	"github.com/otklik/otklik/libs/telemetry"
)

// Ready is the line that a process prints when it takes calls.
type Ready struct {
	HTTP string `json:"http,omitempty"`
	GRPC string `json:"grpc,omitempty"`
	Ops  string `json:"ops,omitempty"`
	// Key is the first administrator's key, when it was just made: it is printed once.
	Key string `json:"key,omitempty"`
	// KeyFile is where that key lies.
	KeyFile string `json:"key_file,omitempty"`
}

// unit is what every service of the suite is to the composition root.
type unit interface {
	Register(grpc.ServiceRegistrar)
	Run(ctx context.Context) error
	Ready(ctx context.Context) error
	Close() error
}

// process is one process under construction: parts are added in the order in which they start, and stop in reverse.
type process struct {
	config    Config
	instance  string
	telemetry *telemetry.Telemetry
	log       *slog.Logger
	redis     *rediskit.Client // nil without Redis
	roles     *roles
	// keys are the static keys of the process.
	keys *authn.Keyring
	// access leads to the access service, with a key of the role service; internal is the secret of such a key that lives as long as the process.
	access   lateConn
	internal string
	// audit remembers who did what.
	audit auditSink
	// verifier checks tokens of OpenID providers, uses tells which secrets are in use.
	verifier   *oidc.Verifier
	uses       *authn.Uses
	server     *rpcserver.Server
	components []service.Component
	checks     []check
	listeners  map[string]string
	ops        *ops
	closers    []func() error
	ready      Ready
}

// newProcess prepares what every process has. keys are known beside those of the configuration. A process that only passes calls on needs no
// Redis.
func newProcess(ctx context.Context, name string, config Config, useRedis bool, keys ...authn.Key) (*process, error) {
	instance, err := instanceName(config.Instance)
	if err != nil {
		return nil, err
	}
	tel, err := telemetry.New(ctx, config.Telemetry, telemetry.Identity{Service: name, Version: version()})
	if err != nil {
		return nil, fmt.Errorf("start telemetry: %w", err)
	}
	p := &process{config: config, instance: instance, telemetry: tel, log: tel.Logger, listeners: map[string]string{"ops": config.Ops}}
	p.closers = append(p.closers, func() error { return tel.Shutdown(context.WithoutCancel(ctx)) })
	if err := p.begin(ctx, useRedis, keys); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *process) begin(ctx context.Context, useRedis bool, keys []authn.Key) error {
	var err error
	if p.roles, err = newRoles(p.config.Auth.Roles); err != nil {
		return err
	}
	if err := errors.Join(p.roles.checkKeys(p.config.Auth.Keys), p.config.checkDatabases(), p.config.checkKeepalive(),
		p.config.checkDevelopment(), p.config.TLS.check()); err != nil {
		return err
	}
	// The parts of this process call each other by a key that lives as long as the process.
	p.internal = authn.NewSecret()
	keys = append(keys, keyFor("internal", p.internal, "", authn.RoleService))
	ring, err := authn.NewKeyring(append(keys, p.config.Auth.Keys...))
	if err != nil {
		return fmt.Errorf("read keys: %w", err)
	}
	p.keys = ring
	authenticator, err := p.authenticator(ring)
	if err != nil {
		return err
	}
	var limiter limit.Limiter
	if useRedis {
		if err := p.openRedis(ctx); err != nil {
			return err
		}
		if limiter, err = p.limiter(); err != nil {
			return err
		}
	}
	deps := rpcserver.Deps{
		Logger: p.log, Keys: authenticator, Roles: p.roles.grants, Stats: p.telemetry.ServerStats(), Limiter: limiter,
		Audit: &p.audit, Meters: p.telemetry.Meters,
	}
	if err := p.secureServer(&deps); err != nil {
		return err
	}
	p.server, err = rpcserver.New(p.config.Server, deps)
	if err != nil {
		return fmt.Errorf("build server: %w", err)
	}
	return nil
}

// self leads to the services of this process, with a key of the role service.
func (p *process) self() grpc.ClientConnInterface {
	return rpcclient.WithKey(p.server.InProcess(), p.internal, "")
}

// limiter bounds how often callers may call, over all replicas if there is Redis.
func (p *process) limiter() (limit.Limiter, error) {
	var client redis.UniversalClient
	options := limit.RedisOptions{Logger: p.log}
	if p.redis != nil {
		client, options.Prefix = p.redis, p.redis.Key("")
	}
	limiter, err := limit.New(p.config.Limits, client, options)
	if err != nil {
		return nil, fmt.Errorf("check limits: %w", err)
	}
	return limiter, nil
}

// lock takes what a service keeps in the data folder for this process.
func (p *process) lock(name string) error {
	release, err := lockService(p.config.Data, name)
	if err != nil {
		return err
	}
	p.closers = append(p.closers, release)
	return nil
}

// addUnit registers a service and makes it run.
func (p *process) addUnit(name string, u unit) {
	u.Register(p.server)
	p.checks = append(p.checks, check{name: name, required: true, ask: u.Ready})
	p.closers = append(p.closers, u.Close)
	p.components = append(p.components, service.Component{Name: name, Run: u.Run})
}

// addServer makes the process listen for gRPC calls. Services must have been added.
func (p *process) addServer() error {
	if err := p.server.Start(); err != nil {
		return fmt.Errorf("start server: %w", err)
	}
	p.listeners["grpc"] = p.config.GRPC
	var listener net.Listener
	p.components = append(p.components, service.Component{
		Name: "grpc",
		Start: func(ctx context.Context) (err error) {
			listener, err = listen(ctx, "grpc", p.config.GRPC)
			if err == nil {
				p.ready.GRPC = listener.Addr().String()
			}
			return err
		},
		Run:  func(context.Context) error { return p.server.Serve(listener) },
		Stop: p.server.Drain,
	})
	p.addUses()
	return nil
}

// fronted are the connections to the services behind a gateway, without a key: callers bring their own.
type fronted struct {
	survey, scoring, access, comment, segmentation, reporting grpc.ClientConnInterface
}

// addGateway makes the process serve HTTP in front of services.
func (p *process) addGateway(ctx context.Context, front fronted) error {
	login, err := p.login(ctx)
	if err != nil {
		return err
	}
	// Where operators have a listener of their own, the metrics are no business of the gateway's callers.
	var metrics http.Handler
	if p.config.Ops == "" {
		metrics = p.telemetry.MetricsHandler()
	}
	g, err := gateway.New(p.config.Gateway, gateway.Deps{
		Survey: front.survey, Scoring: front.scoring, Access: front.access, Comment: front.comment, Segmentation: front.segmentation,
		Reporting: front.reporting, Login: login, Development: p.config.Dev, Ready: p.frontReadiness, Metrics: metrics, Meters: p.telemetry.Meters, Tracers: p.telemetry.Tracers, Logger: p.log,
	})
	if err != nil {
		return fmt.Errorf("build gateway: %w", err)
	}
	p.listeners["http"] = p.config.HTTP
	var listener net.Listener
	p.components = append(p.components, service.Component{
		Name: "gateway",
		Start: func(ctx context.Context) (err error) {
			listener, err = listen(ctx, "http", p.config.HTTP)
			if err == nil {
				p.ready.HTTP = p.config.scheme() + "://" + listener.Addr().String()
			}
			return err
		},
		Run:  func(context.Context) error { return g.Serve(listener) },
		Stop: g.Drain,
	})
	return nil
}

// scheme is that of the gateway's addresses.
func (c Config) scheme() string {
	if c.Gateway.TLS.CertFile != "" {
		return "https"
	}
	return "http"
}

// frontReadiness is what the gateway asks: its callers are told no warnings, and of causes what may be shown to everybody.
func (p *process) frontReadiness(ctx context.Context) map[string]error {
	return p.readiness(ctx).required
}

// run runs the process until it is told to stop. When everything takes calls it hands the ready line to announce.
func (p *process) run(ctx context.Context, announce func(Ready)) error {
	if err := checkListeners(p.listeners); err != nil {
		return errors.Join(err, p.close())
	}
	components := append(p.components, service.Component{Name: "health", Run: p.watchReadiness})
	if p.config.Ops != "" {
		// The first to start is the last to stop.
		components = append([]service.Component{p.opsComponent()}, components...)
		components = append(components, service.Component{Name: "stopping", Stop: p.ops.stop})
	}
	err := service.Run(ctx, components, service.WithLogger(p.log), service.WithReady(func() {
		if p.ops != nil {
			p.ops.started.Store(true)
		}
		announce(p.ready)
		// Loading leaves more behind than is kept; the system gets it back at once.
		debug.FreeOSMemory()
	}))
	return errors.Join(err, p.close())
}

// close undoes what was built, the last first, so that telemetry is the last to go.
func (p *process) close() error {
	var errs []error
	for i := len(p.closers) - 1; i >= 0; i-- {
		errs = append(errs, p.closers[i]())
	}
	p.closers = nil
	return errors.Join(errs...)
}

// version is the version of the module that this binary was built from; "(devel)" in a work tree.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}

// Announce returns a function that writes the ready line as JSON.
func Announce(w io.Writer) func(Ready) {
	return func(r Ready) {
		// A reader that has gone away is no reason to stop serving.
		_ = json.NewEncoder(w).Encode(r)
	}
}

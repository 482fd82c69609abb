package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/otklik/otklik/gateway"
	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/service"
	"github.com/otklik/otklik/libs/telemetry"
)

// Ready is the line that a process prints when it takes calls.
type Ready struct {
	HTTP string `json:"http,omitempty"`
	GRPC string `json:"grpc,omitempty"`
	Key  string `json:"key,omitempty"`
}

// readinessInterval is how often a process asks its services whether they can work, and how long they may take to say so.
const readinessInterval = 2 * time.Second

// unit is what every service of the suite is to the composition root.
type unit interface {
	Register(grpc.ServiceRegistrar)
	Run(ctx context.Context) error
	Ready(ctx context.Context) error
	Close() error
}

// process is one process under construction: parts are added in the order in which they start, and stop in reverse.
type process struct {
	config     Config
	telemetry  *telemetry.Telemetry
	log        *slog.Logger
	server     *rpcserver.Server
	components []service.Component
	units      map[string]unit
	peers      map[string]healthpb.HealthClient
	closers    []func() error
	ready      Ready
}

// newProcess prepares what every process has. keys are known beside those of the configuration.
func newProcess(ctx context.Context, name string, config Config, keys ...authn.Key) (*process, error) {
	tel, err := telemetry.New(ctx, config.Telemetry, telemetry.Identity{Service: name, Version: version()})
	if err != nil {
		return nil, fmt.Errorf("start telemetry: %w", err)
	}
	p := &process{config: config, telemetry: tel, log: tel.Logger, units: make(map[string]unit), peers: make(map[string]healthpb.HealthClient)}
	p.closers = append(p.closers, func() error { return tel.Shutdown(context.WithoutCancel(ctx)) })
	if err := config.Auth.check(); err != nil {
		return nil, errors.Join(err, p.close())
	}
	ring, err := authn.NewKeyring(append(keys, config.Auth.Keys...))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read keys: %w", err), p.close())
	}
	p.server, err = rpcserver.New(config.Server, rpcserver.Deps{Logger: p.log, Keys: ring, Roles: config.Auth.Roles, Stats: tel.ServerStats()})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("build server: %w", err), p.close())
	}
	return p, nil
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
	p.units[name] = u
	p.closers = append(p.closers, u.Close)
	p.components = append(p.components, service.Component{Name: name, Run: u.Run})
}

// addServer makes the process listen for gRPC calls. Services must have been added.
func (p *process) addServer() error {
	if err := p.server.Start(); err != nil {
		return fmt.Errorf("start server: %w", err)
	}
	var listener net.Listener
	p.components = append(p.components, service.Component{
		Name: "grpc",
		Start: func(ctx context.Context) (err error) {
			listener, err = listen(ctx, p.config.GRPC)
			if err == nil {
				p.ready.GRPC = listener.Addr().String()
			}
			return err
		},
		Run:  func(context.Context) error { return p.server.Serve(listener) },
		Stop: p.server.Drain,
	}, service.Component{Name: "health", Run: p.watchReadiness})
	return nil
}

// watchReadiness keeps what gRPC health says in step with the services' own readiness.
func (p *process) watchReadiness(ctx context.Context) error {
	ticker := time.NewTicker(readinessInterval)
	defer ticker.Stop()
	well := true
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		asked, cancel := context.WithTimeout(ctx, readinessInterval)
		var errs []error
		for name, err := range p.readiness(asked) {
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
			}
		}
		cancel()
		if now := len(errs) == 0; now != well && ctx.Err() == nil {
			well = now
			p.server.SetServing(now)
			p.log.Warn("readiness changed", "ready", now, "error", errors.Join(errs...))
		}
	}
}

// addGateway makes the process serve HTTP in front of the services that the connections lead to.
func (p *process) addGateway(surveyConn, scoringConn grpc.ClientConnInterface) error {
	g, err := gateway.New(p.config.Gateway, gateway.Deps{
		Survey: surveyConn, Scoring: scoringConn, Ready: p.frontReadiness, Metrics: p.telemetry.MetricsHandler(),
		Meters: p.telemetry.Meters, Logger: p.log,
	})
	if err != nil {
		return fmt.Errorf("build gateway: %w", err)
	}
	var listener net.Listener
	p.components = append(p.components, service.Component{
		Name: "gateway",
		Start: func(ctx context.Context) (err error) {
			listener, err = listen(ctx, p.config.HTTP)
			if err == nil {
				p.ready.HTTP = "http://" + listener.Addr().String()
			}
			return err
		},
		Run:  func(context.Context) error { return g.Serve(listener) },
		Stop: g.Drain,
	})
	return nil
}

// dial connects to a service in another process, by a key unless callers bring their own.
func (p *process) dial(name, target, key string) (grpc.ClientConnInterface, error) {
	conn, err := rpcclient.Dial(rpcclient.Peer{Target: target, Key: key}, p.config.Peers.Client, nil, grpc.WithStatsHandler(p.telemetry.ClientStats()))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", target, err)
	}
	p.closers = append(p.closers, conn.Close)
	p.peers[name] = healthpb.NewHealthClient(conn)
	return conn, nil
}

// readiness asks each service of this process whether it can work.
func (p *process) readiness(ctx context.Context) map[string]error {
	found := make(map[string]error, len(p.units))
	for name, u := range p.units {
		found[name] = u.Ready(ctx)
	}
	return found
}

// frontReadiness asks the services of this process, and those elsewhere that it stands in front of.
func (p *process) frontReadiness(ctx context.Context) map[string]error {
	found := p.readiness(ctx)
	for name, peer := range p.peers {
		answer, err := peer.Check(ctx, &healthpb.HealthCheckRequest{})
		switch {
		case err != nil:
			found[name] = fmt.Errorf("ask %s: %w", name, err)
		case answer.GetStatus() != healthpb.HealthCheckResponse_SERVING:
			found[name] = fmt.Errorf("%s says %s", name, answer.GetStatus())
		default:
			found[name] = nil
		}
	}
	return found
}

// run runs the process until it is told to stop. When everything takes calls it hands the ready line to announce.
func (p *process) run(ctx context.Context, announce func(Ready)) error {
	err := service.Run(ctx, p.components, service.WithLogger(p.log), service.WithReady(func() { announce(p.ready) }))
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

func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return listener, nil
}

// Announce returns a function that writes the ready line as JSON.
func Announce(w io.Writer) func(Ready) {
	return func(r Ready) {
		// A reader that has gone away is no reason to stop serving.
		_ = json.NewEncoder(w).Encode(r)
	}
}

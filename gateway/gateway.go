// Package gateway serves the suite over HTTP: the REST API with its OpenAPI document, live scores as server-sent events, the docs page, the
// web app and what operators probe. It holds no business state: every call goes to a service over a gRPC connection.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/net/netutil"
	"google.golang.org/grpc"

	"github.com/otklik/otklik/gateway/web"
	"github.com/otklik/otklik/libs/telemetry"
	"github.com/otklik/otklik/libs/tlskit"
	"github.com/otklik/otklik/proto/gen/openapi"
)

// Deps is what the gateway works with.
type Deps struct {
	// Survey leads to the survey service. Required.
	Survey grpc.ClientConnInterface
	// Scoring leads to the scoring service. Required.
	Scoring grpc.ClientConnInterface
	// Access leads to the access service. Required.
	Access grpc.ClientConnInterface
	// Comment leads to the comment service. Required.
	Comment grpc.ClientConnInterface
	// Segmentation leads to the segmentation service. Required.
	Segmentation grpc.ClientConnInterface
	// Reporting leads to the reporting service. Required.
	Reporting grpc.ClientConnInterface
	// Login lets people log in; nil where there are keys only.
	Login Login
	// Development says that calls without credentials are let in. Only this machine is served then.
	Development bool
	// Ready tells for each part of the process, by name, why it is not ready; nil for one that is. It is called by /readyz with a
	// deadline. What goes to the log is the text of the error; clients are shown what its method Public() string says, if it has one.
	// Missing means that there is nothing to wait for.
	Ready func(context.Context) map[string]error
	// Metrics serves /metrics; without it the path is unknown.
	Metrics http.Handler
	// Meters makes the instruments; without it nothing is measured.
	Meters metric.MeterProvider
	// Tracers makes the spans of requests; without it there are none. The trace of a client that brings one is passed on in any case.
	Tracers trace.TracerProvider
	// Logger takes faults. Required.
	Logger *slog.Logger
}

// Gateway is the HTTP side of the suite. It runs nothing until Serve.
type Gateway struct {
	config  Config
	deps    Deps
	rest    *rest
	metrics *metrics
	tracer  trace.Tracer // nil while nobody collects traces
	docs    *document
	static  *static
	server  *http.Server
	// publicURL is the origin under which browsers reach the gateway; nil where that is not known.
	publicURL   *url.URL
	proxies     proxies
	cookies     cookies
	crossOrigin *http.CrossOriginProtection
	hsts        []string
	streams     streamShares

	// stopping ends when the gateway begins to drain: readiness turns off.
	stopping     context.Context
	stop         context.CancelFunc
	endOfStreams context.Context
	endStreams   context.CancelCauseFunc
}

// New builds the gateway. It fails when a value of the configuration or a required dependency is unusable.
func New(config Config, deps Deps) (*Gateway, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("check gateway configuration: %w", err)
	}
	if deps.Survey == nil || deps.Scoring == nil || deps.Access == nil || deps.Comment == nil || deps.Segmentation == nil || deps.Reporting == nil || deps.Logger == nil {
		return nil, errors.New("build gateway: the connections to survey, scoring, access, comment, segmentation and reporting and a logger are required")
	}
	g := &Gateway{config: config, deps: deps, docs: newDocument(openapi.JSON()), tracer: telemetry.Tracer(deps.Tracers, scopeName)}
	g.streams.most, g.streams.mostOfOne = config.MaxStreams, config.MaxStreamsOfOne
	if err := g.prepareWeb(); err != nil {
		return nil, fmt.Errorf("build gateway: %w", err)
	}
	var err error
	if g.metrics, err = newMetrics(deps.Meters); err != nil {
		return nil, fmt.Errorf("build gateway metrics: %w", err)
	}
	if g.static, err = newStatic(web.Files()); err != nil {
		return nil, fmt.Errorf("index web app: %w", err)
	}
	if g.rest, err = newREST(g); err != nil {
		return nil, fmt.Errorf("build REST routes: %w", err)
	}
	g.stopping, g.stop = context.WithCancel(context.Background())
	g.endOfStreams, g.endStreams = context.WithCancelCause(context.Background())
	g.server = &http.Server{
		Handler:           g,
		MaxHeaderBytes:    config.MaxHeaderBytes,
		ReadHeaderTimeout: config.ReadHeaderTimeout,
		ReadTimeout:       config.ReadTimeout,
		WriteTimeout:      config.WriteTimeout,
		IdleTimeout:       config.IdleTimeout,
		ErrorLog:          slog.NewLogLogger(deps.Logger.Handler(), slog.LevelWarn),
	}
	if config.TLS.Enabled() {
		if g.server.TLSConfig, err = tlskit.HTTPS(config.TLS, tlskit.Deps{Logger: deps.Logger}); err != nil {
			return nil, fmt.Errorf("prepare TLS: %w", err)
		}
	}
	return g, nil
}

// prepareWeb prepares what depends on under which address and behind what the gateway is reached.
func (g *Gateway) prepareWeb() error {
	var err error
	if g.config.PublicURL != "" {
		if g.publicURL, err = parsePublicURL(g.config.PublicURL); err != nil {
			return err
		}
	}
	if g.proxies, err = parseProxies(g.config.TrustedProxies); err != nil {
		return err
	}
	secure := g.config.TLS.Enabled()
	g.crossOrigin = http.NewCrossOriginProtection()
	if g.publicURL != nil {
		secure = g.publicURL.Scheme == "https"
		if err := g.crossOrigin.AddTrustedOrigin(g.publicURL.String()); err != nil {
			return fmt.Errorf("trust public_url: %w", err)
		}
	}
	g.cookies, g.hsts = cookies{secure: secure}, hsts(secure, g.config.HSTSMaxAge)
	switch {
	case g.deps.Login == nil:
	case g.publicURL == nil:
		return errors.New("public_url is missing: people who log in are sent back to it")
	case !secure && !loopbackHost(g.publicURL.Host):
		return errors.New("public_url must be https where people log in")
	}
	return nil
}

// Serve answers on the listener until Drain or Close, then returns nil; other ends are errors.
func (g *Gateway) Serve(l net.Listener) error {
	l = netutil.LimitListener(l, g.config.MaxConnections)
	serve := g.server.Serve
	if g.server.TLSConfig != nil {
		serve = func(l net.Listener) error { return g.server.ServeTLS(l, "", "") }
	}
	if err := serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP: %w", err)
	}
	return nil
}

// Drain stops in good order: readiness turns off, requests are still taken for the configured linger, then streams are ended with advice to
// open them again, requests under way are finished, connections closed. When ctx ends first, what is left is cut off and ctx's error returned.
func (g *Gateway) Drain(ctx context.Context) error {
	g.stop()
	if g.config.DrainLinger > 0 {
		linger := time.NewTimer(g.config.DrainLinger)
		defer linger.Stop()
		select {
		case <-linger.C:
		case <-ctx.Done():
		}
	}
	g.endStreams(errDraining)
	if err := g.server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("drain HTTP: %w", err), g.server.Close())
	}
	return nil
}

// Close cuts everything off at once.
func (g *Gateway) Close() error {
	g.stop()
	g.endStreams(errDraining)
	return g.server.Close()
}

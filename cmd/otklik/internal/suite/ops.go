package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/otklik/otklik/libs/service"
)

// Limits of the operators' listener. Metrics of a large process take a while to be read.
const (
	opsReadTimeout  = 10 * time.Second
	opsWriteTimeout = 30 * time.Second
)

// condition is the body of /livez and /readyz of the operators' listener. Unlike that of the gateway it tells everything.
type condition struct {
	// Status is ok or unavailable.
	Status string `json:"status"`
	// Parts maps each part that the process cannot do without to ok or to what is wrong.
	Parts map[string]string `json:"parts,omitempty"`
	// Warnings maps parts that the process can do without for a while to what is wrong.
	Warnings map[string]string `json:"warnings,omitempty"`
}

// ops serves operators by HTTP.
type ops struct {
	process *process
	// started and stopping tell where the process is in its life.
	started, stopping atomic.Bool
	server            *http.Server
	listener          net.Listener
}

// opsComponent is the operators' listener as the first component of the process, so that it stops last.
func (p *process) opsComponent() service.Component {
	o := &ops{process: p}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", o.live)
	mux.HandleFunc("GET /readyz", o.ready)
	mux.Handle("GET /metrics", p.telemetry.MetricsHandler())
	o.server = &http.Server{Handler: mux, ReadHeaderTimeout: opsReadTimeout, ReadTimeout: opsReadTimeout, WriteTimeout: opsWriteTimeout}
	p.ops = o
	return service.Component{
		Name: "ops",
		Start: func(ctx context.Context) (err error) {
			o.listener, err = listen(ctx, "ops", p.config.Ops)
			if err == nil {
				p.ready.Ops = "http://" + o.listener.Addr().String()
			}
			return err
		},
		Run: func(context.Context) error {
			if err := o.server.Serve(o.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve operators: %w", err)
			}
			return nil
		},
		Stop: func(ctx context.Context) error {
			if err := o.server.Shutdown(ctx); err != nil {
				return fmt.Errorf("stop serving operators: %w", err)
			}
			return nil
		},
	}
}

// stop tells that the process is being stopped.
func (o *ops) stop(context.Context) error {
	o.stopping.Store(true)
	return nil
}

// live says that the process answers. It touches nothing else: a store that is away is no reason to kill the process.
func (o *ops) live(w http.ResponseWriter, _ *http.Request) {
	writeStatus(w, condition{Status: "ok"})
}

// ready says whether the process should get calls, and what is wrong.
func (o *ops) ready(w http.ResponseWriter, r *http.Request) {
	found := o.process.readiness(r.Context())
	c := condition{Status: "ok", Parts: make(map[string]string), Warnings: make(map[string]string)}
	for name, err := range found.required {
		c.Parts[name] = "ok"
		if err != nil {
			c.Status, c.Parts[name] = "unavailable", err.Error()
		}
	}
	for name, err := range found.warnings {
		if err != nil {
			c.Warnings[name] = err.Error()
		}
	}
	switch {
	case o.stopping.Load():
		c.Status, c.Parts["process"] = "unavailable", "stopping"
	case !o.started.Load():
		c.Status, c.Parts["process"] = "unavailable", "starting"
	}
	writeStatus(w, c)
}

func writeStatus(w http.ResponseWriter, c condition) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if c.Status != "ok" {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	// A failure to write means that the client has gone; there is nobody to tell.
	_ = json.NewEncoder(w).Encode(c)
}

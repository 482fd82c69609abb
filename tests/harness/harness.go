// Package harness starts the suite as a user would, as real processes on free loopback ports and in a folder of its own, and speaks to it
// through gRPC and REST. One field, Layout, chooses whether it runs as one process on SQLite or as processes apart on PostgreSQL and Redis: the
// same cases run against all of them.
package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Options say how to start a suite. The zero value starts all in one, in a temporary folder, with one organisation.
type Options struct {
	// Layout is which processes make up the suite, and what they store in.
	Layout Layout
	// Replicas is how many processes each part of a layout apart has; 0 means one.
	Replicas int
	// Servers are the PostgreSQL and Redis to use; nil means those that all suites of the test run share. The suite gets a database and a prefix
	// of its own in either case.
	Servers *Servers
	// Dir is the data folder; empty means a temporary one.
	Dir string
	// Organizations get a key for each role; nil means one named Organization.
	Organizations []string
	// Settings are written over the harness's own configuration, keyed by dotted path, for example "survey.grace_period".
	Settings map[string]any
	// Each is written over that, for one process.
	Each map[Replica]map[string]any
	// Environment is added to that of the processes, for example "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317".
	Environment []string
	// ReadyTimeout bounds the wait for the ready line of each process; 0 means 30 seconds.
	ReadyTimeout time.Duration
}

// Organization is the organisation of a suite that was not asked for others.
const Organization = "acme"

func (o *Options) complete() {
	if o.Organizations == nil {
		o.Organizations = []string{Organization}
	}
	if o.ReadyTimeout == 0 {
		o.ReadyTimeout = 30 * time.Second
	}
	if o.Replicas == 0 || !o.Layout.apart() {
		o.Replicas = 1
	}
}

// Run starts a suite for the length of a test. When the test fails it logs what the processes wrote to standard error.
func Run(t testing.TB, o Options) *Suite {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.Layout.served() && o.Servers == nil {
		o.Servers = sharedServers(t, o.Layout)
	}
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatalf("start the suite: %v", err)
	}
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			t.Logf("standard error of the suite:\n%s", s.Log())
		}
		if err := os.RemoveAll(s.configDir); err != nil {
			t.Errorf("remove the configuration: %v", err)
		}
	})
	return s
}

// Start starts a suite and returns when every process of it is ready. The caller ends it by Stop, Kill or Discard. A layout on PostgreSQL and
// Redis needs Servers.
func Start(ctx context.Context, o Options) (*Suite, error) {
	o.complete()
	binary, err := Binary(ctx)
	if err != nil {
		return nil, err
	}
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "otklik-"); err != nil {
			return nil, fmt.Errorf("make data folder: %w", err)
		}
	}
	configDir, err := os.MkdirTemp("", "otklik-config-")
	if err != nil {
		return nil, fmt.Errorf("make folder for the configuration: %w", err)
	}
	s := &Suite{options: o, binary: binary, configDir: configDir, dir: o.Dir, procs: make(map[Replica]*process), ports: make(map[Replica]ports)}
	if err := s.begin(ctx); err != nil {
		s.Kill()
		return nil, fmt.Errorf("%w; standard error:\n%s", err, s.Log())
	}
	return s, nil
}

// portAttempts is how often a suite is started when somebody else takes its ports before it does.
const portAttempts = 5

// begin prepares what the processes need and starts them.
func (s *Suite) begin(ctx context.Context) error {
	if err := s.choosePorts(); err != nil {
		return err
	}
	if s.options.Layout.served() {
		if err := s.prepareServers(ctx); err != nil {
			return err
		}
	}
	err := s.Restart(ctx)
	for try := 1; errors.Is(err, errAddressTaken) && try < portAttempts; try++ {
		// All over: those that run already look for the others at the addresses chosen before.
		s.Kill()
		clear(s.procs)
		if err := s.choosePorts(); err != nil {
			return err
		}
		err = s.Restart(ctx)
	}
	return err
}

// choosePorts finds addresses for all processes.
func (s *Suite) choosePorts() error {
	for _, r := range s.Replicas() {
		var err error
		if s.ports[r], err = choosePorts(r.Part); err != nil {
			return err
		}
	}
	return nil
}

// Dir is the data folder.
func (s *Suite) Dir() string { return s.dir }

// path of a file of the harness's own, outside the data folder.
func (s *Suite) configPath(name string) string { return filepath.Join(s.configDir, name) }

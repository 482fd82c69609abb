// Package harness starts the suite as a user would, as real processes on free loopback ports and in a folder of its own, and speaks to it
// through gRPC and REST. One field, Layout, chooses whether it runs as one process or as a process for each service: the same cases run
// against both.
package harness

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Layout says which processes make up the suite.
type Layout int

const (
	// AllInOne is `otklik all`: one process, calls between services in process.
	AllInOne Layout = iota
	// Apart is `otklik survey`, `otklik scoring` and `otklik gateway`: three processes that speak over TCP.
	Apart
	// Baseline is `otklik bench-baseline`: the gateway and the chain of `otklik all` in front of a handler that stores nothing. Only for
	// measurements.
	Baseline
)

// String is the layout's name in the names of tests.
func (l Layout) String() string {
	switch l {
	case Apart:
		return "apart"
	case Baseline:
		return "baseline"
	default:
		return "all-in-one"
	}
}

// Layouts are both layouts of the suite, for tests that run on each.
func Layouts() []Layout { return []Layout{AllInOne, Apart} }

// Options say how to start a suite. The zero value starts all in one, in a temporary folder, with one organisation.
type Options struct {
	// Layout is which processes make up the suite.
	Layout Layout
	// Dir is the data folder; empty means a temporary one.
	Dir string
	// Organizations get an administrator's key and an app's key each; nil means one named Organization.
	Organizations []string
	// Settings are written over the harness's own configuration, keyed by dotted path, for example "survey.grace_period".
	Settings map[string]any
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
}

// Run starts a suite for the length of a test. When the test fails it logs what the processes wrote to standard error.
func Run(t testing.TB, o Options) *Suite {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
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

// Start starts a suite and returns when every process of it is ready. The caller ends it by Stop, Kill or Discard.
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
	s := &Suite{options: o, binary: binary, configDir: configDir, dir: o.Dir, procs: make(map[Part]*process), ports: make(map[Part]ports)}
	if err := s.Restart(ctx); err != nil {
		s.Kill()
		return nil, fmt.Errorf("%w; standard error:\n%s", err, s.Log())
	}
	return s, nil
}

// Dir is the data folder.
func (s *Suite) Dir() string { return s.dir }

// path of a file of the harness's own, outside the data folder.
func (s *Suite) configPath(name string) string { return filepath.Join(s.configDir, name) }

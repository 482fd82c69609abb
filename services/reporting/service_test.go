package reporting_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/reporting"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// alone are dependencies of a service in whose surroundings nothing answers.
func alone(t *testing.T) reporting.Deps {
	t.Helper()
	nobody := &inprocgrpc.Channel{}
	return reporting.Deps{Survey: nobody, Scoring: nobody, Segmentation: nobody, Comment: nobody, Access: nobody, Data: t.TempDir(), Meters: noop.NewMeterProvider()}
}

func TestUnsoundConfigurations(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(c *reporting.Config, d *reporting.Deps){
		"path":           func(c *reporting.Config, _ *reporting.Deps) { c.Path = "" },
		"page_token_ttl": func(c *reporting.Config, _ *reporting.Deps) { c.PageTokenTTL = 0 },
		"time_zone":      func(c *reporting.Config, _ *reporting.Deps) { c.TimeZone = "Mars/Olympus" },
		"rank_responses": func(c *reporting.Config, _ *reporting.Deps) { c.RankResponses = -1 },
		"dependencies":   func(_ *reporting.Config, d *reporting.Deps) { d.Segmentation = nil },
	} {
		config, deps := reporting.DefaultConfig(), alone(t)
		change(&config, &deps)
		s, err := reporting.New(t.Context(), config, deps)
		if err == nil {
			t.Errorf("%s: it was accepted", name)
			_ = s.Close()
			continue
		}
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRunsAlone starts a service whose peers are away: it is ready, serves, and ends when it is told to, twice over the same data.
func TestRunsAlone(t *testing.T) {
	t.Parallel()
	config, deps := reporting.DefaultConfig(), alone(t)
	for range 2 {
		runs(t, config, deps)
	}
	if _, err := os.Stat(filepath.Join(deps.Data, config.Path)); err != nil {
		t.Error(err)
	}
}

// TestWithoutSchema refuses a database that was not migrated.
func TestWithoutSchema(t *testing.T) {
	t.Parallel()
	config := reporting.DefaultConfig()
	config.Postgres.DSN = pgtest.Database(t)
	if s, err := reporting.New(t.Context(), config, alone(t)); err == nil {
		t.Error("it was opened")
		_ = s.Close()
	}
}

func runs(t *testing.T, config reporting.Config, deps reporting.Deps) {
	t.Helper()
	var log bytes.Buffer
	deps.Logger = slog.New(slog.NewTextHandler(&log, nil))
	s, err := reporting.New(t.Context(), config, deps)
	if err != nil {
		t.Fatal(err)
	}
	served := &inprocgrpc.Channel{}
	s.Register(served)
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	if _, err := reportingv1.NewReportingServiceClient(served).QueryMatrix(ctx, &reportingv1.QueryMatrixRequest{}); err == nil {
		t.Error("it answered without its peers")
	}
	cancel()
	work.Wait()
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := s.Ready(t.Context()); err == nil {
		t.Error("it is ready after its end")
	}
	if !strings.Contains(log.String(), "reporting store is open") {
		t.Errorf("the log says %s", log.String())
	}
}

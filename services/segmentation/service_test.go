package segmentation_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/segmentation"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// alone are dependencies of a service in whose surroundings nothing answers.
func alone(t *testing.T) segmentation.Deps {
	t.Helper()
	nobody := &inprocgrpc.Channel{}
	return segmentation.Deps{Survey: nobody, Comment: nobody, Scoring: nobody, Vault: nobody, Data: t.TempDir(), Meters: noop.NewMeterProvider()}
}

func TestUnsoundConfigurations(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(c *segmentation.Config, d *segmentation.Deps){
		"path":           func(c *segmentation.Config, _ *segmentation.Deps) { c.Path = "" },
		"page_token_ttl": func(c *segmentation.Config, _ *segmentation.Deps) { c.PageTokenTTL = 0 },
		"time_zone":      func(c *segmentation.Config, _ *segmentation.Deps) { c.TimeZone = "Mars/Olympus" },
		"dependencies":   func(_ *segmentation.Config, d *segmentation.Deps) { d.Comment = nil },
	} {
		config, deps := segmentation.DefaultConfig(), alone(t)
		change(&config, &deps)
		s, err := segmentation.New(t.Context(), config, deps)
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

// TestRunsAlone starts a service whose peers are away: it is ready, serves, leads, and ends when it is told to, twice over the same data.
func TestRunsAlone(t *testing.T) {
	t.Parallel()
	config, deps := segmentation.DefaultConfig(), alone(t)
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
	config := segmentation.DefaultConfig()
	config.Postgres.DSN = pgtest.Database(t)
	if s, err := segmentation.New(t.Context(), config, alone(t)); err == nil {
		t.Error("it was opened")
		_ = s.Close()
	}
}

func runs(t *testing.T, config segmentation.Config, deps segmentation.Deps) {
	t.Helper()
	var log bytes.Buffer
	deps.Logger = slog.New(slog.NewTextHandler(&log, nil))
	s, err := segmentation.New(t.Context(), config, deps)
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
	time.Sleep(50 * time.Millisecond)
	if _, err := segmentationv1.NewEventServiceClient(served).ListSegmentationDeadLetters(ctx, &segmentationv1.ListSegmentationDeadLettersRequest{}); err == nil {
		t.Error("who is nobody was served")
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
	if !strings.Contains(log.String(), "segmentation store is open") {
		t.Errorf("the log says %s", log.String())
	}
}

package survey_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/services/survey"
	"github.com/otklik/otklik/services/survey/internal/api/vaulttest"
)

// registrar notes what is registered.
type registrar map[string]bool

func (r registrar) RegisterService(d *grpc.ServiceDesc, _ any) { r[d.ServiceName] = true }

func TestService(t *testing.T) {
	data := t.TempDir()
	s, err := survey.New(t.Context(), survey.DefaultConfig(), survey.Deps{Vault: vaulttest.New(t).Conn, Data: data, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	r := registrar{}
	s.Register(r)
	if !r["otklik.survey.v1.SurveyService"] || !r["otklik.survey.v1.EventFeedService"] || !r["otklik.survey.v1.PersonService"] || len(r) != 3 {
		t.Errorf("registered %v", r)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("ready: %v", err)
	}
	if _, err := os.Stat(filepath.Join(data, "survey.db")); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("run: %v", err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if err := s.Ready(t.Context()); err == nil {
		t.Error("ready after close")
	}
}

func TestNewRefuses(t *testing.T) {
	for want, change := range map[string]func(*survey.Config){
		"path":         func(c *survey.Config) { c.Path = "" },
		"grace_period": func(c *survey.Config) { c.GracePeriod = -time.Second },
		"commit_batch": func(c *survey.Config) { c.CommitBatch = 0 },
		"feed_linger":  func(c *survey.Config) { c.FeedLinger = -1 },
		"retention":    func(c *survey.Config) { c.Retention.Words = -time.Hour },
		"quota":        func(c *survey.Config) { c.Quota.Bytes = -1 },
		"quotas.acme":  func(c *survey.Config) { c.Quotas = map[string]survey.QuotaConfig{"acme": {Submissions: -1}} },
		"make data folder": func(c *survey.Config) {
			file := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			c.Path = filepath.Join(file, "survey.db")
		},
	} {
		c := survey.DefaultConfig()
		change(&c)
		if _, err := survey.New(t.Context(), c, survey.Deps{Vault: vaulttest.New(t).Conn, Data: t.TempDir()}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

package survey_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey"
	"github.com/otklik/otklik/services/survey/internal/api/vaulttest"
)

func onPostgres(t *testing.T) survey.Config {
	config := survey.DefaultConfig()
	config.Path = ""
	config.Postgres.DSN = pgtest.Database(t)
	return config
}

func TestPostgresNeedsMigration(t *testing.T) {
	config := onPostgres(t)
	_, err := survey.New(t.Context(), config, survey.Deps{Vault: vaulttest.New(t).Conn})
	if !errors.Is(err, pgkit.ErrNoSchema) || !strings.Contains(err.Error(), "otklik migrate") {
		t.Fatalf("without a schema: %v", err)
	}
	if err := pgkit.Migrate(t.Context(), config.Postgres, pgkit.Options{Component: "survey"}, survey.Schema()); err != nil {
		t.Fatal(err)
	}
	s, err := survey.New(t.Context(), config, survey.Deps{Vault: vaulttest.New(t).Conn})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	config.Postgres.Schema = "No such name"
	if _, err := survey.New(t.Context(), config, survey.Deps{Vault: vaulttest.New(t).Conn}); err == nil || !strings.Contains(err.Error(), "postgres.schema") {
		t.Errorf("unsound schema: %v", err)
	}
}

// publisher hands what it is to publish to the test.
type publisher struct {
	source chan eventlog.Source[*surveyv1.Event]
	err    error
}

func (p publisher) Run(ctx context.Context, source eventlog.Source[*surveyv1.Event]) error {
	p.source <- source
	if p.err != nil {
		return p.err
	}
	<-ctx.Done()
	return nil
}

// TestRun: a running service publishes its own log and keeps a partition ready for what comes.
func TestRun(t *testing.T) {
	config := onPostgres(t)
	if err := pgkit.Migrate(t.Context(), config.Postgres, pgkit.Options{Component: "survey"}, survey.Schema()); err != nil {
		t.Fatal(err)
	}
	later := time.Now().AddDate(1, 0, 0)
	p := publisher{source: make(chan eventlog.Source[*surveyv1.Event], 1)}
	s, err := survey.New(t.Context(), config, survey.Deps{Vault: vaulttest.New(t).Conn, Publisher: p, Now: func() time.Time { return later }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()

	stream, err := (<-p.source).Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if batch, err := stream.Recv(); err != nil || batch.AsOf.IsZero() || len(batch.Events) != 0 {
		t.Fatalf("%+v, %v", batch, err)
	}
	db, err := pgkit.Open(t.Context(), config.Postgres, pgkit.Options{Component: "survey"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	testkit.Eventually(t, 20*time.Second, func() error {
		_, err := db.Pool.Exec(t.Context(), "SELECT FROM submissions_p"+later.UTC().Format("2006_01"))
		return err
	})
	cancel()
	if err := <-done; err != nil {
		t.Errorf("run: %v", err)
	}
}

// TestRunFailsWithItsPublisher: what does not pass by itself ends the service.
func TestRunFailsWithItsPublisher(t *testing.T) {
	broken := errors.New("another number of partitions")
	p := publisher{source: make(chan eventlog.Source[*surveyv1.Event], 1), err: broken}
	s, err := survey.New(t.Context(), survey.DefaultConfig(), survey.Deps{Vault: vaulttest.New(t).Conn, Data: t.TempDir(), Publisher: p})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); !errors.Is(err, broken) {
		t.Errorf("run: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

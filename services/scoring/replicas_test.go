package scoring_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/scoring"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// onPostgres makes suites of one database, whose replicas follow one survey service.
func onPostgres(t *testing.T, names ...string) []*suite {
	t.Helper()
	config := pgkit.DefaultConfig("scoring")
	config.DSN = pgtest.Database(t)
	if err := pgkit.Migrate(t.Context(), config, pgkit.Options{Component: "scoring"}, scoring.Schema()); err != nil {
		t.Fatal(err)
	}
	var suites []*suite
	for _, name := range names {
		s := newSuite(t)
		s.config.Postgres, s.deps.Instance = config, name
		if len(suites) > 0 {
			s.survey = suites[0].survey
		}
		suites = append(suites, s)
	}
	return suites
}

// TestReplicasShareADatabase runs two services on one database. Both follow all of the log, which is more than they would.
func TestReplicasShareADatabase(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	suites := onPostgres(t, "one", "two")
	a, b := suites[0], suites[1]
	a.survey.publish(acme, "shop", shopQuestions())
	n := 0
	add := func(count int) {
		a.survey.add(several(count, func(i int) *surveyv1.Event {
			return response(acme, shop, id("r", n+i), noon.Add(time.Duration(i)*time.Hour), scores{"recommend": float64((n + i) % 11), "price": 5})
		})...)
		n += count
	}
	everything := &scoringv1.ScoreQuery{Survey: shop, Grain: 2, Question: "*"}
	same := func(what string) {
		t.Helper()
		if one, two := withoutWatermark(a.query(everything)), withoutWatermark(b.query(everything)); !proto.Equal(one, two) {
			t.Errorf("%s: the replicas answer %v and %v", what, one, two)
		}
	}
	add(300)
	a.start().caughtUp(shop, 300)
	b.start().caughtUp(shop, 300)
	same("at the start")
	for range 10 {
		add(37)
	}
	a.caughtUp(shop, int64(n))
	b.caughtUp(shop, int64(n))
	same("after more")
	// What cannot be counted is listed by either and replayed by one of them.
	const lost = "surveys/lost"
	a.survey.add(response(acme, lost, "l", noon, scores{"recommend": 3}))
	var letter string
	testkit.Eventually(t, patience, func() error {
		r, err := b.client.ListDeadLetters(ctx, &scoringv1.ListDeadLettersRequest{})
		if err != nil || len(r.GetDeadLetters()) != 1 {
			return fmt.Errorf("%v, %w", r, err)
		}
		letter = r.GetDeadLetters()[0].GetName()
		return nil
	})
	a.survey.publish(acme, "lost", shopQuestions())
	if _, err := a.client.ReplayDeadLetter(ctx, &scoringv1.ReplayDeadLetterRequest{Name: letter}); err != nil {
		t.Fatal(err)
	}
	a.caughtUp(lost, 1)
	b.caughtUp(lost, 1)
	// A rebuild by one is seen by the other, with its scores.
	begun, err := a.client.RebuildScores(ctx, &scoringv1.RebuildScoresRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var ended *scoringv1.Rebuild
	testkit.Eventually(t, patience, func() error {
		r, err := b.client.GetRebuild(ctx, &scoringv1.GetRebuildRequest{Name: begun.GetRebuild().GetName()})
		if err != nil || r.GetRebuild().GetState() == scoringv1.Rebuild_STATE_RUNNING {
			return fmt.Errorf("%v, %w", r, err)
		}
		ended = r.GetRebuild()
		return nil
	})
	if ended.GetState() != scoringv1.Rebuild_STATE_SUCCEEDED || ended.GetCellsChanged() != 0 {
		t.Errorf("rebuild %v", ended)
	}
	same("after a rebuild")
	// One goes, the other goes on; one that comes back has it all.
	a.stop()
	add(100)
	b.caughtUp(shop, int64(n))
	a.start().caughtUp(shop, int64(n))
	same("after a restart")
}

// TestPartitionsAreMade: a running service keeps partitions ready for the months ahead.
func TestPartitionsAreMade(t *testing.T) {
	t.Parallel()
	later := time.Now().AddDate(1, 0, 0)
	s := onPostgres(t, "one")[0]
	s.deps.Now = func() time.Time { return later }
	s.start()
	db, err := pgkit.Open(t.Context(), s.config.Postgres, pgkit.Options{Component: "scoring"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, table := range scoring.Schema().Partitioned {
		testkit.Eventually(t, patience, func() error {
			_, err := db.Pool.Exec(t.Context(), "SELECT FROM "+table+"_p"+later.UTC().Format("2006_01"))
			return err
		})
	}
}

// TestMissingSchemaIsExplained refuses to start on a database that was never migrated.
func TestMissingSchemaIsExplained(t *testing.T) {
	t.Parallel()
	config := scoring.DefaultConfig()
	config.Postgres.DSN = pgtest.Database(t)
	_, err := scoring.New(t.Context(), config, scoring.Deps{Survey: fakeConn{}})
	if err == nil || !strings.Contains(err.Error(), "otklik migrate") || !strings.Contains(err.Error(), "scoring.postgres.dsn") {
		t.Errorf("error %v", err)
	}
}

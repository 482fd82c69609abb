package ingest_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/ingest"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
	"github.com/otklik/otklik/services/scoring/internal/store/sqlite"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// cpuTime is the processor time that the process has used.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchQuestions are five scored questions.
func benchQuestions() *questionnaire.Revision {
	r := &questionnaire.Revision{Survey: "shop", Number: 1, Population: fact.Customer, PublishTime: time.Unix(0, 0)}
	r.Questions = []metric.Question{
		{ID: "recommend", Kind: question.NPS, Scale: question.Scale0To10}, {ID: "staff", Kind: question.CSAT, Scale: question.Scale1To5},
		{ID: "effort", Kind: question.CES, Scale: question.Scale1To7}, {ID: "price", Kind: question.Rating, Scale: question.Scale1To10},
		{ID: "choice", Kind: question.Rating, Scale: question.Scale1To5},
	}
	return r
}

// benchEvent is a response with five answers in a context of 8 touchpoints, 3 channels, 50 locations and 3 languages.
func benchEvent(rng *rand.Rand, position int64, at time.Time, invitation string) *surveyv1.Event {
	r := &surveyv1.Response{
		Name: fmt.Sprintf("surveys/shop/responses/%016x-%016x", rng.Uint64(), rng.Uint64()), Revision: "surveys/shop/revisions/1",
		CountTime: timestamppb.New(at), ReceiveTime: timestamppb.New(at), Language: []string{"ky", "ru", "en"}[rng.IntN(3)],
		Invitation: invitation,
		Context: &typev1.Context{
			Touchpoint: fmt.Sprintf("touchpoint-%d", rng.IntN(8)), Channel: []string{"app", "sms", "kiosk"}[rng.IntN(3)],
			Location: fmt.Sprintf("store-%d", rng.IntN(50)),
		},
	}
	for _, q := range benchQuestions().Questions {
		score := float64(int(q.Scale.Min.Float()) + rng.IntN(int(q.Scale.Width().Float())+1))
		r.Answers = append(r.Answers, &surveyv1.Answer{Question: q.ID, Value: &surveyv1.Answer_Score{Score: score}})
	}
	return &surveyv1.Event{Position: position, Organization: "acme", Change: &surveyv1.Event_Response{Response: r}}
}

// BenchmarkApply measures what one event costs from the message to the committed and counted fact.
func BenchmarkApply(b *testing.B) {
	for _, spread := range []struct {
		name string
		over time.Duration
	}{{"now", time.Minute}, {"year", 365 * 24 * time.Hour}} {
		for _, batch := range []int{20, 100, 500, 2000} {
			for _, invited := range []bool{false, true} {
				b.Run(fmt.Sprintf("spread=%s/batch=%d/invited=%v", spread.name, batch, invited), func(b *testing.B) {
					benchmarkApply(b, spread.over, batch, invited, func(*surveyv1.Event) {})
				})
			}
		}
	}
	b.Run("spread=now/batch=2000/keys=12", func(b *testing.B) { benchmarkApply(b, time.Minute, 2000, false, widen) })
}

// widen states more circumstances of an event, so that its row has twelve keys.
func widen(e *surveyv1.Event) {
	c, n := e.GetResponse().GetContext(), e.GetPosition()
	c.Region, c.Company = fmt.Sprint("region-", n%9), fmt.Sprint("company-", n%4)
	c.Attributes = map[string]string{
		"age": fmt.Sprint("age-", n%7), "device": fmt.Sprint("device-", n%5), "plan": fmt.Sprint("plan-", n%6), "tenure": fmt.Sprint(n % 10),
		"tier": fmt.Sprint("tier-", n%3),
	}
}

func benchmarkApply(b *testing.B, over time.Duration, batch int, invited bool, change func(*surveyv1.Event)) {
	ctx := context.Background()
	st, err := sqlite.Open(ctx, filepath.Join(b.TempDir(), "scoring.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	applier := ingest.NewApplier(ingest.Options{
		Store: st, Board: live.New(), Catalog: fixedCatalog{benchQuestions()}, Logger: slog.New(slog.DiscardHandler),
	})
	if err := applier.Load(ctx); err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	events := make([]*surveyv1.Event, b.N)
	for i := range events {
		invitation := ""
		if invited {
			invitation = fmt.Sprintf("%016x", rng.Uint64())
		}
		events[i] = benchEvent(rng, int64(i)+1, start.Add(time.Duration(rng.Int64N(int64(over)))), invitation)
		change(events[i])
	}
	b.ResetTimer()
	before := cpuTime(b)
	for len(events) > 0 {
		n := min(batch, len(events))
		if _, err := applier.Sink(0).Apply(ctx, events[:n]); err != nil {
			b.Fatal(err)
		}
		events = events[n:]
	}
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N)/1e3, "cpu-µs/event")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// fixedCatalog knows one revision of every survey.
type fixedCatalog struct{ revision *questionnaire.Revision }

func (c fixedCatalog) Revision(context.Context, string, string, int64) (*questionnaire.Revision, error) {
	return c.revision, nil
}

func (c fixedCatalog) HistoryAfter(context.Context, string, string, time.Time) (questionnaire.History, error) {
	return questionnaire.History{Revisions: []*questionnaire.Revision{c.revision}}, nil
}

func (c fixedCatalog) Clear() {}

package api

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otklik/otklik/libs/interceptor/recovery"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/scoring/internal/live"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// watch joins a query that is answered by evaluate.
func watch(t *testing.T, evaluate answerer) (*watchers, *subscription) {
	t.Helper()
	w := newWatchers(evaluate, live.New(), WatchOptions{Interval: time.Second, Heartbeat: 10 * time.Second})
	return w, join(t, w, "")
}

func join(t *testing.T, w *watchers, cursor string) *subscription {
	t.Helper()
	sub, err := w.join(caller{organization: "acme"}, &scoringv1.ScoreQuery{Survey: "surveys/shop"}, cursor)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// watermarkOf is that of the message of an update.
func watermarkOf(t *testing.T, u update) time.Time {
	t.Helper()
	m, ok := u.message.Message.(*scoringv1.WatchScoresResponse)
	if !ok || len(m.GetScores()) != 1 {
		t.Fatalf("the message %v", u.message)
	}
	return m.GetWatermark().AsTime()
}

// TestWatchedPanic answers a query with a panic.
func TestWatchedPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, sub := watch(t, func(context.Context, caller, *scoringv1.ScoreQuery) (answer, error) {
			panic("a defect")
		})
		defer w.stop()
		synctest.Wait()
		r := sub.news()
		var caught *recovery.PanicError
		if !errors.As(r.err, &caught) || caught.Value != "a defect" || len(caught.Stack) == 0 {
			t.Errorf("%+v", r)
		}
		sub.leave()
	})
}

// TestWatchedTimeout answers a query never.
func TestWatchedTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, sub := watch(t, func(ctx context.Context, _ caller, _ *scoringv1.ScoreQuery) (answer, error) {
			<-ctx.Done()
			return answer{}, ctx.Err()
		})
		defer w.stop()
		began := time.Now()
		<-sub.news().next
		r := sub.news()
		if took := time.Since(began); took != evaluationTimeout || rpcerr.Reason(r.err) != "DEADLINE_EXCEEDED" {
			t.Errorf("after %v: %v", took, r.err)
		}
		sub.leave()
	})
}

// TestLateJoinerGetsThePresentWatermark joins a query whose scores have not changed since they were first computed.
func TestLateJoinerGetsThePresentWatermark(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var evaluated atomic.Int64
		w, first := watch(t, func(context.Context, caller, *scoringv1.ScoreQuery) (answer, error) {
			evaluated.Add(1)
			return answer{scores: []*scoringv1.Score{{N: 7}}, watermark: time.Now()}, nil
		})
		defer w.stop()
		synctest.Wait()
		early := first.news()
		if early.message == nil || early.err != nil {
			t.Fatalf("%+v", early)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if evaluated.Load() < 2 {
			t.Fatal("the query was evaluated once")
		}
		if u := first.news(); u.message != nil || u.resumed {
			t.Errorf("an equal result is news: %+v", u)
		}
		second := join(t, w, "")
		late := second.news()
		if late.message == nil || watermarkOf(t, late).Sub(watermarkOf(t, early)) < 40*time.Second {
			t.Errorf("a late reader got %+v; the first one %+v", late, early)
		}
		first.leave()
		second.leave()
	})
}

// TestJoinAfterStop refuses readers with the advice to come again.
func TestJoinAfterStop(t *testing.T) {
	t.Parallel()
	w, sub := watch(t, func(context.Context, caller, *scoringv1.ScoreQuery) (answer, error) {
		return answer{}, nil
	})
	w.stop()
	sub.leave()
	_, err := w.join(caller{organization: "acme"}, &scoringv1.ScoreQuery{}, "")
	if e, ok := rpcerr.FromError(err); !ok || e.Reason != rpcerr.ReasonShuttingDown || e.RetryAfter <= 0 {
		t.Errorf("%v", err)
	}
}

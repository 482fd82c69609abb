package api

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// TestResume leaves a query and comes back with a cursor: to the same process or another one, before and after a change, and with what is no
// cursor of the query.
func TestResume(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		evaluate := func(context.Context, caller, *scoringv1.ScoreQuery) (answer, error) {
			return answer{scores: []*scoringv1.Score{{N: n.Load(), Watermark: timestamppb.Now()}}, watermark: time.Now()}, nil
		}
		w, first := watch(t, evaluate)
		defer w.stop()
		synctest.Wait()
		u := first.news()
		if u.message == nil || u.cursor == "" || u.resumed {
			t.Fatalf("%+v", u)
		}
		other, stranger := watch(t, evaluate)
		defer other.stop()
		defer stranger.leave()
		for name, process := range map[string]*watchers{"the same process": w, "another process": other} {
			// The watermark moves on, which is no change.
			time.Sleep(time.Minute)
			same := join(t, process, u.cursor)
			synctest.Wait()
			if got := same.news(); got.message != nil || !got.resumed || got.cursor != u.cursor {
				t.Errorf("%s: nothing has changed: %+v", name, got)
			}
			if got := same.news(); got.message != nil || got.resumed {
				t.Errorf("%s: told twice: %+v", name, got)
			}
			foreign := join(t, process, "no cursor of this query")
			if got := foreign.news(); got.message == nil || got.resumed {
				t.Errorf("%s: a foreign cursor: %+v", name, got)
			}
			foreign.leave()

			n.Add(1)
			time.Sleep(time.Minute)
			synctest.Wait()
			if got := same.news(); got.message == nil || got.resumed || got.cursor == u.cursor {
				t.Errorf("%s: after a change: %+v", name, got)
			}
			back := join(t, process, u.cursor)
			if got := back.news(); got.message == nil || got.resumed || got.cursor == u.cursor {
				t.Errorf("%s: back after a change: %+v", name, got)
			}
			n.Add(-1)
			time.Sleep(time.Minute)
			synctest.Wait()
			// A reader who has had something in between must hear of what has come back.
			if got := back.news(); got.message == nil || got.resumed || got.cursor != u.cursor {
				t.Errorf("%s: after the change was undone: %+v", name, got)
			}
			same.leave()
			back.leave()
		}
		first.leave()
	})
}

// TestCursorsOfOthers holds cursors of different readers, queries and scores apart.
func TestCursorsOfOthers(t *testing.T) {
	t.Parallel()
	at := timestamppb.Now()
	scores := func(n int64) []*scoringv1.Score {
		return []*scoringv1.Score{{N: n, Watermark: at}, {N: 2, Watermark: at}}
	}
	known := make(map[string]string)
	for name, c := range map[string]struct {
		key    string
		scores []*scoringv1.Score
	}{
		"one": {"a", scores(1)}, "another query": {"b", scores(1)}, "other scores": {"a", scores(3)}, "no scores": {"a", nil}, "no query": {"", nil},
	} {
		cursor, err := cursorOf(c.key, c.scores)
		if err != nil || known[cursor] != "" || len(cursor) != 22 {
			t.Errorf("%s has the cursor of %s: %s, %v", name, known[cursor], cursor, err)
		}
		known[cursor] = name
		for _, sc := range c.scores {
			if sc.GetWatermark() != at {
				t.Errorf("%s: the watermark has gone", name)
			}
		}
	}
}

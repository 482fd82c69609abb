package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/otklik/otklik/services/access/internal/erasure"
	"github.com/otklik/otklik/services/access/internal/store"
)

// erasuresUnderWay: erasures that run are listed however old they are, those that are done by when they ended.
func erasuresUnderWay(t *testing.T, open Open) {
	s := opened(t, open)
	for i, ended := range []time.Duration{0, time.Hour, 2 * time.Hour, 3 * time.Hour} {
		e := running(acme, fmt.Sprint("e", i))
		// The one that was asked for first still runs, and those that were asked for later ended earlier.
		e.CreateTime = noon.Add(-time.Duration(i) * time.Minute)
		if ended > 0 {
			e.State, e.EndTime = erasure.Succeeded, noon.Add(ended)
		} else {
			e.CreateTime = noon.Add(-240 * time.Hour)
		}
		createErasure(t, s, e)
	}
	for since, want := range map[time.Duration][]string{time.Hour: {"e1", "e2", "e3", "e0"}, time.Hour + 1: {"e2", "e3", "e0"}, 4 * time.Hour: {"e0"}} {
		page, more, err := s.ListErasures(t.Context(), store.Query{Organization: acme, Limit: 10}, noon.Add(since))
		var got []string
		for _, e := range page {
			got = append(got, e.ID)
		}
		if err != nil || more || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("since %v: %v, want %v, more %t, %v", since, got, want, more, err)
		}
	}
	if page, more, err := s.ListErasures(t.Context(), store.Query{Organization: acme, Limit: 1}, noon.Add(time.Hour+1)); err != nil || !more || len(page) != 1 {
		t.Errorf("the first of three: %v, more %t, %v", page, more, err)
	}
	if page, _, err := s.ListErasures(t.Context(), store.Query{Organization: globex, Limit: 1}, noon); err != nil || len(page) > 0 {
		t.Errorf("of another organisation: %v, %v", page, err)
	}
}

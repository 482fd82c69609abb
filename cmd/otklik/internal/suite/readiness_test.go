package suite

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

// checksOf is a process that depends on a store, and would rather have a cache.
func checksOf(store, cache error) *process {
	return &process{checks: []check{
		{name: "store", required: true, ask: func(context.Context) error { return store }},
		{name: "cache", ask: func(context.Context) error { return cache }},
	}}
}

func TestReadinessTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	gone := errors.New("it is gone: start it")
	for name, c := range map[string]struct {
		store, cache error
		code         int
		want         condition
	}{
		"well":          {nil, nil, 200, condition{Status: "ok", Parts: map[string]string{"store": "ok"}}},
		"without cache": {nil, gone, 200, condition{Status: "ok", Parts: map[string]string{"store": "ok"}, Warnings: map[string]string{"cache": gone.Error()}}},
		"without store": {gone, nil, 503, condition{Status: "unavailable", Parts: map[string]string{"store": gone.Error()}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &ops{process: checksOf(c.store, c.cache)}
			o.started.Store(true)
			wantStatus(t, o.ready, c.code, c.want)
			if got := o.process.frontReadiness(t.Context()); len(got) != 1 || !errors.Is(got["store"], c.store) {
				t.Errorf("what the gateway is told: %v", got)
			}
		})
	}
}

func TestReadinessFollowsTheLifeOfTheProcess(t *testing.T) {
	t.Parallel()
	o := &ops{process: checksOf(nil, nil)}
	parts := func(process string) condition {
		return condition{Status: "unavailable", Parts: map[string]string{"store": "ok", "process": process}}
	}
	wantStatus(t, o.ready, 503, parts("starting"))
	o.started.Store(true)
	wantStatus(t, o.ready, 200, condition{Status: "ok", Parts: map[string]string{"store": "ok"}})
	if err := o.stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, o.ready, 503, parts("stopping"))
	wantStatus(t, o.live, 200, condition{Status: "ok"})
}

func wantStatus(t *testing.T, handler http.HandlerFunc, code int, want condition) {
	t.Helper()
	w := httptest.NewRecorder()
	handler(w, httptest.NewRequest(http.MethodGet, "/", nil))
	var got condition
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	gotText, _ := json.Marshal(got)
	wantText, _ := json.Marshal(want)
	if w.Code != code || string(gotText) != string(wantText) {
		t.Errorf("%d %s, want %d %s", w.Code, gotText, code, wantText)
	}
}

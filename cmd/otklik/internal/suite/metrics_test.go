package suite

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// TestMetricsAreForOperators starts the suite with and without a listener of the operators, and looks where the metrics are.
func TestMetricsAreForOperators(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, ops string
		public    bool
	}{{"with a listener", "127.0.0.1:0", false}, {"without one", "", true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			config := DefaultConfig()
			config.Data, config.HTTP, config.GRPC, config.Ops = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0", "127.0.0.1:0", c.ops
			ctx, stop := context.WithCancel(t.Context())
			started, ended := make(chan Ready, 1), make(chan error, 1)
			go func() { ended <- All(ctx, config, func(r Ready) { started <- r }) }()
			defer func() {
				stop()
				if err := <-ended; err != nil {
					t.Errorf("stop: %v", err)
				}
			}()
			var ready Ready
			select {
			case ready = <-started:
			case err := <-ended:
				ended <- nil
				t.Fatalf("start: %v", err)
			}
			if shown := shows(t, ready.HTTP+"/metrics"); shown != c.public {
				t.Errorf("the gateway shows metrics to its callers: %v", shown)
			}
			if c.ops != "" && !shows(t, ready.Ops+"/metrics") {
				t.Error("operators see no metrics")
			}
		})
	}
}

// shows tells whether an address gives metrics.
func shows(t *testing.T, address string) bool {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK && strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain")
}

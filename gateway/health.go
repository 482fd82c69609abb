package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// readinessTimeout bounds the check of all parts; a probe that hangs is worse than one that says no.
const readinessTimeout = 2 * time.Second

// health is the body of /healthz and /readyz.
type health struct {
	// Status is `ok` or `unavailable`.
	Status string `json:"status"`
	// Parts maps each part to `ok` or to why it is not ready.
	Parts map[string]string `json:"parts,omitempty"`
}

// serveLiveness says that the process answers. It touches nothing else: a broken store is no reason to kill the process.
func (g *Gateway) serveLiveness(x *exchange) {
	writeHealth(x, http.StatusOK, health{Status: "ok"})
}

// public is what may be shown to anybody of an error, such as *rpcclient.PeerError.
type public interface {
	error
	Public() string
}

// serveReadiness says whether requests can be answered now, and which part is in the way. Causes go to the log; what is wrong and how to mend
// it is shown where the error has words for everybody.
func (g *Gateway) serveReadiness(x *exchange, r *http.Request) {
	result, status := health{Status: "ok", Parts: map[string]string{"gateway": "ok"}}, http.StatusOK
	refuse := func(part, state string) {
		result.Status, result.Parts[part], status = "unavailable", state, http.StatusServiceUnavailable
	}
	if g.stopping.Err() != nil {
		refuse("gateway", "stopping")
	}
	if g.deps.Ready != nil {
		ctx, cancel := context.WithTimeout(r.Context(), readinessTimeout)
		defer cancel()
		for part, err := range g.deps.Ready(ctx) {
			if err == nil {
				result.Parts[part] = "ok"
				continue
			}
			state, shown := "not ready", public(nil)
			if errors.As(err, &shown) {
				state += ": " + shown.Public()
			}
			refuse(part, state)
			g.deps.Logger.LogAttrs(ctx, slog.LevelWarn, "not ready", slog.String("part", part), slog.String("error", err.Error()))
		}
	}
	writeHealth(x, status, result)
}

func writeHealth(x *exchange, status int, v health) {
	h := x.Header()
	h["Content-Type"] = typeJSON
	h["Cache-Control"] = noStore
	x.WriteHeader(status)
	// A failure to write means that the client has gone; there is nobody to tell.
	_ = json.NewEncoder(x).Encode(v)
}

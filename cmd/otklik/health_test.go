package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
)

func TestHealthTellsWhatTheProcessSays(t *testing.T) {
	for _, c := range []struct {
		name, body string
		status     int
		code       int
		want       string
	}{
		{"ready", `{"status":"ok"}`, http.StatusOK, exit.OK, `{"status":"ok"}`},
		{"not ready", `{"status":"unavailable","parts":{"survey":"nothing listens"}}`, http.StatusServiceUnavailable, exit.Failure, "nothing listens"},
		{"something else", `<html>`, http.StatusOK, exit.Failure, "no process of Otklik"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/readyz" {
					t.Errorf("asked for %s", r.URL.Path)
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			t.Setenv("OTKLIK_OPS", strings.TrimPrefix(server.URL, "http://"))
			var out, errOut bytes.Buffer
			if code := run(t.Context(), []string{"health"}, nil, &out, &errOut); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if text := out.String() + errOut.String(); !strings.Contains(text, c.want) {
				t.Errorf("it says %q, want %q", text, c.want)
			}
		})
	}
}

func TestHealthOfNobody(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	address := strings.TrimPrefix(server.URL, "http://")
	server.Close()
	t.Setenv("OTKLIK_OPS", address)
	var out, errOut bytes.Buffer
	if code := run(t.Context(), []string{"health"}, nil, &out, &errOut); code != exit.Unreachable {
		t.Errorf("exit code %d: %s", code, errOut.String())
	}
	t.Setenv("OTKLIK_OPS", "")
	if code := run(t.Context(), []string{"health"}, nil, &out, &errOut); code != exit.Usage || !strings.Contains(errOut.String(), "OTKLIK_OPS") {
		t.Errorf("exit code %d: %s", code, errOut.String())
	}
}

func TestOwnAddress(t *testing.T) {
	t.Parallel()
	for listens, want := range map[string]string{
		":8081": "127.0.0.1:8081", "0.0.0.0:8081": "127.0.0.1:8081", "[::]:8081": "[::1]:8081", "10.0.0.1:8081": "10.0.0.1:8081",
	} {
		if got, err := ownAddress(listens); err != nil || got != want {
			t.Errorf("%s: %q, %v", listens, got, err)
		}
	}
	if _, err := ownAddress("8081"); err == nil {
		t.Error("a port alone was taken for an address")
	}
}

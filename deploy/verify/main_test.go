package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOwnValuesAreChecked runs the whole verification with a values file of an operator's, sound and not.
func TestOwnValuesAreChecked(t *testing.T) {
	t.Parallel()
	binary := os.Getenv("OTKLIK_BINARY")
	if binary == "" {
		t.Fatal("OTKLIK_BINARY is not set: run make verify-deploy")
	}
	for _, c := range []struct{ values, want string }{
		{"survey: {replicas: 5}", ""},
		{"survey: {replica: 5}", "replica"},
		{"config: {scoring: {time_zones: UTC}}", "did you mean scoring.time_zone"},
		{"gateway: {resources: {requests: {cpu: 1}, limits: {memory: 1GB}}}", "limits"},
		{"gateway: {env: [{name: A, valueFrom: {fieldRef: {field: metadata.name}}}]}", "valueFrom"},
	} {
		file := filepath.Join(t.TempDir(), "mine.yaml")
		if err := os.WriteFile(file, []byte(c.values), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err := run(t.Context(), []string{"-root", filepath.Join("..", ".."), "-binary", binary, "-values", file}, &out)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.values, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), "with the values mine") || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want something about %s", c.values, err, c.want)
		}
	}
}

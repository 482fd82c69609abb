package compose

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folder copies the Compose files to where they can be changed.
func folder(t *testing.T, from, to string) string {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "deploy", "compose")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "deploy", "Dockerfile"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	changed := from == ""
	for _, name := range []string{"compose.yaml", "otklik.yaml"} {
		raw, err := os.ReadFile(filepath.Join("..", "..", "compose", name))
		if err != nil {
			t.Fatal(err)
		}
		text := string(raw)
		if from != "" && !changed && strings.Contains(text, from) {
			text, changed = strings.Replace(text, from, to, 1), true
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !changed {
		t.Fatalf("there is no %q", from)
	}
	return filepath.Join(dir, "compose.yaml")
}

func TestBrokenComposeFilesAreSeen(t *testing.T) {
	t.Parallel()
	binary := os.Getenv("OTKLIK_BINARY")
	if binary == "" {
		t.Fatal("OTKLIK_BINARY is not set: run make verify-deploy")
	}
	for _, c := range []struct{ from, to, want string }{
		{"", "", ""},
		{"read_only: true\n  cap_drop", "readonly: true\n  cap_drop", "readonly"},
		{"read_only: true\n  cap_drop", "cap_drop", "can be written to"},
		{"cap_drop: [ALL]", "cap_drop: [NET_RAW]", "capabilities"},
		{"stop_grace_period: 45s", "stop_grace_period: soon", "duration"},
		{"127.0.0.1:8080:8080", "8080:8080", "open to the whole network"},
		{"migrate: {condition: service_completed_successfully}", "migrate: {condition: service_healthy}", "it waits for migrate"},
		{"survey: {condition: service_healthy}", "surveys: {condition: service_healthy}", "surveys"},
		{"test: [CMD, redis-cli, ping]", "start_period: 3s", "no health check"},
		{"source: ./otklik.yaml", "source: ./config.yaml", "not there"},
		{"dockerfile: deploy/Dockerfile", "dockerfile: Dockerfile", "Dockerfile"},
		{"command: [gateway,", "command: [gate,", `no command "gate"`},
		{"/otklik, health", "/otklik, healthy", `no command "healthy"`},
		{"[CMD, /otklik, health", "[CMD, curl, health", "does not run the program"},
		{"target: /etc/otklik/otklik.yaml", "target: /etc/otklik/other.yaml", "none of its volumes"},
		{"addresses: [redis:6379]", "address: redis:6379", "unknown key redis.address"},
	} {
		project, err := Load(t.Context(), folder(t, c.from, c.to))
		if err == nil {
			err = Check(t.Context(), project, binary)
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.to, err, c.want)
		}
	}
}

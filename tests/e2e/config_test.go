package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otklik/otklik/tests/harness"
)

// TestConfigurationIsStrict starts every process with a key that does not exist: it must refuse and name the key.
func TestConfigurationIsStrict(t *testing.T) {
	t.Parallel()
	binary, err := harness.Binary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "otklik.yaml")
	if err := os.WriteFile(path, []byte("survey:\n  grace_perod: 1h\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"all", "survey", "scoring", "gateway", "config"} {
		out, err := harness.Command(t.Context(), binary, t.TempDir(), command, "--config", path).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "grace_perod") {
			t.Errorf("otklik %s: %v, %s: want a refusal that names grace_perod", command, err, out)
		}
	}
}

// TestConfigurationIsPrintedRedacted prints a configuration that holds a secret.
func TestConfigurationIsPrintedRedacted(t *testing.T) {
	t.Parallel()
	binary, err := harness.Binary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "otklik.yaml")
	if err := os.WriteFile(path, []byte("survey:\n  grace_period: 48h\npeers:\n  key: very-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := harness.Command(t.Context(), binary, t.TempDir(), "config", "--config", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	if text := string(out); strings.Contains(text, "very-secret") || !strings.Contains(text, "48h") {
		t.Errorf("the configuration in force: %s", text)
	}
}

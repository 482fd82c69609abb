package e2e

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/otklik/otklik/tests/harness"
)

// run runs a command to its end and returns its exit code and what it wrote.
func run(t *testing.T, s settings, command ...string) (int, string) {
	t.Helper()
	binary, err := harness.Binary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out, err := harness.Command(t.Context(), binary, t.TempDir(), append(command, "--config", s.write(t))...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		return exit.ExitCode(), string(out)
	}
	return 0, string(out)
}

// TestMigrationIsSeenBeforeItIsDone asks for the state of databases before and after they are migrated.
func TestMigrationIsSeenBeforeItIsDone(t *testing.T) {
	t.Parallel()
	s := served(t)
	for _, step := range []struct {
		command []string
		code    int
		say     []string
	}{
		{[]string{"migrate", "--status"}, 1, []string{"survey: schema survey has version 0", "scoring: schema scoring has version 0", "run otklik migrate"}},
		{[]string{"migrate"}, 0, []string{"survey: schema survey migrated from version 0", "scoring: schema scoring migrated from version 0"}},
		{[]string{"migrate", "--status"}, 0, []string{"up to date"}},
		{[]string{"migrate"}, 0, []string{"already"}},
	} {
		code, out := run(t, s, step.command...)
		if code != step.code {
			t.Errorf("otklik %s: exit code %d, want %d: %s", strings.Join(step.command, " "), code, step.code, out)
		}
		for _, part := range step.say {
			if !strings.Contains(out, part) {
				t.Errorf("otklik %s does not say %q: %s", strings.Join(step.command, " "), part, out)
			}
		}
	}
}

// TestConfigurationsThatCannotWorkAreRefused starts processes with settings that contradict each other, or that nobody knows.
func TestConfigurationsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	s := served(t)
	for name, c := range map[string]struct {
		command string
		change  settings
		say     []string
	}{
		"nothing to migrate": {"migrate", settings{"survey.postgres.dsn": "", "scoring.postgres.dsn": "", "access.postgres.dsn": ""},
			[]string{"survey.postgres.dsn", "scoring.postgres.dsn", "access.postgres.dsn"}},
		"one schema for two": {"survey", settings{"scoring.postgres.schema": "survey"}, []string{"survey.postgres", "scoring.postgres", "schema of its own"}},
		"strange schema":     {"survey", settings{"survey.postgres.schema": `a"b`}, []string{"postgres.schema"}},
		"unknown key":        {"survey", settings{"survey.postgres.dns": "x"}, []string{"unknown key survey.postgres.dns", "survey.postgres.dsn"}},
		"one port for two":   {"survey", settings{"grpc": "127.0.0.1:7", "ops": "127.0.0.1:7"}, []string{"grpc and ops", "127.0.0.1:7"}},
		"no peer":            {"scoring", settings{"peers.survey": ""}, []string{"peers.survey"}},
		"nobody who lets in": {"survey", settings{"peers.access": ""}, []string{"peers.access"}},
		"development apart":  {"survey", settings{"dev": true}, []string{"dev", "otklik all"}},
		"development abroad": {"all", settings{"dev": true, "http": ":0"}, []string{"dev", "http", "127.0.0.1"}},
		"half a certificate": {"survey", settings{"tls.server.cert_file": "a.pem"}, []string{"tls.server", "key_file"}},
		"role of services":   {"survey", settings{"auth.roles": map[string][]string{"service": {"survey.*"}}}, []string{"auth.roles", "service"}},
		"no key":             {"scoring", settings{"peers.key": ""}, []string{"peers.key", "role service"}},
		"strange peer":       {"gateway", settings{"peers.survey": "survey"}, []string{"peers.survey", "host:port"}},
		"strange Redis":      {"survey", settings{"redis.addresses": []string{"redis"}}, []string{"redis.addresses", "host:port"}},
		"no partitions":      {"survey", settings{"events.partitions": 0}, []string{"events.partitions"}},
		"half a limit":       {"survey", settings{"limits.per_key.rate": 5}, []string{"per_key.burst"}},
		"strange name":       {"survey", settings{"instance": "a b"}, []string{"instance", `"a b"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s
			if c.command == "survey" {
				s = served(t)
				migrate(t, s)
			}
			refuses(t, s.with(c.change), []string{c.command}, c.say...)
		})
	}
}

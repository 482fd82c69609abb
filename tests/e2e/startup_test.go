package e2e

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/libs/testkit/redistest"
	"github.com/otklik/otklik/tests/harness"
)

// settings is a configuration by dotted path.
type settings map[string]any

// write writes the configuration to a file and returns its path.
func (s settings) write(t *testing.T) string {
	t.Helper()
	root := make(map[string]any)
	for path, value := range s {
		inner := root
		parts := strings.Split(path, ".")
		for _, part := range parts[:len(parts)-1] {
			if inner[part] == nil {
				inner[part] = make(map[string]any)
			}
			inner = inner[part].(map[string]any)
		}
		inner[parts[len(parts)-1]] = value
	}
	raw, err := yaml.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "otklik.yaml")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// with is the configuration with some values replaced.
func (s settings) with(more settings) settings {
	all := make(settings)
	for _, from := range []settings{s, more} {
		for path, value := range from {
			all[path] = value
		}
	}
	return all
}

// startPatience is how long a process that cannot start may take to say so.
const startPatience = 20 * time.Second

// refuses runs a command that must end by itself, with a failure whose text has all parts and no secret. It returns the text.
func refuses(t *testing.T, s settings, command []string, say ...string) {
	t.Helper()
	binary, err := harness.Binary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), startPatience)
	defer cancel()
	out, err := harness.Command(ctx, binary, t.TempDir(), append(command, "--config", s.write(t))...).CombinedOutput()
	var exit *exec.ExitError
	if ctx.Err() != nil || !errors.As(err, &exit) || exit.ExitCode() == 0 {
		t.Errorf("otklik %s: %v: want a refusal: %s", strings.Join(command, " "), err, out)
	}
	// The last line is what people read first.
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	last := lines[len(lines)-1]
	for _, part := range say {
		if !strings.Contains(last, part) {
			t.Errorf("otklik %s does not name %q: %s", strings.Join(command, " "), part, out)
		}
	}
	for _, never := range []string{secretOfDSN(s), "goroutine "} {
		if never != "" && strings.Contains(string(out), never) {
			t.Errorf("otklik %s shows %q: %s", strings.Join(command, " "), never, out)
		}
	}
}

func secretOfDSN(s settings) string {
	dsn, _ := s["survey.postgres.dsn"].(string)
	u, err := url.Parse(dsn)
	if err != nil || u.User == nil {
		return ""
	}
	password, _ := u.User.Password()
	return password
}

// changed is a DSN with another part.
func changed(t *testing.T, dsn string, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

// served is a sound configuration of processes apart.
func served(t *testing.T) settings {
	t.Helper()
	dsn := pgtest.Database(t)
	return settings{
		"grpc": "127.0.0.1:0", "http": "127.0.0.1:0", "ops": "127.0.0.1:0", "data": t.TempDir(),
		"survey.postgres.dsn": dsn, "scoring.postgres.dsn": dsn, "access.postgres.dsn": dsn, "redis.addresses": []string{redistest.Address(t)}, "redis.prefix": redistest.Prefix(t),
		"peers.survey": "127.0.0.1:1", "peers.scoring": "127.0.0.1:1", "peers.access": "127.0.0.1:1", "peers.comment": "127.0.0.1:1", "peers.segmentation": "127.0.0.1:1", "peers.reporting": "127.0.0.1:1", "peers.key": harness.ServiceKey(),
		"access.vault.keys": []map[string]string{{"id": "k1", "file": vaultKey(t)}},
	}
}

// vaultKey is a file with a key-encryption key.
func vaultKey(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vault-key")
	if err := os.WriteFile(path, []byte(base64.StdEncoding.EncodeToString(make([]byte, 32))), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestVaultWithoutItsKeyIsRefused starts the access service without the key that persons' keys are encrypted with: one that made another would make
// what was written unreadable.
func TestVaultWithoutItsKeyIsRefused(t *testing.T) {
	t.Parallel()
	s := served(t)
	migrate(t, s)
	for want, keys := range map[string][]map[string]string{
		"vault.keys": {}, "no-such-file": {{"id": "k1", "file": "/no-such-file"}}, "NO_SUCH_VARIABLE": {{"id": "k1", "env": "NO_SUCH_VARIABLE"}},
	} {
		refuses(t, s.with(settings{"access.vault.keys": keys}), []string{"access"}, want)
	}
}

func migrate(t *testing.T, s settings) {
	t.Helper()
	binary, err := harness.Binary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if out, err := harness.Command(t.Context(), binary, t.TempDir(), "migrate", "--config", s.write(t)).CombinedOutput(); err != nil {
		t.Fatalf("migrate: %v: %s", err, out)
	}
}

// TestStartSaysWhatIsWrongWithTheDatabase starts services on databases that they cannot use.
func TestStartSaysWhatIsWrongWithTheDatabase(t *testing.T) {
	t.Parallel()
	s := served(t)
	dsn := s["survey.postgres.dsn"].(string)
	for name, c := range map[string]struct {
		dsn string
		say []string
	}{
		"no DSN": {"nonsense", []string{"survey.postgres.dsn"}},
		"another database": {
			changed(t, dsn, func(u *url.URL) { u.Path = "/nowhere" }), []string{"survey.postgres.dsn", "nowhere"},
		},
		"another password": {
			changed(t, dsn, func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), "wrong-secret") }), []string{"survey.postgres.dsn", "password"},
		},
		"nobody there": {
			changed(t, dsn, func(u *url.URL) { u.Host = "127.0.0.1:1" }), []string{"survey.postgres.dsn", "127.0.0.1:1"},
		},
		"no tables": {dsn, []string{"otklik migrate"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refuses(t, s.with(settings{"survey.postgres.dsn": c.dsn, "survey.postgres.start_timeout": "1s"}), []string{"survey"}, c.say...)
		})
	}
}

// TestNewerSchemaIsRefused starts services on tables that a later release has migrated.
func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	s := served(t)
	migrate(t, s)
	// Again, as the next roll-out does.
	migrate(t, s)
	for _, service := range []string{"survey", "scoring", "access"} {
		pgtest.Exec(t, s["survey.postgres.dsn"].(string), "INSERT INTO "+service+".goose_db_version (version_id, is_applied) VALUES (999, true)")
		refuses(t, s, []string{service}, "999", "release")
	}
	refuses(t, s, []string{"migrate"}, "999", "release")
}

// TestPortsThatAreTaken starts processes on an address on which somebody listens.
func TestPortsThatAreTaken(t *testing.T) {
	t.Parallel()
	s := served(t)
	migrate(t, s)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	taken := listener.Addr().String()
	for command, setting := range map[string]string{"survey": "grpc", "gateway": "http", "scoring": "ops", "access": "grpc"} {
		refuses(t, s.with(settings{setting: taken}), []string{command}, taken, "in use", setting)
	}
}

// TestRedisThatIsNone starts services with a Redis that is not there, and with one that is something else: they say so at once, or in their
// readiness.
func TestRedisThatIsNone(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{"nobody there": "127.0.0.1:1", "something else": garbage(t)} {
		for _, part := range []harness.Part{harness.Survey, harness.Scoring, harness.Access} {
			t.Run(name+"/"+string(part), func(t *testing.T) {
				t.Parallel()
				s := served(t)
				migrate(t, s)
				says(t, part, s.with(settings{"redis.addresses": []string{address}}), "redis.addresses", address)
			})
		}
	}
}

// TestPeerThatIsNone starts the gateway in front of services that are not there, or are something else.
func TestPeerThatIsNone(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{"nobody there": "127.0.0.1:1", "something else": garbage(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			says(t, harness.Gateway, served(t).with(settings{"peers.survey": address}), "peers.survey", address)
		})
	}
}

// TestOtherNumberOfPartitionsIsRefused starts the suite again with a log that is divided into another number of partitions.
func TestOtherNumberOfPartitionsIsRefused(t *testing.T) {
	t.Parallel()
	s := openShop(t, harness.Options{Layout: harness.Apart, Settings: map[string]any{"events.partitions": 4}})
	s.answer(t, "a", 9)
	dsn := s.DSN()
	if err := s.Stop(patience); err != nil {
		t.Fatal(err)
	}
	says(t, harness.Scoring, served(t).with(settings{
		"survey.postgres.dsn": dsn, "scoring.postgres.dsn": dsn, "access.postgres.dsn": dsn, "comment.postgres.dsn": dsn, "redis.prefix": s.Prefix(), "peers.survey": "127.0.0.1:1", "events.partitions": 8,
	}), "events.partitions", "4", "8")
}

// garbage is the address of a server that answers every connection with something that nobody asked for.
func garbage(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("220 mail.example.com ESMTP ready\r\n"))
			go func() {
				<-time.After(time.Second)
				_ = conn.Close()
			}()
		}
	}()
	return listener.Addr().String()
}

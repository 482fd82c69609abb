package client

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
)

func TestParseServer(t *testing.T) {
	for in, want := range map[string]Server{
		"127.0.0.1:9090":             {Address: "127.0.0.1:9090"},
		"grpc://otklik.example:9090": {Address: "otklik.example:9090"},
		"grpcs://otklik.example:443": {TLS: true, Address: "otklik.example:443"},
		"[::1]:9090":                 {Address: "[::1]:9090"},
		"dns:///otklik:9090":         {Address: "dns:///otklik:9090"},
		"http://127.0.0.1:8080/":     {REST: true, Address: "http://127.0.0.1:8080"},
		" https://otklik.example ":   {REST: true, TLS: true, Address: "https://otklik.example"},
	} {
		if got, err := ParseServer(in); err != nil || got != want {
			t.Errorf("%q: %+v, %v, want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "localhost", "127.0.0.1:", ":9090", "ftp://x:1", "grpc://"} {
		if got, err := ParseServer(in); err == nil || exit.Code(err) != exit.Usage {
			t.Errorf("%q: %+v, %v", in, got, err)
		}
	}
}

// writeProfiles writes a profile file and returns the home folder it is in.
func writeProfiles(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	home := t.TempDir()
	folder := filepath.Join(home, ".config", "otklik")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "profiles.yaml")
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return home
}

const profiles = `
profiles:
  default: {server: "default.example:1", key: default-key}
  work: {server: "https://work.example", key: work-key}
  other: {server: "other.example:3"}
`

func TestResolvePrecedence(t *testing.T) {
	home := writeProfiles(t, profiles, 0o600)
	if err := os.WriteFile(filepath.Join(home, "key"), []byte("file-key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		options     Options
		vars        map[string]string
		server, key string
	}{
		"profile default":                    {Options{}, nil, "default.example:1", "default-key"},
		"profile by flag":                    {Options{Profile: "work"}, nil, "https://work.example", "work-key"},
		"profile by environment":             {Options{}, map[string]string{EnvProfile: "work"}, "https://work.example", "work-key"},
		"profile flag before environment":    {Options{Profile: "work"}, map[string]string{EnvProfile: "other"}, "https://work.example", "work-key"},
		"environment before profile":         {Options{}, map[string]string{EnvServer: "env.example:2", EnvKey: "env-key"}, "env.example:2", "env-key"},
		"flags before environment":           {Options{Server: "flag.example:4", Key: "flag-key"}, map[string]string{EnvServer: "env.example:2", EnvKey: "env-key"}, "flag.example:4", "flag-key"},
		"key of the environment":             {Options{Profile: "other"}, map[string]string{EnvKey: "env-key"}, "other.example:3", "env-key"},
		"server of a flag, key of a profile": {Options{Server: "flag.example:4", Profile: "work"}, nil, "flag.example:4", "work-key"},
		"same server as the profile":         {Options{Server: "default.example:1"}, nil, "default.example:1", "default-key"},
		"ready line":                         {Options{Server: `{"http":"http://h:1","grpc":"h:2","key":"ready-key"}`}, nil, "h:2", "ready-key"},
		"ready line of a later start":        {Options{Server: `{"grpc":"h:2","key_file":"` + filepath.Join(home, "key") + `"}`}, nil, "h:2", "file-key"},
		"ready line and a key":               {Options{Server: `{"http":"http://h:1"}`, Key: "flag-key"}, nil, "http://h:1", "flag-key"},
	} {
		t.Run(name, func(t *testing.T) {
			getenv := func(v string) string {
				if v == "HOME" {
					return home
				}
				return c.vars[v]
			}
			got, err := c.options.Resolve(getenv)
			if err != nil || got.Server.Address != c.server || got.Key != c.key {
				t.Errorf("%+v, %v, want %s %s", got, err, c.server, c.key)
			}
		})
	}
}

func TestResolveErrors(t *testing.T) {
	long := writeProfiles(t, profiles, 0o600)
	for want, c := range map[string]struct {
		home    string
		options Options
	}{
		// The key of a profile goes to no other server.
		"no key for flag.example:4":          {long, Options{Server: "flag.example:4"}},
		"no key for 127.0.0.1:9090":          {t.TempDir(), Options{}},
		`has no profile "nope"`:              {long, Options{Profile: "nope"}},
		"no such file or directory":          {t.TempDir(), Options{Profile: "work"}},
		"chmod 600":                          {writeProfiles(t, profiles, 0o644), Options{}},
		"line 2: unknown key servr":          {writeProfiles(t, "profiles:\n  default: {servr: x}\n", 0o600), Options{}},
		"both key and key_file":              {writeProfiles(t, "profiles:\n  default: {key: x, key_file: y}\n", 0o600), Options{}},
		"y: no such file or directory":       {writeProfiles(t, "profiles:\n  default: {key_file: y}\n", 0o600), Options{}},
		"either --key or --key-file":         {long, Options{Key: "a", KeyFile: "b"}},
		"characters that no key has":         {long, Options{Key: "a b"}},
		"looks like a ready line and is not": {long, Options{Server: "{", Key: "a"}},
	} {
		_, err := c.options.Resolve(func(v string) string {
			if v == "HOME" {
				return c.home
			}
			return ""
		})
		if err == nil || !strings.Contains(err.Error(), want) || exit.Code(err) != exit.Usage {
			t.Errorf("%v (exit code %d), want %q", err, exit.Code(err), want)
		}
	}
}

func TestResolveKeyFile(t *testing.T) {
	home := writeProfiles(t, "profiles:\n  default: {server: 'a.example:1', key_file: secret}\n", 0o600)
	if err := os.WriteFile(filepath.Join(home, ".config", "otklik", "secret"), []byte("file-key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var o Options
	got, err := o.Resolve(func(v string) string {
		if v == "XDG_CONFIG_HOME" {
			return filepath.Join(home, ".config")
		}
		return ""
	})
	if err != nil || got.Key != "file-key" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestConnectErrors(t *testing.T) {
	folder := t.TempDir()
	empty := filepath.Join(folder, "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, e := range map[string]Endpoint{
		"--ca needs a server with TLS":    {Server: Server{Address: "a:1"}, CA: empty},
		"holds no certificate":            {Server: Server{Address: "a:1", TLS: true}, CA: empty},
		"read certificates":               {Server: Server{Address: "a:1", TLS: true}, CA: filepath.Join(folder, "nope.pem")},
		"is not the address of a REST AP": {Server: Server{Address: "http://a b", REST: true}},
	} {
		if _, err := Connect(e); err == nil || !strings.Contains(err.Error(), want) || exit.Code(err) != exit.Usage {
			t.Errorf("%+v: %v, want %q", e, err, want)
		}
	}
}

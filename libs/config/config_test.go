package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"

	"github.com/otklik/otklik/libs/config"
)

type server struct {
	Address  string        `koanf:"address" doc:"Where to listen."`
	Timeout  time.Duration `koanf:"timeout" doc:"How long to wait."`
	MaxCalls int           `koanf:"max_calls" doc:"How many calls | at once."`
	Debug    bool          `koanf:"debug" doc:"Whether to say more."`
	Ratio    float64       `koanf:"ratio" doc:"A share."`
}

type key struct {
	ID     string   `koanf:"id" doc:"Name."`
	Secret string   `koanf:"secret" secret:"true" doc:"What proves it."`
	Roles  []string `koanf:"roles" doc:"What it may."`
}

type sample struct {
	HTTP  server              `koanf:"http" doc:"unused"`
	Data  string              `koanf:"data" doc:"Folder."`
	Token string              `koanf:"token" secret:"true" doc:"A secret."`
	Tags  []string            `koanf:"tags" doc:"Words."`
	Keys  []key               `koanf:"keys" doc:"Who may call."`
	Roles map[string][]string `koanf:"roles" doc:"What roles may."`
}

func defaults() sample {
	return sample{
		HTTP:  server{Address: ":8080", Timeout: 30 * time.Second, MaxCalls: 10, Ratio: 0.5},
		Data:  "data",
		Tags:  []string{"a", "b"},
		Roles: map[string][]string{"app": {"survey.*"}, "admin": {"*"}},
	}
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaultsComeThroughUnchanged(t *testing.T) {
	got, err := config.Load(defaults())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(defaults(), got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestPrecedence(t *testing.T) {
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	flags.String("http", "", "")
	flags.Int("calls", 99, "")
	if err := flags.Parse([]string{"--http", "flag:4"}); err != nil {
		t.Fatal(err)
	}
	got, err := config.Load(defaults(),
		config.WithFile(writeFile(t, `
http: {address: "file:2", timeout: 5s, max_calls: 20}
data: from-file
tags: [x]
keys:
  - {id: k1, secret: s1, roles: [app]}
roles: {app: [scoring.*]}
`)),
		config.WithEnviron([]string{"OTKLIK_HTTP_ADDRESS=env:3", "OTKLIK_HTTP_MAX_CALLS=30", "OTKLIK_HTTP_DEBUG=true", "OTKLIK_HTTP_RATIO=0.25", "OTHER=1",
			"OTKLIK_TAGS=p, q", "OTKLIK_PROFILE=mine"}, "OTKLIK_PROFILE"),
		config.WithFlags(flags, map[string]string{"http": "http.address", "calls": "http.max_calls"}))
	if err != nil {
		t.Fatal(err)
	}
	want := sample{
		HTTP:  server{Address: "flag:4", Timeout: 5 * time.Second, MaxCalls: 30, Debug: true, Ratio: 0.25},
		Data:  "from-file",
		Tags:  []string{"p", "q"},
		Keys:  []key{{ID: "k1", Secret: "s1", Roles: []string{"app"}}},
		Roles: map[string][]string{"app": {"scoring.*"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestListOfStructsFromEnvironment(t *testing.T) {
	got, err := config.Load(defaults(), config.WithEnviron([]string{`OTKLIK_KEYS=[{id: a, roles: [app]}, {id: b}]`}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]key{{ID: "a", Roles: []string{"app"}}, {ID: "b"}}, got.Keys); diff != "" {
		t.Error(diff)
	}
}

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		name, file string
		environ    []string
		want       []string
	}{
		{name: "unknown key", file: "http: {max_cals: 3}", want: []string{"unknown key http.max_cals", "did you mean http.max_calls?"}},
		{name: "unknown key far from all", file: "zebra_crossing: 3", want: []string{"unknown key zebra_crossing"}},
		{name: "several unknown keys", file: "datum: x\nhttp: {addrss: y}", want: []string{"datum, did you mean data?", "http.addrss, did you mean http.address?"}},
		{name: "unknown key in a list", file: "keys: [{id: a}, {idd: b}]", want: []string{"unknown key keys[1].idd", "did you mean keys[1].id?"}},
		{name: "duration without unit", file: "http: {timeout: 30}", want: []string{"timeout", "unit"}},
		{name: "text for a number", file: "http: {max_calls: many}", want: []string{"max_calls"}},
		{name: "fraction for a whole number", file: "http: {max_calls: 1.5}", want: []string{"whole number"}},
		{name: "number for a text", file: "data: 5", want: []string{"data"}},
		{name: "value for a group", file: "http: 5", want: []string{"http"}},
		{name: "no YAML", file: "{", want: []string{"read "}},
		{name: "unknown variable", environ: []string{"OTKLIK_HTTP_ADDRSS=x"}, want: []string{"OTKLIK_HTTP_ADDRSS", "did you mean OTKLIK_HTTP_ADDRESS?"}},
		{name: "malformed variable", environ: []string{"OTKLIK_HTTP_MAX_CALLS=x"}, want: []string{"OTKLIK_HTTP_MAX_CALLS", "whole number"}},
		{name: "malformed boolean", environ: []string{"OTKLIK_HTTP_DEBUG=maybe"}, want: []string{"OTKLIK_HTTP_DEBUG"}},
		{name: "malformed duration", environ: []string{"OTKLIK_HTTP_TIMEOUT=5"}, want: []string{"timeout", "unit"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			opts := []config.Option{config.WithEnviron(tc.environ)}
			if tc.file != "" {
				opts = append(opts, config.WithFile(writeFile(t, tc.file)))
			}
			_, err := config.Load(defaults(), opts...)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not contain %q", err, want)
				}
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "absent.yaml")
	if _, err := config.Load(defaults(), config.WithFile(path)); err == nil {
		t.Error("a missing file was accepted")
	}
}

func TestRedacted(t *testing.T) {
	cfg := defaults()
	cfg.Token = "hush"
	cfg.Keys = []key{{ID: "k1", Secret: "hush too"}, {ID: "k2"}}
	out, err := config.Redacted(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(out), "hush") {
		t.Errorf("a secret is shown:\n%s", out)
	}
	for _, want := range []string{"token: REDACTED", "secret: REDACTED", `secret: ""`, "timeout: 30s", "max_calls: 10"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	// What is printed can be loaded again.
	cfg.Token, cfg.Keys[0].Secret = "REDACTED", "REDACTED"
	again, err := config.Load(sample{}, config.WithFile(writeFile(t, string(out))))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(cfg, again, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestDocument(t *testing.T) {
	out, err := config.Document(defaults())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| `http.timeout` | `OTKLIK_HTTP_TIMEOUT` | `30s` | How long to wait. |\n",
		"| `http.max_calls` | `OTKLIK_HTTP_MAX_CALLS` | `10` | How many calls \\| at once. |\n",
		"| `tags` | `OTKLIK_TAGS` | `[a, b]` | Words. |\n",
		"Who may call. Each element: `id`: Name.",
		"| `http.debug` | `OTKLIK_HTTP_DEBUG` | `false` |",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestDocumentTellsZeroOfNumbersOnly(t *testing.T) {
	out, err := config.Document(struct {
		Rate float64 `koanf:"rate" doc:"How often."`
		Name string  `koanf:"name" doc:"Who."`
	}{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| `rate` | `OTKLIK_RATE` | `0` |", "| `name` | `OTKLIK_NAME` |  |"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestStructFaults(t *testing.T) {
	type untagged struct{ A string }
	type clash struct {
		A struct {
			B string `koanf:"b_c"`
		} `koanf:"a"`
		D struct {
			E string `koanf:"c"`
		} `koanf:"a_b"`
	}
	type undocumented struct {
		A string `koanf:"a"`
	}
	if _, err := config.Load(untagged{}); err == nil {
		t.Error("a field without a key was accepted")
	}
	if _, err := config.Load(clash{}); err == nil || !strings.Contains(err.Error(), "OTKLIK_A_B_C") {
		t.Errorf("two keys with one environment variable: %v", err)
	}
	if _, err := config.Document(undocumented{}); err == nil {
		t.Error("a field without documentation was accepted")
	}
	if _, err := config.Load(5); err == nil {
		t.Error("a number was accepted as configuration struct")
	}
}

// Package house holds the rules of the tree as tests: which room may import which, and what every RPC looks like.
package house

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

const module = "github.com/otklik/otklik/"

// listed is what `go list` says of one package.
type listed struct {
	ImportPath   string
	Name         string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// arrow forbids imports: no package that matches from may import one that matches to, unless it matches except.
type arrow struct {
	from, to, except string
	why              string
	tests            bool // whether test files are held to it too
}

var arrows = []arrow{
	{
		from: `^proto/gen/go/otklik/`, to: `^proto/gen/go/otklik/`, except: `^proto/gen/go/otklik/type/`,
		why: "a proto package refers to another service's things by resource name",
	},
	{
		from: `^libs/`, to: `^(services|gateway|cmd|tests|proto)/`,
		why: "the platform kit knows nothing of the business", tests: true,
	},
	{
		from: `^services/`, to: `^(gateway|cmd|tests)(/|$)`,
		why: "a service does not know who composes or fronts it", tests: true,
	},
	{
		from: `^services/`, to: `^(github\.com/redis/|libs/(rediskit|eventlog/redislog)$)`,
		why: "what goes through Redis is handed to a service by who composes it", tests: true,
	},
	{
		from: `^services/[a-z]+/internal/(NOUN)`, to: `^(google\.golang\.org/(grpc|protobuf)|database/sql|github\.com/(jackc|redis)/|go\.opentelemetry\.io/|modernc\.org/sqlite|proto/gen/|libs/(rpc|sqlkit|pgkit|telemetry))`,
		why: "the logic is free of transport, storage and telemetry", tests: true,
	},
	{
		from: `^services/[a-z]+/internal/store`, to: `^(proto/gen/|google\.golang\.org/grpc|services/[a-z]+/internal/(api|ingest))`,
		why: "a store knows records, not messages or handlers", tests: true,
	},
	{
		from: `^gateway`, to: `^(services|cmd|tests)/`,
		why: "the gateway speaks to services through their stubs", tests: true,
	},
	{
		from: `^tests/(e2e|faults|harness|load)`, to: `^(services|gateway|cmd)(/|$)`,
		why: "these tests see the suite from outside", tests: true,
	},
}

var (
	roomOfService = regexp.MustCompile(`^services/([a-z]+)(/|$)`)
	notNoun       = regexp.MustCompile(`^services/[a-z]+/internal/(api|follow|ingest|peers|store|surveys)(/|$)`)
	junkDrawer    = regexp.MustCompile(`^(util|utils|common|helper|helpers|base|shared|misc|types)$`)
)

func TestArrows(t *testing.T) {
	t.Parallel()
	for _, p := range listPackages(t) {
		from := strings.TrimPrefix(p.ImportPath, module)
		if junkDrawer.MatchString(p.Name) {
			t.Errorf("%s: no package is called %s: name it by what it is", from, p.Name)
		}
		check := func(imports []string, test bool) {
			for _, i := range imports {
				to := strings.TrimPrefix(i, module)
				if why := forbidden(from, to, test); why != "" {
					t.Errorf("%s -> %s: %s", from, to, why)
				}
			}
		}
		check(p.Imports, false)
		check(p.TestImports, true)
		check(p.XTestImports, true)
	}
}

// forbidden says why from may not import to; empty when it may.
func forbidden(from, to string, test bool) string {
	own := roomOfService.FindStringSubmatch(from)
	if other := roomOfService.FindStringSubmatch(to); own != nil && other != nil && own[1] != other[1] {
		return "a service calls another through its stubs"
	}
	for _, a := range arrows {
		if test && !a.tests {
			continue
		}
		pattern := a.from
		if strings.Contains(pattern, "(NOUN)") {
			if notNoun.MatchString(from) {
				continue
			}
			pattern = strings.Replace(pattern, "(NOUN)", "[a-z]+", 1)
		}
		if !regexp.MustCompile(pattern).MatchString(from) || !regexp.MustCompile(a.to).MatchString(to) {
			continue
		}
		if a.except != "" && regexp.MustCompile(a.except).MatchString(to) {
			continue
		}
		return a.why
	}
	return ""
}

func TestForbiddenArrowsAreSeen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		refused  bool
	}{
		{"services/scoring/internal/ingest", "services/survey", true},
		{"services/scoring/internal/metric", "google.golang.org/grpc/codes", true},
		{"services/scoring/internal/metric", "libs/pgkit", true},
		{"services/scoring/internal/metric", "github.com/jackc/pgx/v5", true},
		{"services/scoring/internal/metric", "libs/stat", false},
		{"services/scoring", "libs/rediskit", true},
		{"services/scoring", "libs/eventlog", false},
		{"cmd/otklik/internal/suite", "libs/rediskit", false},
		{"services/scoring/internal/api", "proto/gen/go/otklik/survey/v1", false},
		{"services/survey/internal/store/sqlite", "proto/gen/go/otklik/survey/v1", true},
		{"libs/page", "proto/gen/go/otklik/type/v1", true},
		{"proto/gen/go/otklik/scoring/v1", "proto/gen/go/otklik/survey/v1", true},
		{"proto/gen/go/otklik/scoring/v1", "proto/gen/go/otklik/type/v1", false},
		{"gateway", "services/survey", true},
		{"cmd/otklik", "services/survey", false},
		{"tests/e2e", "gateway", true},
	} {
		if got := forbidden(c.from, c.to, false) != ""; got != c.refused {
			t.Errorf("%s -> %s: refused = %v, want %v", c.from, c.to, got, c.refused)
		}
	}
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Imports,TestImports,XTestImports", "./...", "./proto/gen/go/...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list packages: %v", err)
	}
	var packages []listed
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("decode go list: %v", err)
		}
		packages = append(packages, p)
	}
	if len(packages) < 10 {
		t.Fatalf("go list found only %d packages", len(packages))
	}
	return packages
}

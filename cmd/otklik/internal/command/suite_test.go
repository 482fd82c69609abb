package command

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/cmd/otklik/internal/suite"
	"github.com/otklik/otklik/libs/testkit"
)

// startSuite runs the whole suite in this process, on an empty folder, until the test ends.
func startSuite(t *testing.T) suite.Ready {
	t.Helper()
	ready, _ := startSuiteOn(t, filepath.Join(t.TempDir(), "data"))
	return ready
}

// startSuiteOn runs the whole suite in this process, on a folder, until it is stopped or the test ends.
func startSuiteOn(t *testing.T, folder string) (suite.Ready, func()) {
	t.Helper()
	config := suite.DefaultConfig()
	config.Data = folder
	config.HTTP, config.GRPC = "127.0.0.1:0", "127.0.0.1:0"
	config.Telemetry.LogLevel = "error"
	config.Server.Linger, config.Gateway.DrainLinger = 0, 0
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan suite.Ready, 1), make(chan error, 1)
	go func() { done <- suite.All(ctx, config, func(r suite.Ready) { ready <- r }) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the suite ended with %v", err)
		}
	})
	t.Cleanup(stop)
	select {
	case r := <-ready:
		if r.Key == "" {
			r.Key = strings.TrimSpace(readFile(t, r.KeyFile))
		}
		return r, stop
	case err := <-done:
		done <- nil
		t.Fatalf("the suite did not start: %v", err)
	case <-time.After(time.Minute):
		t.Fatal("the suite did not start within a minute")
	}
	return suite.Ready{}, stop
}

// result is what a command did.
type result struct {
	out, err string
	code     int
}

// shell runs commands as a user of this server would.
type shell struct {
	t    *testing.T
	vars map[string]string
}

func newShell(t *testing.T, server, key string) *shell {
	return &shell{t: t, vars: map[string]string{"OTKLIK_SERVER": server, "OTKLIK_KEY": key, "HOME": t.TempDir()}}
}

// root is as much of the command line as the commands of this package need.
func (s *shell) root() *cobra.Command {
	env := Env{Getenv: func(name string) string { return s.vars[name] }}
	root := &cobra.Command{Use: "otklik", SilenceErrors: true, SilenceUsage: true}
	survey := &cobra.Command{Use: "survey"}
	survey.AddCommand(NewSurveyCommands(env)...)
	comment := &cobra.Command{Use: "comment"}
	comment.AddCommand(NewCommentCommands(env)...)
	root.AddCommand(survey, comment, NewScoreCommand(env), NewCompareCommand(env), NewRankCommand(env), NewDefinitionsCommand(env),
		NewAlertsCommand(env), NewCasesCommand(env), NewRecoveriesCommand(env), NewTimelineCommand(env), NewPurchasesCommand(env), NewRetentionCommand(env), NewReportCommand(env), NewOperationsCommand(env), NewLightsCommand(env), NewDirectoryCommand(env), NewSegmentsCommand(env),
		NewInterviewsCommand(env), NewDigestsCommand(env), NewFactsCommand(env), NewMomentsCommand(env), NewExportCommand(env), NewImportCommand(env), NewDeadLettersCommand(env),
		NewKeysCommand(env), NewMembersCommand(env), NewInvitationsCommand(env), NewAuditCommand(env), NewPrivacyCommand(env), NewConsentCommand(env),
		NewWebhooksCommand(env), NewWhoamiCommand(env), NewUsageCommand(env))
	return root
}

func (s *shell) run(args ...string) result {
	s.t.Helper()
	return s.runContext(s.t.Context(), args...)
}

func (s *shell) runContext(ctx context.Context, args ...string) result {
	s.t.Helper()
	return s.runWith(ctx, strings.NewReader(""), args...)
}

// runWith runs a command with this standard input.
func (s *shell) runWith(ctx context.Context, in io.Reader, args ...string) result {
	s.t.Helper()
	var out, errOut bytes.Buffer
	root := s.root()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&errOut)
	root.SetIn(in)
	err := root.ExecuteContext(ctx)
	exit.Report(&errOut, err)
	return result{out: out.String(), err: errOut.String(), code: exit.Code(err)}
}

// ok runs a command that must succeed.
func (s *shell) ok(args ...string) string {
	s.t.Helper()
	r := s.run(args...)
	if r.code != 0 {
		s.t.Fatalf("otklik %s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.out, r.err)
	}
	return r.out
}

// message runs a command that prints an API message and reads it back, strictly: nothing but the API's fields.
func message[M proto.Message](s *shell, m M, args ...string) M {
	s.t.Helper()
	out := s.ok(append(args, "--json")...)
	if err := protojson.Unmarshal([]byte(out), m); err != nil {
		s.t.Fatalf("otklik %s: %v in\n%s", strings.Join(args, " "), err, out)
	}
	return m
}

func readJSON(t *testing.T, text string, v any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
}

// example is the path of a file of the project's examples.
func example(t *testing.T, name string) string {
	t.Helper()
	root, err := testkit.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, "examples", filepath.FromSlash(name))
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// testTimeout bounds waits that end long before on any machine.
const testTimeout = time.Minute

func itoa(n int) string { return strconv.Itoa(n) }

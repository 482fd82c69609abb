package command

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/libs/testkit"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// overBoth runs a test with the commands speaking gRPC and REST.
func overBoth(t *testing.T, test func(t *testing.T, s *shell)) {
	ready := startSuite(t)
	for name, server := range map[string]string{"grpc": ready.GRPC, "rest": ready.HTTP} {
		t.Run(name, func(t *testing.T) { test(t, newShell(t, server, ready.Key)) })
	}
}

// A key does what its roles say, under each of its secrets, and nothing any more once it is revoked.
func TestKeysFromTheirMakingToTheirEnd(t *testing.T) {
	overBoth(t, func(t *testing.T, s *shell) {
		id := "report-" + filepath.Base(t.Name())
		made := message(s, &accessv1.CreateApiKeyResponse{}, "keys", "create", "Report", "--kind", "secret", "--role", "viewer", "--unit", "location=osh", "--id", id)
		if made.GetSecret() == "" || made.GetApiKey().GetUnits().GetLocations()[0] != "osh" {
			t.Fatalf("%v", made)
		}
		who := s.ok("whoami", "--key", made.GetSecret())
		if !strings.Contains(who, "apiKeys/"+id) || !strings.Contains(who, "location=osh") || !strings.Contains(who, "scoring.scores.query") {
			t.Errorf("%s", who)
		}
		if r := s.run("keys", "list", "--key", made.GetSecret()); r.code != exit.Refused {
			t.Errorf("a viewer lists keys: %+v", r)
		}
		if out := s.ok("keys", "list"); !strings.Contains(out, id) || strings.Contains(out, made.GetSecret()) {
			t.Errorf("%s", out)
		}
		changed := message(s, &accessv1.UpdateApiKeyResponse{}, "keys", "update", id, "--name", "Reports", "--unit", "")
		if k := changed.GetApiKey(); k.GetDisplayName() != "Reports" || k.GetUnits() != nil || k.GetRoles()[0] != "viewer" {
			t.Errorf("%v", k)
		}
		rotated := message(s, &accessv1.RotateApiKeyResponse{}, "keys", "rotate", id, "--overlap", "1h")
		for _, secret := range []string{made.GetSecret(), rotated.GetSecret()} {
			s.ok("whoami", "--key", secret)
		}
		if out := s.ok("keys", "show", id); strings.Count(out, "secret ") != 2 || !strings.Contains(out, rotated.GetSecret()[len(rotated.GetSecret())-4:]) {
			t.Errorf("%s", out)
		}
		s.ok("keys", "revoke", id)
		testkit.Eventually(t, 15*time.Second, func() error {
			for _, secret := range []string{made.GetSecret(), rotated.GetSecret()} {
				if r := s.run("whoami", "--key", secret); r.code != exit.Refused {
					return fmt.Errorf("the secret still works: %+v", r)
				}
			}
			return nil
		})
	})
}

func TestMembersFromTheCommandLine(t *testing.T) {
	overBoth(t, func(t *testing.T, s *shell) {
		id := "m-" + filepath.Base(t.Name())
		s.ok("members", "add", "--id", id, "--email", id+"@shop.example", "--role", "manager", "--unit", "location=osh")
		if r := s.run("members", "add", "--email", "b@shop.example", "--role", "manager"); r.code != exit.Refused || !strings.Contains(r.err, "UNITS_REQUIRED") {
			t.Errorf("a manager of everything: %+v", r)
		}
		if r := s.run("members", "update", id, "--role", "target_owner,definition_editor"); r.code != exit.Refused || !strings.Contains(r.err, "ROLES_CONFLICT") {
			t.Errorf("who owns targets defines them: %+v", r)
		}
		s.ok("members", "update", id, "--disabled")
		if out := s.ok("members", "list"); !strings.Contains(out, "disabled") || !strings.Contains(out, id+"@shop.example") {
			t.Errorf("%s", out)
		}
		s.ok("members", "remove", id)
		if out := s.ok("members", "list"); strings.Contains(out, id) {
			t.Errorf("%s", out)
		}
	})
}

// What was done stands in the log, whose export and whose verification agree.
func TestAuditFromTheCommandLine(t *testing.T) {
	overBoth(t, func(t *testing.T, s *shell) {
		s.ok("members", "add", "--subject", t.Name(), "--role", "viewer")
		if out := s.ok("audit", "list", "--method", "CreateMember"); !strings.Contains(out, "succeeded") || !strings.Contains(out, "first") {
			t.Errorf("%s", out)
		}
		verified := s.ok("audit", "verify")
		hash := strings.TrimSpace(verified[strings.Index(verified, "hash ")+5:])
		if out := s.ok("audit", "verify", "--known", hash); !strings.Contains(out, "intact") {
			t.Errorf("%s", out)
		}
		if r := s.run("audit", "verify", "--known", strings.Repeat("ab", 32)); r.code != exit.Failure || !strings.Contains(r.out, "NOT INTACT") {
			t.Errorf("an unknown hash: %+v", r)
		}
		file := filepath.Join(t.TempDir(), "audit.csv")
		s.ok("audit", "export", "--format", "csv", "-o", file)
		if text := readFile(t, file); !strings.Contains(text, hash) {
			t.Errorf("the export lacks the hash %s", hash)
		}
		if out := s.ok("audit", "export", "--after", "1"); !strings.Contains(out, `"sequence":"2"`) || strings.Contains(out, `"sequence":"1"`) {
			t.Errorf("%s", out)
		}
	})
}

// Whoever asks gets what is kept, and then is forgotten.
func TestPrivacyFromTheCommandLine(t *testing.T) {
	overBoth(t, func(t *testing.T, s *shell) {
		who := "customer-" + filepath.Base(t.Name())
		mapping := writeFile(t, "shop.yaml", strings.Replace(shopMapping, "response:\n", "response:\n  respondent: \"{who}\"\n", 1))
		data := writeFile(t, "shop.csv", "no,date,nps,why,who\n"+who+",2026-01-02,9,nice,"+who+"\n")
		s.ok("import", "--mapping", mapping, data)
		s.ok("consent", "record", who, "--purpose", "contact", "--granted", "--evidence", "form K-3")
		if out := s.ok("consent", "show", who); !strings.Contains(out, "contact") || !strings.Contains(out, "form K-3") {
			t.Errorf("%s", out)
		}
		if out := s.ok("privacy", "export", who); !strings.Contains(out, "nice") || !strings.Contains(out, "form K-3") {
			t.Errorf("%s", out)
		}
		receipt := s.ok("privacy", "erase", who, "--reason", "request 17")
		if !strings.Contains(receipt, "succeeded") || !strings.Contains(receipt, "responses") || strings.Contains(receipt, who) {
			t.Errorf("%s", receipt)
		}
		if out := s.ok("privacy", "export", who); strings.Contains(out, "nice") || strings.Contains(out, "form K-3") {
			t.Errorf("after the erasure: %s", out)
		}
		if out := s.ok("privacy", "list"); !strings.Contains(out, "request 17") {
			t.Errorf("%s", out)
		}
		message(s, &surveyv1.GetUsageResponse{}, "usage")
	})
}

func TestInvitationsFromTheCommandLine(t *testing.T) {
	overBoth(t, func(t *testing.T, s *shell) {
		s.ok("import", "--mapping", writeFile(t, "shop.yaml", shopMapping), writeFile(t, "shop.csv", "no,date,nps,why\n1,2026-01-02,9,\n"))
		file := writeFile(t, "who.txt", "a\nb\n")
		lines := strings.Split(strings.TrimSpace(s.ok("invitations", "create", "shop", "--respondents", file)), "\n")
		if len(lines) != 2 {
			t.Fatalf("%q", lines)
		}
		cells := strings.Split(lines[0], "\t")
		if who := s.ok("whoami", "--key", cells[1]); !strings.Contains(who, "invitation    "+cells[0]) {
			t.Errorf("%s", who)
		}
		s.ok("invitations", "revoke", cells[2])
	})
}

func TestWebhooksFromTheCommandLine(t *testing.T) {
	var pings atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { pings.Add(1) }))
	t.Cleanup(server.Close)
	overBoth(t, func(t *testing.T, s *shell) {
		// Addresses of this machine are refused; that is what a user must be told.
		r := s.run("webhooks", "create", server.URL, "--event", "person.erased")
		if r.code != exit.Refused || !strings.Contains(r.err, "URL_REFUSED") {
			t.Errorf("%+v", r)
		}
		id := "w-" + filepath.Base(t.Name())
		out := s.ok("webhooks", "create", "https://example.com/hook", "--event", "response.accepted,person.erased", "--id", id)
		if !strings.Contains(out, "whsec_") || !strings.Contains(out, "response.accepted,person.erased") {
			t.Errorf("%s", out)
		}
		if out := s.ok("webhooks", "rotate", id); !strings.Contains(out, "whsec_") {
			t.Errorf("%s", out)
		}
		if out := s.ok("webhooks", "list"); !strings.Contains(out, id) || strings.Contains(out, "whsec_") {
			t.Errorf("%s", out)
		}
		changed := message(s, &accessv1.UpdateWebhookResponse{}, "webhooks", "update", id, "--url", "https://example.com/other", "--event", "refusal.recorded", "--disabled")
		if w := changed.GetWebhook(); w.GetUrl() != "https://example.com/other" || !w.GetDisabled() || len(w.GetEvents()) != 1 || w.GetEvents()[0] != eventNames["refusal.recorded"] {
			t.Errorf("%v", w)
		}
		if out := s.ok("webhooks", "update", id, "--disabled=false"); !strings.Contains(out, "enabled") || !strings.Contains(out, "https://example.com/other") {
			t.Errorf("%s", out)
		}
		// What is sent again is named as it is printed, for people and for programs.
		delivery := message(s, &accessv1.PingWebhookResponse{}, "webhooks", "ping", id).GetDelivery().GetName()
		for _, args := range [][]string{{delivery}, {id, delivery}, {id, idOf(delivery)}} {
			if out := s.ok(append([]string{"webhooks", "replay"}, args...)...); !strings.Contains(out, idOf(delivery)) {
				t.Errorf("replay %q: %s", args, out)
			}
		}
		s.ok("webhooks", "delete", id)
	})
}

// A new vault in place of the one that was lost, access.db that is, is noticed: nobody is told that a person is not known or was erased.
func TestALostAccessDatabaseIsNoticed(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	mapping := writeFile(t, "shop.yaml", strings.Replace(shopMapping, "response:\n", "response:\n  respondent: \"{who}\"\n", 1))
	ready, stop := startSuiteOn(t, folder)
	s := newShell(t, ready.GRPC, ready.Key)
	s.ok("import", "--mapping", mapping, writeFile(t, "shop.csv", "no,date,nps,why,who\n1,2026-01-02,9,nice,ann\n"))
	stop()
	aside := t.TempDir()
	move := func(from, to string) {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(from, "access.db*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%q, %v", files, err)
		}
		for _, file := range files {
			if err := os.Rename(file, filepath.Join(to, filepath.Base(file))); err != nil {
				t.Fatal(err)
			}
		}
	}
	move(folder, aside)

	ready, stop = startSuiteOn(t, folder)
	s = newShell(t, ready.GRPC, ready.Key)
	if r := s.run("privacy", "export", "ann"); r.code != exit.Refused || !strings.Contains(r.err, "restore the access database") {
		t.Errorf("export: %+v", r)
	}
	begun := message(s, &accessv1.GetErasureResponse{}, "privacy", "erase", "ann", "--no-wait").GetErasure().GetName()
	testkit.Eventually(t, testTimeout, func() error {
		if out := s.ok("privacy", "receipt", begun); !strings.Contains(out, "restore the access database") || strings.Contains(out, "succeeded") {
			return fmt.Errorf("the receipt says %s", out)
		}
		return nil
	})
	health, err := http.Get(ready.HTTP + "/readyz") //nolint:noctx // a test's own server
	if err != nil {
		t.Fatal(err)
	}
	defer health.Body.Close()
	if body, err := io.ReadAll(health.Body); err != nil || health.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), "restore the access database") {
		t.Errorf("%s %s, %v", health.Status, body, err)
	}
	stop()

	move(folder, t.TempDir())
	move(aside, folder)
	ready, _ = startSuiteOn(t, folder)
	s = newShell(t, ready.GRPC, ready.Key)
	if out := s.ok("privacy", "export", "ann"); !strings.Contains(out, "nice") {
		t.Errorf("%s", out)
	}
	if out := s.ok("privacy", "erase", "ann"); !strings.Contains(out, "succeeded") {
		t.Errorf("%s", out)
	}
}

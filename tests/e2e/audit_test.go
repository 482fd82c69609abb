package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/tests/harness"
)

// entry is an entry of the audit log as REST tells it.
type entry struct {
	Sequence, Start                                                       string
	Actor, Method, Permission, Resource, Outcome, Code, ClientAddress, ID string
	RequestID                                                             string `json:"requestId"`
	Hash, PreviousHash                                                    []byte
}

// auditLog reads the whole log in the order of the chain.
func auditLog(t *testing.T, suite *harness.Suite) []entry {
	t.Helper()
	answer, err := suite.REST(harness.KeyFor(harness.Organization, "auditor")).Do(t.Context(), harness.Request{Path: "/v1/auditEntries:stream"})
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("read the audit log: %v, %+v", err, answer)
	}
	var all []entry
	for _, line := range bytes.Split(bytes.TrimSpace(answer.Body), []byte("\n")) {
		var message struct{ Result, Entry json.RawMessage }
		if err := json.Unmarshal(line, &message); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if message.Entry == nil {
			var inner struct{ Entry json.RawMessage }
			if err := json.Unmarshal(message.Result, &inner); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			message.Entry = inner.Entry
		}
		var e entry
		if err := json.Unmarshal(message.Entry, &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, e)
	}
	return all
}

// TestAuditLog does what must be remembered and reads what was.
func TestAuditLog(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := openShop(t, harness.Options{Layout: layout}).Suite
		submitAs(t, suite, harness.KeyFor(harness.Organization, harness.App), "shop", "r-1", nil)
		admin := suite.REST(harness.KeyFor(harness.Organization, harness.Admin))
		for _, r := range []harness.Request{
			{Path: "/v1/surveys/shop/responses/r-1"}, {Path: "/v1/surveys/shop/responses/none"}, {Method: http.MethodPost, Path: "/v1/surveys/shop:close", Body: []byte("{}")},
			{Method: http.MethodPost, Path: "/v1/surveys/none:close", Body: []byte("{}")},
		} {
			if _, err := admin.Do(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := suite.REST(harness.KeyFor(harness.Organization, harness.App)).Do(t.Context(), harness.Request{Path: "/v1/surveys/shop/responses/r-1"}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []entry{
			{Actor: "acme-admin", Method: "CreateSurvey", Resource: "surveys/shop", Outcome: "OUTCOME_SUCCEEDED"},
			{Actor: "acme-admin", Method: "GetResponse", Resource: "surveys/shop/responses/r-1", Outcome: "OUTCOME_SUCCEEDED"},
			{Actor: "acme-admin", Method: "GetResponse", Resource: "surveys/shop/responses/none", Outcome: "OUTCOME_FAILED", Code: "NOT_FOUND"},
			{Actor: "acme-admin", Method: "CloseSurvey", Resource: "surveys/shop", Outcome: "OUTCOME_STARTED"},
			{Actor: "acme-admin", Method: "CloseSurvey", Resource: "surveys/shop", Outcome: "OUTCOME_SUCCEEDED"},
			{Actor: "acme-admin", Method: "CloseSurvey", Resource: "surveys/none", Outcome: "OUTCOME_FAILED", Code: "NOT_FOUND"},
			{Actor: "acme-app", Method: "GetResponse", Resource: "surveys/shop/responses/r-1", Outcome: "OUTCOME_DENIED", Code: "PERMISSION_DENIED"},
		} {
			testkit.Eventually(t, patience, func() error {
				log := auditLog(t, suite)
				if !slices.ContainsFunc(log, func(e entry) bool {
					return e.Actor == want.Actor && strings.HasSuffix(e.Method, "/"+want.Method) && e.Resource == want.Resource && e.Outcome == want.Outcome && e.Code == want.Code &&
						strings.Contains(e.ClientAddress, "127.0.0.1") && e.RequestID != ""
				}) {
					return fmt.Errorf("the log lacks %+v: %+v", want, log)
				}
				return nil
			})
		}
		for i, e := range auditLog(t, suite) {
			if e.Sequence != fmt.Sprint(i+1) {
				t.Fatalf("entry %d has the sequence %s", i+1, e.Sequence)
			}
			if strings.Contains(e.Method, "SubmitResponse") {
				t.Errorf("submissions are no entries of the log: %+v", e)
			}
		}
		if got := verifyLog(t, suite, nil); !got.Intact || got.FirstFault != "" && got.FirstFault != "0" {
			t.Errorf("the log is %+v", got)
		}
	})
}

// TestReadersOfOriginalsAreRemembered reads what was written and corrects what was made of it: the log tells who did, and not what it says.
func TestReadersOfOriginalsAreRemembered(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := openCommented(t, layout)
		resource := talkName("ru")
		for _, r := range []struct {
			role    harness.Role
			request harness.Request
		}{
			{harness.Admin, harness.Request{Path: "/v1/" + resource + ":original"}}, {harness.Viewer, harness.Request{Path: "/v1/" + resource + ":original"}},
			{harness.Admin, harness.Request{Path: "/v1/" + talkName("none") + ":original"}}, {harness.Admin, harness.Request{Path: "/v1/" + resource}},
			{harness.Admin, harness.Request{Method: http.MethodPost, Path: "/v1/" + resource + ":correct", Body: []byte(`{"correction": {"sentiment": "SENTIMENT_POSITIVE"}}`)}},
		} {
			if _, err := suite.REST(harness.KeyFor(harness.Organization, r.role)).Do(t.Context(), r.request); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []entry{
			{Actor: "acme-admin", Method: "GetOriginalText", Resource: resource, Outcome: "OUTCOME_SUCCEEDED"},
			{Actor: "acme-viewer", Method: "GetOriginalText", Resource: resource, Outcome: "OUTCOME_DENIED"},
			{Actor: "acme-admin", Method: "GetOriginalText", Resource: talkName("none"), Outcome: "OUTCOME_FAILED"},
			{Actor: "acme-admin", Method: "CorrectComment", Resource: resource, Outcome: "OUTCOME_SUCCEEDED"},
		} {
			testkit.Eventually(t, patience, func() error {
				log := auditLog(t, suite)
				if !slices.ContainsFunc(log, func(e entry) bool {
					return e.Actor == want.Actor && strings.HasSuffix(e.Method, "/"+want.Method) && e.Resource == want.Resource && e.Outcome == want.Outcome
				}) {
					return fmt.Errorf("the log lacks %+v: %+v", want, log)
				}
				return nil
			})
		}
		for _, e := range auditLog(t, suite) {
			if strings.HasSuffix(e.Method, "/GetComment") || strings.Contains(fmt.Sprint(e), "+996") {
				t.Errorf("the log tells too much: %+v", e)
			}
		}
	})
}

type verdict struct {
	Intact              bool
	Entries, FirstFault string
	HeadHash            []byte
	Fault               string
}

func verifyLog(t *testing.T, suite *harness.Suite, known []byte) verdict {
	t.Helper()
	body := "{}"
	if known != nil {
		body = `{"knownHash": "` + base64.StdEncoding.EncodeToString(known) + `"}`
	}
	answer, err := suite.REST(harness.KeyFor(harness.Organization, "auditor")).Do(t.Context(), harness.Request{Method: http.MethodPost, Path: "/v1/auditEntries:verify", Body: []byte(body)})
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("verify the log: %v, %+v", err, answer)
	}
	var v verdict
	if err := json.Unmarshal(answer.Body, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestTamperedAuditLog changes the log in its file as somebody could who owns the machine. The command finds it.
func TestTamperedAuditLog(t *testing.T) {
	t.Parallel()
	suite := openShop(t, harness.Options{}).Suite
	before := verifyLog(t, suite, nil)
	if !before.Intact || len(before.HeadHash) != 32 {
		t.Fatalf("the log is %+v", before)
	}
	verify := func(args ...string) (string, error) {
		args = append([]string{"audit", "verify", "--server", serverOf(suite), "--key", harness.KeyFor(harness.Organization, "auditor")}, args...)
		out, err := suite.Command(t.Context(), args...).CombinedOutput()
		return string(out), err
	}
	if out, err := verify("--known", fmt.Sprintf("%x", before.HeadHash)); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := suite.Stop(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	tamper(t, filepath.Join(suite.Dir(), "access.db"), "PublishSurvey", "ArchiveSurvey")
	if err := suite.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	out, err := verify()
	if err == nil {
		t.Errorf("a changed log is taken for sound: %s", out)
	}
	if after := verifyLog(t, suite, nil); after.Intact || after.FirstFault == "" || after.FirstFault == "0" {
		t.Errorf("the changed log is %+v", after)
	}
}

// tamper replaces a word by one of equal length in a file.
func tamper(t *testing.T, path, old, changed string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(old) != len(changed) || !bytes.Contains(raw, []byte(old)) {
		t.Fatalf("%s does not hold %q", path, old)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(raw, []byte(old), []byte(changed)), 0o600); err != nil {
		t.Fatal(err)
	}
}

package e2e

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/otklik/otklik/tests/harness"
)

// askREST calls the REST API as the administrator and decodes the answer into out, unless that is nil. Anything but 200 ends the test.
func askREST(t *testing.T, suite *harness.Suite, method, path, body string, out any) {
	t.Helper()
	request := harness.Request{Method: method, Path: path}
	if body != "" {
		request.Body = []byte(body)
	}
	answer, err := suite.REST(harness.KeyFor(harness.Organization, harness.Admin)).Do(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != http.StatusOK {
		t.Fatalf("%s %s: status %d: %s", method, path, answer.Status, answer.Body)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer.Body, out); err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, answer.Body)
	}
}

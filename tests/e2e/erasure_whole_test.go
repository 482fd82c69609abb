package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/testkit"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/e2e/cases"
	"github.com/otklik/otklik/tests/harness"
)

// knownAs is by what one customer is known: a card and an app, which the directory was told of together, a telephone, of which it was told apart, and a browser,
// of which nobody told it anything but answers. wrote is what the customer wrote under each.
var knownAs, wrote = []string{"card-4411-zarina", "app-5512-zarina", "tel-0777-zarina", "web-3131-zarina"},
	[]string{"zebraone", "zebratwo", "zebrathree", "zebrafour"}

// bystander is another customer.
const bystander = "card-9000-bolot"

// TestErasureIsWhole erases a customer who is known by several identifiers, of contacts that were merged, by one of them. Afterwards nothing that any of them was
// called or wrote is stored anywhere; before it the export tells all of it, by whichever identifier is asked.
func TestErasureIsWhole(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := harness.Run(t, harness.Options{Layout: layout})
		player := cases.Player{Suite: suite, Organization: harness.Organization, Other: harness.Organization, Transport: cases.GRPC, Patience: patience}
		if err := player.Prepare(t.Context(), "testdata/cases/given/shop.yaml"); err != nil {
			t.Fatal(err)
		}
		mergeCustomer(t, suite)

		var whole string
		// By whichever identifier is asked, it is the same; services still hear of answers meanwhile.
		testkit.Eventually(t, patience, func() error {
			whole = exportOf(t, suite, knownAs[0])
			for _, id := range knownAs[1:] {
				if other := exportOf(t, suite, id); strings.Count(other, "\n") != strings.Count(whole, "\n") {
					return fmt.Errorf("the export by %s has %d records, by %s %d", id, strings.Count(other, "\n"), knownAs[0], strings.Count(whole, "\n"))
				}
			}
			return nil
		})
		for _, want := range slices.Concat(knownAs, wrote) {
			if !strings.Contains(whole, want) {
				t.Errorf("the export lacks %s", want)
			}
		}

		receipt := eraseOne(t, suite, knownAs[1])
		if len(receipt.GetPersons()) != len(knownAs) {
			t.Errorf("the receipt names %d pseudonyms: %v", len(receipt.GetPersons()), receipt.GetPersons())
		}
		for line, want := range map[string]int64{
			"survey responses": 4, "survey comments": 4, "scoring responses": 4, "comment comments": 4, "segmentation answers": 4, "segmentation contacts": 3,
			"segmentation identities": 4,
		} {
			if got := removedOf(receipt, line); got != want {
				t.Errorf("the receipt tells %d %s, want %d", got, line, want)
			}
		}
		for _, line := range []string{"segmentation segment_memberships", "segmentation events", "access webhook_deliveries", "survey person_keys"} {
			if removedOf(receipt, line) == 0 {
				t.Errorf("the receipt tells no %s: %v", line, receipt.GetRemovals())
			}
		}

		for _, resource := range toldToHook(t, suite) {
			if strings.Contains(resource, "zarina") {
				t.Errorf("a message to a webhook is about %s", resource)
			}
		}
		nothingLeft(t, suite)
		// By another identifier, and again, it finds nothing.
		for _, id := range knownAs {
			for _, r := range eraseOne(t, suite, id).GetRemovals() {
				if r.GetCount() != 0 {
					t.Errorf("another erasure by %s removed %v", id, r)
				}
			}
		}
		keptPlain(t, suite, slices.Concat(knownAs, wrote)...)
		if !strings.Contains(exportOf(t, suite, bystander), "fine") {
			t.Error("another customer lost an answer")
		}
	})
}

// mergeCustomer makes the customer: answers under each identifier, two contacts with a segment and messages to a webhook, merged with each other and with the one
// that was known by answers alone.
func mergeCustomer(t *testing.T, suite *harness.Suite) {
	t.Helper()
	ask := func(method, path, body string) { askREST(t, suite, method, path, body, nil) }
	ask(http.MethodPost, "/v1/webhooks", `{"webhookId": "hook", "webhook": {"url": "https://hooks.example/x", "events": ["WEBHOOK_EVENT_SEGMENT_ENTERED", "WEBHOOK_EVENT_LIGHT_CHANGED"]}}`)
	ask(http.MethodPost, "/v1/segments", `{"segmentId": "all", "segment": {"displayName": "All", "rule": "true"}}`)
	untilTold(t, suite)
	ask(http.MethodPatch, "/v1/contacts/"+knownAs[0], `{"contact": {"displayName": "Zarina", "identities": [{"channel": "app", "identifier": "`+knownAs[1]+`"}]}, "allowMissing": true}`)
	for _, id := range []string{knownAs[2], bystander} {
		ask(http.MethodPatch, "/v1/contacts/"+id, `{"contact": {"phone": "+996 777 000000"}, "allowMissing": true}`)
	}
	survey := surveyv1.NewSurveyServiceClient(suite.Conn(harness.KeyFor(harness.Organization, harness.App)))
	for i, id := range append(slices.Clone(knownAs), bystander) {
		comment := "fine"
		if i < len(wrote) {
			comment = wrote[i]
		}
		if _, err := survey.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Parent: shopSurvey, ResponseId: fmt.Sprint("w-", i), Response: &surveyv1.Response{
			Language: "en", Respondent: id, Answers: []*surveyv1.Answer{{Question: "recommend", Value: &surveyv1.Answer_Score{Score: 2}, Comment: comment}},
		}}); err != nil {
			t.Fatal(err)
		}
	}
	var alone string
	testkit.Eventually(t, patience, func() error {
		var found struct{ Contacts []struct{ Name string } }
		askREST(t, suite, http.MethodGet, "/v1/contacts?identifier="+knownAs[3], "", &found)
		if len(found.Contacts) != 1 {
			return fmt.Errorf("%d contacts are known by answers alone", len(found.Contacts))
		}
		alone = found.Contacts[0].Name
		for _, id := range []string{knownAs[0], knownAs[2], strings.TrimPrefix(alone, "contacts/"), bystander} {
			if entered := "segments/all/memberships/" + id; !slices.Contains(toldToHook(t, suite), entered) {
				return fmt.Errorf("no message tells of %s", entered)
			}
		}
		return nil
	})
	ask(http.MethodPost, "/v1/contacts/"+knownAs[0]+":merge", `{"contacts": ["contacts/`+knownAs[2]+`", "`+alone+`"], "reason": "one customer"}`)
	testkit.Eventually(t, patience, func() error {
		if whole := exportOf(t, suite, knownAs[0]); strings.Count(whole, `"service":"comment"`) != len(wrote) {
			return fmt.Errorf("not all that was written has reached the comment service: %s", whole)
		}
		return nil
	})
}

// untilTold makes contacts until a message tells of one that it is in the segment: the log is followed from then on, and what happened before is told to no webhook.
func untilTold(t *testing.T, suite *harness.Suite) {
	t.Helper()
	made := 0
	testkit.Eventually(t, patience, func() error {
		var members struct{ Memberships []any }
		askREST(t, suite, http.MethodGet, "/v1/segments/all/memberships?pageSize=1000", "", &members)
		if len(members.Memberships) == made {
			made++
			askREST(t, suite, http.MethodPatch, fmt.Sprint("/v1/contacts/early-", made), `{"contact": {"phone": "+996 777 111111"}, "allowMissing": true}`, nil)
		}
		if len(toldToHook(t, suite)) == 0 {
			return fmt.Errorf("no message tells of one of %d contacts", made)
		}
		return nil
	})
}

// toldToHook is what the messages to the webhook are about.
func toldToHook(t *testing.T, suite *harness.Suite) (out []string) {
	t.Helper()
	var sent struct{ Deliveries []struct{ Resource string } }
	askREST(t, suite, http.MethodGet, "/v1/webhooks/hook/deliveries?pageSize=1000", "", &sent)
	for _, d := range sent.Deliveries {
		out = append(out, d.Resource)
	}
	return out
}

// exportOf is everything that is kept of a person, a record a line.
func exportOf(t *testing.T, suite *harness.Suite, id string) string {
	t.Helper()
	answer, err := suite.REST(harness.KeyFor(harness.Organization, harness.Admin)).Do(t.Context(), harness.Request{
		Method: http.MethodPost, Path: "/v1/persons:export", Body: []byte(`{"respondent": "` + id + `"}`),
	})
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("export %s: %v, %+v", id, err, answer)
	}
	var out bytes.Buffer
	for line := range bytes.Lines(answer.Body) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if err := json.Compact(&out, line); err != nil {
			t.Fatal(err)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// eraseOne erases whoever has an identifier, and waits for the receipt.
func eraseOne(t *testing.T, suite *harness.Suite, id string) *accessv1.Erasure {
	t.Helper()
	privacy := accessv1.NewPrivacyServiceClient(suite.Conn(harness.KeyFor(harness.Organization, harness.Admin)))
	begun, err := privacy.CreateErasure(t.Context(), &accessv1.CreateErasureRequest{Respondent: id, Reason: "Request 118"})
	if err != nil {
		t.Fatal(err)
	}
	var out *accessv1.Erasure
	testkit.Eventually(t, patience, func() error {
		got, err := privacy.GetErasure(t.Context(), &accessv1.GetErasureRequest{Name: begun.GetErasure().GetName()})
		if err != nil {
			return err
		}
		if out = got.GetErasure(); out.GetState() != accessv1.Erasure_STATE_SUCCEEDED {
			return fmt.Errorf("the erasure is %v, waiting for %q", out.GetState(), out.GetWaitingFor())
		}
		return nil
	})
	return out
}

// removedOf is how many things of a kind a receipt tells that a service removed, over all places.
func removedOf(e *accessv1.Erasure, line string) (n int64) {
	for _, r := range e.GetRemovals() {
		if r.GetService()+" "+r.GetKind() == line {
			n += r.GetCount()
		}
	}
	return n
}

// nothingLeft asks everything that told of the customer.
func nothingLeft(t *testing.T, suite *harness.Suite) {
	t.Helper()
	rest := suite.REST(harness.KeyFor(harness.Organization, harness.Admin))
	var paths []string
	for i, id := range knownAs {
		if left := exportOf(t, suite, id); left != "" {
			t.Errorf("of %s is told after the erasure: %s", id, left)
		}
		paths = append(paths, fmt.Sprint("/v1/surveys/shop/responses/w-", i), "/v1/contacts/"+id, "/v1/contacts/"+id+"/light")
		var found struct {
			Contacts []any
			Comments []struct{ Text string }
		}
		askREST(t, suite, http.MethodGet, "/v1/contacts?identifier="+id, "", &found)
		askREST(t, suite, http.MethodGet, "/v1/comments?filter.query="+wrote[i], "", &found)
		if len(found.Contacts)+len(found.Comments) > 0 {
			t.Errorf("by %s and %s is found %v", id, wrote[i], found)
		}
	}
	for _, path := range paths {
		if a, err := rest.Do(t.Context(), harness.Request{Path: path}); err != nil || a.Status != http.StatusNotFound {
			t.Errorf("%s after the erasure: %v, %d %s", path, err, a.Status, a.Body)
		}
	}
	var log struct{ Entries []struct{ Resource string } }
	askREST(t, suite, http.MethodGet, "/v1/auditEntries?pageSize=1000", "", &log)
	for _, e := range log.Entries {
		if strings.Contains(e.Resource, "zarina") {
			t.Errorf("the audit log names %s", e.Resource)
		}
	}
	askREST(t, suite, http.MethodGet, "/v1/auditEntries?resource=contacts/"+knownAs[0], "", &log)
	if len(log.Entries) == 0 {
		t.Error("the audit log cannot be asked for what was done to the contact")
	}
	// The log of events, from its beginning.
	feed := segmentationv1.NewEventFeedServiceClient(suite.Conn(harness.ServiceKey()))
	stream, err := feed.StreamEvents(t.Context(), &segmentationv1.StreamEventsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for {
		part, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		last := part.GetHeadPosition() == 0
		for _, e := range part.GetEvents() {
			last = e.GetPosition() >= part.GetHeadPosition()
			if strings.Contains(e.String(), "zarina") {
				t.Errorf("an event tells of the customer: %v", e)
			}
		}
		if last || len(part.GetEvents()) == 0 {
			return
		}
	}
}

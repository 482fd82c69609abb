package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/testkit"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/e2e/cases"
	"github.com/otklik/otklik/tests/harness"
)

const (
	// forgotten is the person who is erased, said the words that the person wrote.
	forgotten = "customer-7-aida"
	said      = "zhaman-kyzmat"
	// twin is the organisation in which the person never answered.
	twin = "twin"
	// people answer in turn.
	people, answers = 20, 200
)

// erasureReceipt is an erasure as REST tells it.
type erasureReceipt struct {
	Name, State, Person, WaitingFor string
	Removals                        []struct{ Service, Kind, Place, Note, Count string }
}

// removed is how many things of a kind a service removed, over all places.
func (r erasureReceipt) removed(service, kind string) string {
	for _, line := range r.Removals {
		if line.Service == service && line.Kind == kind && line.Count != "" && line.Count != "0" {
			return line.Count
		}
	}
	return "0"
}

// TestErasure erases a person. Afterwards everything that can be asked is as in an organisation in which the person never answered; the receipt
// tells what was removed; nothing that the person was called or wrote is stored anywhere, nor was it before.
func TestErasure(t *testing.T) {
	onEachLayout(t, func(t *testing.T, layout harness.Layout) {
		suite := harness.Run(t, harness.Options{Layout: layout, Organizations: []string{harness.Organization, twin}})
		apart := layout == harness.Apart || layout == harness.Cluster
		if apart {
			// While nobody takes the events, all of them lie in Redis.
			suite.KillPart(harness.Scoring)
		}
		for _, organization := range []string{harness.Organization, twin} {
			fillShop(t, suite, organization)
		}
		if apart {
			streamsKeepPlain(t, suite)
			if err := suite.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		awaitResponses(t, suite, shopSurvey, answers)
		// What was written is searched for once it has no personal data: that may be read until the person is erased.
		keptPlain(t, suite, forgotten)

		awaitComments(t, suite, harness.Organization, answers)
		awaitComments(t, suite, twin, answers-answers/people)
		export := exportPerson(t, suite)
		for end := time.Now().Add(patience); !strings.Contains(export, `"segmentation"`) && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			// It follows by itself.
			export = exportPerson(t, suite)
		}
		for _, want := range []string{`"survey"`, `"scoring"`, `"comment"`, `"segmentation"`, "responses", "consents", said, forgotten} {
			if !strings.Contains(export, want) {
				t.Errorf("the export lacks %s: %s", want, export)
			}
		}
		receipt := erase(t, suite, forgotten)
		if receipt.Person == "" || strings.Contains(receipt.Person, forgotten) {
			t.Errorf("the receipt names the person %q", receipt.Person)
		}
		for _, want := range []struct{ service, kind, count string }{
			{"survey", "responses", "10"}, {"survey", "refusals", "1"}, {"survey", "comments", "10"}, {"survey", "consents", "2"}, {"survey", "person_keys", "1"}, {"scoring", "responses", "10"}, {"scoring", "refusals", "1"}, {"comment", "comments", "10"},
			{"segmentation", "answers", "10"}, {"segmentation", "contacts", "1"}, {"segmentation", "identities", "1"},
		} {
			if got := receipt.removed(want.service, want.kind); got != want.count {
				t.Errorf("the receipt tells %s %s of %s, want %s: %+v", got, want.kind, want.service, want.count, receipt.Removals)
			}
		}
		sameScores(t, suite, "after the erasure")
		askREST(t, suite, http.MethodPost, "/v1/rebuilds", "{}", nil)
		time.Sleep(time.Second)
		sameScores(t, suite, "after a rebuild")

		rest := suite.REST(harness.KeyFor(harness.Organization, harness.Admin))
		if a, err := rest.Do(t.Context(), harness.Request{Path: "/v1/surveys/shop/responses/r-7"}); err != nil || a.Status != http.StatusNotFound {
			t.Errorf("an erased response: %v, %s", err, a.Body)
		}
		// A phone that has not heard sends the answer once more.
		retry, err := surveyv1.NewSurveyServiceClient(suite.Conn(harness.KeyFor(harness.Organization, harness.App))).SubmitResponse(t.Context(), shopAnswer(7))
		if err != nil || !retry.GetReplayed() {
			t.Errorf("a retry of an erased response: %v, %v", retry, err)
		}
		if rest := exportPerson(t, suite); strings.TrimSpace(rest) != "" {
			t.Errorf("the export after the erasure holds %s", rest)
		}
		sameScores(t, suite, "after a retry")
		sameThemes(t, suite)
		keptPlain(t, suite, forgotten, said)
	})
}

// fillShop makes the survey and has people answer it; in the twin organisation all but the one who is forgotten.
func fillShop(t *testing.T, suite *harness.Suite, organization string) {
	t.Helper()
	player := cases.Player{Suite: suite, Organization: organization, Other: organization, Transport: cases.GRPC, Patience: patience}
	if err := player.Prepare(t.Context(), "testdata/cases/given/shop.yaml"); err != nil {
		t.Fatal(err)
	}
	survey := surveyv1.NewSurveyServiceClient(suite.Conn(harness.KeyFor(organization, harness.Admin)))
	for i := range answers {
		if i%people == 7 && organization == twin {
			continue
		}
		if _, err := survey.SubmitResponse(t.Context(), shopAnswer(i)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range people {
		if i == 7 && organization == twin {
			continue
		}
		_, err := survey.RecordRefusal(t.Context(), &surveyv1.RecordRefusalRequest{Parent: shopSurvey, RefusalId: fmt.Sprintf("n-%d", i), Refusal: &surveyv1.Refusal{
			Kind: surveyv1.Refusal_KIND_DISMISSED, RefuseTime: answerTime(i), Respondent: person(i), Invitation: fmt.Sprintf("i-%d", i%3*100+i), Context: circumstances(i),
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if organization == twin {
		return
	}
	for _, granted := range []string{"true", "false"} {
		askREST(t, suite, http.MethodPost, "/v1/consents",
			`{"respondent": "`+forgotten+`", "given": {"purpose": "PURPOSE_CONTACT", "granted": `+granted+`, "evidence": "May we call you? (text 3)", "language": "en"}}`, nil)
	}
}

func person(i int) string {
	if i%people == 7 {
		return forgotten
	}
	return fmt.Sprintf("customer-%d", i%people)
}

func answerTime(i int) *timestamppb.Timestamp {
	return timestamppb.New(time.Date(2026, 9, 1+i%60, i%24, 7, 0, 0, time.UTC))
}

func circumstances(i int) *typev1.Context {
	return &typev1.Context{
		Touchpoint: []string{"checkout", "delivery"}[i%2], Channel: []string{"app", "sms", "kiosk"}[i%3], Location: fmt.Sprintf("store-%d", i%5),
		Region: []string{"chuy", "osh"}[i%2], Company: fmt.Sprintf("company-%d", i%7),
	}
}

// shopAnswer is the answer number i of people who answer in turn.
func shopAnswer(i int) *surveyv1.SubmitResponseRequest {
	comment := "fine"
	if i%people == 7 {
		comment = said
	}
	return &surveyv1.SubmitResponseRequest{Parent: shopSurvey, ResponseId: fmt.Sprintf("r-%d", i), Response: &surveyv1.Response{
		AnswerTime: answerTime(i), Language: []string{"ru", "ky", "en"}[i%3], Respondent: person(i), Invitation: fmt.Sprintf("i-%d", i), Context: circumstances(i),
		Answers: []*surveyv1.Answer{
			{Question: "recommend", Value: &surveyv1.Answer_Score{Score: float64(i * 7 % 11)}, Comment: comment},
			{Question: "satisfied", Value: &surveyv1.Answer_Score{Score: float64(3 + i%3)}},
			{Question: "effort", Value: &surveyv1.Answer_Score{Score: float64(1 + i*3%7)}},
			{Question: "taste", Value: &surveyv1.Answer_Score{Score: 1 + float64(i*5%19)/2}},
		},
	}}
}

// exportPerson is everything that is kept of the person, as lines of JSON.
func exportPerson(t *testing.T, suite *harness.Suite) string {
	t.Helper()
	answer, err := suite.REST(harness.KeyFor(harness.Organization, harness.Admin)).Do(t.Context(), harness.Request{
		Method: http.MethodPost, Path: "/v1/persons:export", Body: []byte(`{"respondent": "` + forgotten + `"}`),
	})
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("export the person: %v, %+v", err, answer)
	}
	lines := bufio.NewScanner(bytes.NewReader(answer.Body))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if line := lines.Bytes(); len(line) > 0 && !json.Valid(line) {
			t.Errorf("the export holds a line that is no JSON: %s", line)
		}
	}
	return string(answer.Body)
}

// erase erases a person and returns the receipt.
func erase(t *testing.T, suite *harness.Suite, person string) erasureReceipt {
	t.Helper()
	var begun struct{ Erasure erasureReceipt }
	askREST(t, suite, http.MethodPost, "/v1/erasures", `{"respondent": "`+person+`", "reason": "Request 118", "requestId": "request-118"}`, &begun)
	var receipt erasureReceipt
	testkit.Eventually(t, patience, func() error {
		var got struct{ Erasure erasureReceipt }
		askREST(t, suite, http.MethodGet, "/v1/"+begun.Erasure.Name, "", &got)
		if receipt = got.Erasure; receipt.State != "STATE_SUCCEEDED" {
			return fmt.Errorf("the erasure is %s, waiting for %q", receipt.State, receipt.WaitingFor)
		}
		return nil
	})
	return receipt
}

// sameScores compares everything that scoring can be asked for with the twin's.
func sameScores(t *testing.T, suite *harness.Suite, when string) {
	t.Helper()
	queries := []*scoringv1.ScoreQuery{
		{Survey: shopSurvey, Question: "*"}, {Survey: shopSurvey, Question: "*", Grain: typev1.TimeGrain_TIME_GRAIN_DAY},
		{Survey: shopSurvey, Filter: `location = "store-2"`},
	}
	for _, key := range []string{"touchpoint", "channel", "location", "region", "company", "language", "sentiment", "theme"} {
		queries = append(queries, &scoringv1.ScoreQuery{Survey: shopSurvey, Question: "*", GroupBy: []string{key}})
	}
	for _, query := range queries {
		ask := func(organization string) *scoringv1.QueryScoresResponse {
			got, err := scoringv1.NewScoringServiceClient(suite.Conn(harness.KeyFor(organization, harness.Admin))).
				QueryScores(t.Context(), &scoringv1.QueryScoresRequest{Query: query})
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		var difference string
		testkit.Eventually(t, patience, func() error {
			ignored := []cmp.Option{protocmp.Transform(), protocmp.IgnoreFields(&scoringv1.Score{}, "watermark"), protocmp.IgnoreFields(&scoringv1.QueryScoresResponse{}, "watermark")}
			if difference = cmp.Diff(ask(twin), ask(harness.Organization), ignored...); difference != "" {
				return fmt.Errorf("%s, %s: the scores are not those of the data without the person (-without +erased):\n%s", when, protojson.Format(query), difference)
			}
			return nil
		})
	}
}

// awaitComments waits until an organisation has so many comments.
func awaitComments(t *testing.T, suite *harness.Suite, organization string, n int64) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		if got := themes(t, suite, organization); got.GetCommentCount() != n {
			return fmt.Errorf("%s has %d comments, want %d", organization, got.GetCommentCount(), n)
		}
		return nil
	})
}

// themes are what comments of an organisation speak of.
func themes(t *testing.T, suite *harness.Suite, organization string) *commentv1.QueryThemesResponse {
	t.Helper()
	got, err := commentv1.NewInsightServiceClient(suite.Conn(harness.KeyFor(organization, harness.Admin))).
		QueryThemes(t.Context(), &commentv1.QueryThemesRequest{Filter: &commentv1.CommentFilter{Survey: shopSurvey}, EvidenceCount: 2})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// sameThemes compares what comments say with the twin's.
func sameThemes(t *testing.T, suite *harness.Suite) {
	t.Helper()
	ignored := []cmp.Option{protocmp.Transform(), protocmp.IgnoreFields(&commentv1.QueryThemesResponse{}, "watermark")}
	if difference := cmp.Diff(themes(t, suite, twin), themes(t, suite, harness.Organization), ignored...); difference != "" {
		t.Errorf("what comments say is not that of the data without the person (-without +erased):\n%s", difference)
	}
}

// keptPlain fails when any of these can be read where the suite stores things.
func keptPlain(t *testing.T, suite *harness.Suite, secrets ...string) {
	t.Helper()
	for where, content := range storedBytes(t, suite) {
		for _, secret := range secrets {
			// Dumps write what is bytes in hexadecimal.
			if bytes.Contains(content, []byte(secret)) || bytes.Contains(content, fmt.Appendf(nil, "%x", secret)) {
				t.Errorf("%s holds %q", where, secret)
			}
		}
	}
}

// storedBytes is all that the suite stores: its files, or a dump of its database and what it has in Redis.
func storedBytes(t *testing.T, suite *harness.Suite) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	err := filepath.WalkDir(suite.Dir(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		all[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if suite.DSN() == "" {
		return all
	}
	dump, err := exec.CommandContext(t.Context(), "pg_dump", "--inserts", suite.DSN()).Output()
	if err != nil {
		t.Fatalf("dump the database: %v", err)
	}
	all["the database"] = dump
	return all
}

// streamsKeepPlain waits until the streams of the suite hold all answers, and fails when anything that the person was called or wrote can be read there.
func streamsKeepPlain(t *testing.T, suite *harness.Suite) {
	t.Helper()
	var streamed []byte
	testkit.Eventually(t, patience, func() error {
		streamed = streamedBytes(t, suite)
		if n := bytes.Count(streamed, []byte("surveys/shop/responses/")); n < answers {
			return fmt.Errorf("the streams hold %d responses", n)
		}
		return nil
	})
	for _, secret := range []string{forgotten, said} {
		if bytes.Contains(streamed, []byte(secret)) {
			t.Errorf("the streams hold %q", secret)
		}
	}
}

// streamedBytes are the entries of all streams of the suite.
func streamedBytes(t *testing.T, suite *harness.Suite) []byte {
	t.Helper()
	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: suite.Redis(), IsClusterMode: suite.Layout() == harness.Cluster})
	defer func() { _ = client.Close() }()
	var mu sync.Mutex
	var out bytes.Buffer
	collect := func(ctx context.Context, node *redis.Client) error {
		keys := node.ScanType(ctx, 0, "*"+suite.Prefix()+"*", 1000, "stream").Iterator()
		for keys.Next(ctx) {
			entries, err := node.XRange(ctx, keys.Val(), "-", "+").Result()
			if err != nil {
				return err
			}
			mu.Lock()
			for _, e := range entries {
				fmt.Fprintln(&out, e.ID, e.Values)
			}
			mu.Unlock()
		}
		return keys.Err()
	}
	var err error
	switch c := client.(type) {
	case *redis.ClusterClient:
		err = c.ForEachMaster(t.Context(), collect)
	case *redis.Client:
		err = collect(t.Context(), c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/tests/harness"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// TestViewersHearOfNoEmployee has customers rate an employee until there is a light: a viewer is told of the company that turns red after it, and not of the
// employee, and who edits definitions reads neither employees nor customers off a preview.
func TestViewersHearOfNoEmployee(t *testing.T) {
	t.Parallel()
	s := openShop(t, harness.Options{Layout: harness.AllInOne})
	rate := func(id string, at *typev1.Context) {
		t.Helper()
		response := recommend(2)
		response.Context, response.Respondent = at, "customer-"+id
		if _, err := s.survey.SubmitResponse(t.Context(), &surveyv1.SubmitResponseRequest{Parent: shopSurvey, ResponseId: id, Response: response}); err != nil {
			t.Fatal(err)
		}
	}
	shown := func(name string) {
		t.Helper()
		testkit.Eventually(t, patience, func() error {
			answer, err := s.rest.Do(t.Context(), harness.Request{Path: "/v1/" + name})
			if err == nil && answer.Status != http.StatusOK {
				err = fmt.Errorf("%s: status %d: %s", name, answer.Status, answer.Body)
			}
			return err
		})
	}
	for i := range 5 {
		rate(fmt.Sprint("r", i), &typev1.Context{Employee: "zoe"})
	}
	shown("employees/zoe/light")
	rate("last", &typev1.Context{Company: "firm"})
	shown("companies/firm/light")

	told := func(role string) (lights []string) {
		t.Helper()
		key := createKey(t, s.Suite, fmt.Sprintf(`{"displayName": "Watching", "kind": "KIND_SECRET", "roles": [%q]}`, role))
		stream, err := s.REST(key).Events(t.Context(), harness.Request{Path: "/v1/events:watch?afterPosition=0"})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = stream.Close() }()
		for !slices.Contains(lights, "companies/firm/light") {
			event, err := stream.Next()
			if err != nil {
				t.Fatal(err)
			}
			m := &segmentationv1.WatchEventsResponse{}
			if err := protojson.Unmarshal([]byte(event.Data), m); err != nil {
				t.Fatal(err)
			}
			lights = append(lights, m.GetEvent().GetLightChanged().GetLight())
		}
		return lights
	}
	if lights := told("admin"); !slices.Contains(lights, "employees/zoe/light") {
		t.Errorf("an administrator is told of %v", lights)
	}
	if lights := told("viewer"); slices.Contains(lights, "employees/zoe/light") {
		t.Errorf("a viewer is told of %v", lights)
	}

	moved := func(role string) (kinds []string) {
		t.Helper()
		key := createKey(t, s.Suite, fmt.Sprintf(`{"displayName": "Trying", "kind": "KIND_SECRET", "roles": [%q]}`, role))
		out, err := segmentationv1.NewLightServiceClient(s.Conn(key)).PreviewLightPolicy(t.Context(), &segmentationv1.PreviewLightPolicyRequest{
			LightPolicy: &segmentationv1.LightPolicy{RedBelow: 2},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range out.GetMoved() {
			kind, _, _ := strings.Cut(m.GetLight(), "/")
			kinds = append(kinds, kind)
		}
		slices.Sort(kinds)
		return slices.Compact(kinds)
	}
	if kinds := moved("admin"); !slices.Equal(kinds, []string{"companies", "contacts", "employees"}) {
		t.Errorf("an administrator is told that %v would move", kinds)
	}
	if kinds := moved("definition_editor"); !slices.Equal(kinds, []string{"companies"}) {
		t.Errorf("who edits definitions is told that %v would move", kinds)
	}
}

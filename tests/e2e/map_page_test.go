package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/tests/harness"
)

// TestMapPage sees two places on the map with their scores, and goes to the answers of one of them.
func TestMapPage(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		s := openShop(t, harness.Options{Layout: layout})
		for name, at := range map[string]string{"osh": `"latitude": 40.53, "longitude": 72.8`, "karakol": `"latitude": 42.49, "longitude": 78.39`} {
			askREST(t, s.Suite, http.MethodPatch, "/v1/locations/"+name, `{"unit": {"displayName": "Shop of `+name+`", "location": {"coordinates": {`+at+`}}}, "allowMissing": true}`, nil)
		}
		for i := range 20 {
			place := []string{"osh", "karakol"}[i%2]
			body := fmt.Sprintf(`{"responseId": "m-%d", "response": {"context": {"location": %q}, "answers": [{"question": "recommend", "score": %d}]}}`, i, place, 10-i%2*10)
			askREST(t, s.Suite, http.MethodPost, "/v1/"+shopSurvey+"/responses", body, nil)
		}
		testkit.Eventually(t, patience, s.counted(t, 20))
		b := openBrowser(t)
		b.open(t, s.HTTP()+"/?page=map#key="+harness.KeyFor(harness.Organization, harness.Admin))
		b.await(t, "Shop of osh", "100.0", "Shop of karakol", "−100.0", "n = 20 · map @ 1")
		b.savePicture(t, "otklik-map.png")
		b.click(t, "td.number a")
		b.await(t, "Only answers where", `location = "karakol"`, "n = 10", "−100.0")
		if text := b.text(t); strings.Contains(text, "NaN") || strings.Contains(text, "undefined") {
			t.Errorf("the page shows:\n%s", text)
		}
		b.wantClean(t, s.HTTP())
	})
}

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/tests/harness"
)

// prompt is the longest time in which a change of a credential takes effect everywhere.
const prompt = 5 * time.Second

// npsBody is a response of one answer.
const npsBody = `{"responseId": "%s", "response": {"answers": [{"question": "recommend", "score": 9}]}}`

// submitAs submits a response over REST and returns the answer.
func submitAs(t *testing.T, suite *harness.Suite, key, survey, id string, header map[string]string) *harness.Answer {
	t.Helper()
	answer, err := suite.REST(key).Do(t.Context(), harness.Request{
		Method: http.MethodPost, Path: "/v1/surveys/" + survey + "/responses", Body: fmt.Appendf(nil, npsBody, id), Header: header,
	})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func wantStatus(t *testing.T, what string, answer *harness.Answer, status int, reason string) {
	t.Helper()
	if answer.Status != status || !strings.Contains(string(answer.Body), reason) {
		t.Errorf("%s: status %d, want %d with %q: %s", what, answer.Status, status, reason, answer.Body)
	}
}

// TestPublishableKeys makes a key as an app would have it, and tries what somebody could do who read it there.
func TestPublishableKeys(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := openShop(t, harness.Options{Layout: layout}).Suite
		askREST(t, suite, http.MethodPost, "/v1/surveys", strings.ReplaceAll(staffQuestionnaire, `"staff"`, `"other"`), nil)
		askREST(t, suite, http.MethodPost, "/v1/surveys/other:publish", "{}", nil)
		var created struct {
			Secret string
			APIKey struct{ Name string }
		}
		askREST(t, suite, http.MethodPost, "/v1/apiKeys", `{"apiKeyId": "till", "apiKey": {"displayName": "Till", "kind": "KIND_PUBLISHABLE", "surveys": ["surveys/shop"]}}`, &created)
		key := created.Secret
		wantStatus(t, "its survey", submitAs(t, suite, key, "shop", "a-1", nil), http.StatusOK, "")
		wantStatus(t, "another survey", submitAs(t, suite, key, "other", "a-2", nil), http.StatusForbidden, "CREDENTIAL_BOUND")
		wantStatus(t, "a page of another origin", submitAs(t, suite, key, "shop", "a-3", map[string]string{"Origin": "https://evil.example"}), http.StatusForbidden, "ORIGIN_REFUSED")
		for _, path := range []string{"/v1/surveys/shop/responses", "/v1/surveys/shop/responses/a-1", "/v1/surveys", "/v1/apiKeys", "/v1/surveys/shop/scores", "/v1/auditEntries"} {
			answer, err := suite.REST(key).Do(t.Context(), harness.Request{Path: path})
			if err != nil || answer.Status != http.StatusForbidden {
				t.Errorf("%s: %v, %s", path, err, answer.Body)
			}
		}

		var rotated struct{ Secret string }
		askREST(t, suite, http.MethodPost, "/v1/apiKeys/till:rotate", `{"overlap": "3600s"}`, &rotated)
		wantStatus(t, "the secret before, in the overlap", submitAs(t, suite, key, "shop", "a-4", nil), http.StatusOK, "")
		wantStatus(t, "the new secret", submitAs(t, suite, rotated.Secret, "shop", "a-5", nil), http.StatusOK, "")
		askREST(t, suite, http.MethodPost, "/v1/apiKeys/till:rotate", `{"overlap": "0s"}`, &rotated)
		eventuallyRefused(t, suite, key)
		wantStatus(t, "the newest secret", submitAs(t, suite, rotated.Secret, "shop", "a-6", nil), http.StatusOK, "")
		askREST(t, suite, http.MethodPost, "/v1/apiKeys/till:revoke", "{}", nil)
		eventuallyRefused(t, suite, rotated.Secret)
		kept := storedBytes(t, suite)
		for where, content := range kept {
			for _, secret := range []string{key, rotated.Secret} {
				if strings.Contains(string(content), secret) {
					t.Errorf("%s holds a secret", where)
				}
			}
		}
		if log := suite.Log(); strings.Contains(log, key) || strings.Contains(log, rotated.Secret) {
			t.Error("the log holds a secret")
		}
	})
}

// eventuallyRefused waits until a secret is refused, which must be soon.
func eventuallyRefused(t *testing.T, suite *harness.Suite, key string) {
	t.Helper()
	begin := time.Now()
	testkit.Eventually(t, patience, func() error {
		if answer := submitAs(t, suite, key, "shop", "late", nil); answer.Status != http.StatusUnauthorized {
			return fmt.Errorf("the secret is taken: status %d", answer.Status)
		}
		return nil
	})
	if took := time.Since(begin); took > prompt+2*time.Second {
		t.Errorf("the secret was refused after %v, want %v at most", took, prompt)
	}
}

// TestKeysOfBrowsers binds a key to the origin of a shop's pages.
func TestKeysOfBrowsers(t *testing.T) {
	t.Parallel()
	suite := openShop(t, harness.Options{}).Suite
	key := createKey(t, suite, `{"displayName": "Shop pages", "kind": "KIND_PUBLISHABLE", "origins": ["https://shop.example"]}`)
	page := map[string]string{"Origin": "https://shop.example"}
	answer := submitAs(t, suite, key, "shop", "b-1", page)
	wantStatus(t, "its pages", answer, http.StatusOK, "")
	if got := answer.Header.Get("Access-Control-Allow-Origin"); got != "https://shop.example" {
		t.Errorf("Access-Control-Allow-Origin %q", got)
	}
	for what, header := range map[string]map[string]string{"other pages": {"Origin": "https://evil.example"}, "no page": nil, "a look-alike": {"Origin": "https://shop.example.evil.example"}, "no origin of a sandbox": {"Origin": "null"}} {
		answer := submitAs(t, suite, key, "shop", "b-2", header)
		wantStatus(t, what, answer, http.StatusForbidden, "ORIGIN_REFUSED")
		if got := answer.Header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s: Access-Control-Allow-Origin %q", what, got)
		}
	}
	preflight, err := suite.REST("").Do(t.Context(), harness.Request{Method: http.MethodOptions, Path: "/v1/surveys/shop/responses", Header: map[string]string{
		"Origin": "https://shop.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type",
	}})
	if err != nil || preflight.Status != http.StatusNoContent || preflight.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("preflight: %v, %+v", err, preflight)
	}
}

// TestLimitsOfDevices gives each device its share: a till that goes mad takes nothing from the others.
func TestLimitsOfDevices(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := openShop(t, harness.Options{Layout: layout}).Suite
		key := createKey(t, suite, `{"displayName": "Tills", "kind": "KIND_PUBLISHABLE", "deviceRate": 5}`)
		mad, other := map[string]string{"Otklik-Device": "till-1"}, map[string]string{"Otklik-Device": "till-2"}
		var refused *harness.Answer
		for i := range 50 {
			if answer := submitAs(t, suite, key, "shop", fmt.Sprintf("d-%d", i), mad); answer.Status == http.StatusTooManyRequests {
				refused = answer
				break
			}
		}
		if refused == nil {
			t.Fatal("a device may call without end")
		}
		wantStatus(t, "the mad till", refused, http.StatusTooManyRequests, "RetryInfo")
		if refused.Header.Get("Retry-After") == "" || refused.Header.Get("RateLimit") == "" {
			t.Errorf("headers of a refusal: %v", refused.Header)
		}
		wantStatus(t, "another till", submitAs(t, suite, key, "shop", "d-other", other), http.StatusOK, "")
	})
}

// TestInvitationTokens answers a survey by a one-time token, from many devices at once: one response comes of it.
func TestInvitationTokens(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		shop := openShop(t, harness.Options{Layout: layout})
		var made struct {
			Tokens []struct{ Token, Invitation string }
		}
		askREST(t, shop.Suite, http.MethodPost, "/v1/invitationTokens:batchCreate",
			`{"parent": "surveys/shop", "invitations": [{"invitation": "i-1", "respondent": "customer-1"}, {}]}`, &made)
		token := made.Tokens[0].Token
		wantStatus(t, "another identifier", submitAs(t, shop.Suite, token, "shop", "mine", nil), http.StatusForbidden, "responseId")
		var stored, replayed atomic.Int32
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				answer := submitAs(t, shop.Suite, token, "shop", "i-1", nil)
				if answer.Status != http.StatusOK {
					t.Errorf("status %d: %s", answer.Status, answer.Body)
				} else if strings.Contains(string(answer.Body), `"replayed":true`) {
					replayed.Add(1)
				} else {
					stored.Add(1)
				}
			})
		}
		group.Wait()
		if stored.Load() != 1 || replayed.Load() != 9 {
			t.Errorf("%d were stored and %d replayed, want 1 and 9", stored.Load(), replayed.Load())
		}
		var got struct {
			Response struct{ Respondent, Invitation string }
		}
		askREST(t, shop.Suite, http.MethodGet, "/v1/surveys/shop/responses/i-1", "", &got)
		if got.Response.Respondent != "customer-1" || got.Response.Invitation != "i-1" {
			t.Errorf("the response is of %+v", got.Response)
		}
		answer, err := shop.REST(token).Do(t.Context(), harness.Request{Path: "/v1/surveys/shop/responses/i-1"})
		if err != nil || answer.Status != http.StatusForbidden {
			t.Errorf("a respondent reads: %v, %s", err, answer.Body)
		}
	})
}

package sample

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

var end = time.Date(2026, 11, 22, 9, 30, 15, 0, time.UTC)

func TestGenerateIsTheSameEachTime(t *testing.T) {
	responses, refusals := generate(end)
	again, refusalsAgain := generate(end.Add(200 * time.Millisecond))
	if len(responses) != Responses || len(refusals) != Refusals || len(again) != Responses || len(refusalsAgain) != Refusals {
		t.Fatalf("%d and %d responses, %d and %d refusals", len(responses), len(again), len(refusals), len(refusalsAgain))
	}
	for i := range responses {
		if !proto.Equal(responses[i], again[i]) {
			t.Fatalf("response %d is\n%v\nand then\n%v", i, responses[i], again[i])
		}
	}
	for i := range refusals {
		if !proto.Equal(refusals[i], refusalsAgain[i]) {
			t.Fatalf("refusal %d is\n%v\nand then\n%v", i, refusals[i], refusalsAgain[i])
		}
	}
}

func TestGenerateBounds(t *testing.T) {
	responses, refusals := generate(end)
	ids, invitations := map[string]bool{}, map[string]bool{}
	seen := map[string]map[string]int{"language": {}, "location": {}, "touchpoint": {}, "channel": {}, "question": {}, "kind": {}}
	last := time.Time{}
	check := func(id string, at time.Time, language, invitation string) {
		if ids[id] || (invitation != "" && invitations[invitation]) {
			t.Fatalf("%s or %s comes twice", id, invitation)
		}
		ids[id], invitations[invitation] = true, true
		if at.After(end) || at.Before(end.Add(-days*24*time.Hour)) || at.Before(last) {
			t.Fatalf("%s at %v", id, at)
		}
		last = at
		seen["language"][language]++
	}
	comments := 0
	for _, r := range responses {
		v := r.GetResponse()
		check(r.GetResponseId(), v.GetAnswerTime().AsTime(), v.GetLanguage(), v.GetInvitation())
		seen["location"][v.GetContext().GetLocation()]++
		seen["touchpoint"][v.GetContext().GetTouchpoint()]++
		seen["channel"][v.GetContext().GetChannel()]++
		for _, a := range v.GetAnswers() {
			seen["question"][a.GetQuestion()]++
			if a.GetComment() != "" {
				comments++
			}
		}
	}
	last = time.Time{}
	for _, r := range refusals {
		check(r.GetRefusalId(), r.GetRefusal().GetRefuseTime().AsTime(), r.GetRefusal().GetLanguage(), r.GetRefusal().GetInvitation())
		seen["kind"][r.GetRefusal().GetKind().String()]++
	}
	for what, want := range map[string]int{"language": 3, "location": len(stores), "touchpoint": 3, "channel": 3, "question": 6, "kind": 3} {
		if len(seen[what]) != want {
			t.Errorf("%s: %v, want %d values", what, seen[what], want)
		}
	}
	for what, values := range seen {
		for value, n := range values {
			if n < 30 {
				t.Errorf("%s %s: only %d", what, value, n)
			}
		}
	}
	if comments < Responses/5 || comments > Responses/2 {
		t.Errorf("%d comments", comments)
	}
}

// nps is the score of the responses that a filter lets through.
func nps(responses []*surveyv1.SubmitResponseRequest, filter func(*surveyv1.Response) bool) (score float64, n int) {
	for _, r := range responses {
		v := r.GetResponse()
		if !filter(v) {
			continue
		}
		n++
		switch s := v.GetAnswers()[0].GetScore(); {
		case s >= 9:
			score += 100
		case s < 7:
			score -= 100
		}
	}
	return score / float64(n), n
}

// The sample tells a story that the suite must be able to find: deliveries get better, one store gets worse, stores differ.
func TestGenerateStory(t *testing.T) {
	responses, _ := generate(end)
	half := end.Add(-days * 12 * time.Hour)
	early := func(v *surveyv1.Response) bool { return v.GetAnswerTime().AsTime().Before(half) }
	at := func(touchpoint, location string, wantEarly bool) func(*surveyv1.Response) bool {
		return func(v *surveyv1.Response) bool {
			return (touchpoint == "" || v.GetContext().GetTouchpoint() == touchpoint) && (location == "" || v.GetContext().GetLocation() == location) && early(v) == wantEarly
		}
	}
	before, _ := nps(responses, at("delivery", "", true))
	after, n := nps(responses, at("delivery", "", false))
	t.Logf("delivery %.1f, then %.1f (n %d)", before, after, n)
	if after-before < 20 {
		t.Errorf("delivery went from %.1f to %.1f", before, after)
	}
	before, _ = nps(responses, at("", "karakol", true))
	after, n = nps(responses, at("", "karakol", false))
	t.Logf("karakol %.1f, then %.1f (n %d)", before, after, n)
	if before-after < 15 {
		t.Errorf("karakol went from %.1f to %.1f", before, after)
	}
	overall, _ := nps(responses, func(*surveyv1.Response) bool { return true })
	best, _ := nps(responses, func(v *surveyv1.Response) bool { return v.GetContext().GetLocation() == "bishkek-center" })
	worst, _ := nps(responses, func(v *surveyv1.Response) bool { return v.GetContext().GetLocation() == "bishkek-west" })
	t.Logf("overall %.1f, best %.1f, worst %.1f", overall, best, worst)
	if overall < 15 || overall > 60 || best-worst < 15 {
		t.Errorf("overall %.1f, best %.1f, worst %.1f", overall, best, worst)
	}
}

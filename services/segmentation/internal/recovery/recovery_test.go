package recovery_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/recovery"
)

var closed = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func TestStatesFollowTheTime(t *testing.T) {
	p := recovery.Policy{Survey: "after", Delay: 24 * time.Hour, Wait: recovery.DefaultWait, Cut: 8}
	r, ok := recovery.Of(p, "o", "c1", "anna", nil, closed)
	if !ok {
		t.Fatal("nothing is asked")
	}
	for at, want := range map[time.Duration]recovery.State{0: recovery.Waiting, 24 * time.Hour: recovery.Due, 15 * 24 * time.Hour: recovery.Expired} {
		if got := r.At(closed.Add(at)); got != want {
			t.Errorf("after %v it is %v", at, got)
		}
	}
	r.State = recovery.Invited
	if r.At(closed.Add(25*time.Hour)) != recovery.Invited || r.At(closed.Add(16*24*time.Hour)) != recovery.Expired {
		t.Error("invited")
	}
	r.State = recovery.Answered
	if r.At(closed.Add(1000*time.Hour)) != recovery.Answered {
		t.Error("answered")
	}
	if _, ok := recovery.Of(recovery.Policy{}, "o", "c1", "anna", nil, closed); ok {
		t.Error("asked without a survey")
	}
	if _, ok := recovery.Of(p, "o", "c1", "", nil, closed); ok {
		t.Error("nobody asked")
	}
}

func TestInvitationsNameTheirCase(t *testing.T) {
	name, err := recovery.Invitation("c1", "x")
	if id, ok := recovery.CaseOf(name); err != nil || !ok || id != "c1" {
		t.Errorf("%q, %v", name, err)
	}
	for _, other := range []string{"", "c1", "recovery-", "recovery-c1", "recovery-.x"} {
		if _, ok := recovery.CaseOf(other); ok {
			t.Errorf("%q is one", other)
		}
	}
	if _, err := recovery.Invitation(strings.Repeat("c", 64), "x"); err == nil {
		t.Error("too long")
	}
}

func TestAnswersAreJudged(t *testing.T) {
	scores := []recovery.Scored{{"a", 4}, {"b", 10}}
	if s := recovery.Judge("", scores); s == nil || *s != 7 {
		t.Errorf("mean %v", s)
	}
	if s := recovery.Judge("b", scores); s == nil || *s != 10 {
		t.Errorf("b %v", s)
	}
	if s := recovery.Judge("c", scores); s != nil {
		t.Errorf("c %v", *s)
	}
	eight := 8.0
	if ok, known := (recovery.Recovery{State: recovery.Answered, Score: &eight, Cut: 8}).Recovered(); !ok || !known {
		t.Error("at the cut")
	}
	if _, known := (recovery.Recovery{State: recovery.Answered}).Recovered(); known {
		t.Error("without a score")
	}
}

// 8 of 10: the Wilson interval of level 0.95 is [0.4902, 0.9433], as Newcombe (1998) computes it.
func TestRate(t *testing.T) {
	c := recovery.Counts{Cases: 40, Invited: 20, Answered: 10, Recovered: 8}
	rate, i, ok, err := c.Rate()
	if err != nil || !ok || rate != 0.8 || math.Abs(i.Low-0.4902) > 1e-4 || math.Abs(i.High-0.9433) > 1e-4 {
		t.Errorf("%v %v %v %v", rate, i, ok, err)
	}
	if share, ok := c.ResponseRate(); !ok || share != 0.5 {
		t.Errorf("response rate %v", share)
	}
	if _, _, ok, err := (recovery.Counts{Cases: 3}).Rate(); ok || err != nil {
		t.Errorf("of nobody: %v", err)
	}
	if _, ok := (recovery.Counts{}).ResponseRate(); ok {
		t.Error("nobody was invited")
	}
}

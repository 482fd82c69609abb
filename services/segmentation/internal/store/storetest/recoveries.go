package storetest

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/recovery"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// recoveryCases are about what is asked after cases were closed.
func recoveryCases() []testCase {
	return []testCase{{"Recoveries", recoveriesAreKept}, {"RecoveriesOfNobody", nothingIsAsked}, {"RecoveriesAreCancelled", recoveriesAreCancelled}}
}

func nothingIsAsked(t *testing.T, open Open) {
	s := opened(t, open)
	must(t, "apply", s.ApplyClosings(t.Context(), "recovery", 0, 1, []store.Closing{{Organization: acme, Case: "c1", Contact: "anna", Time: noon}}))
	_, err := s.GetRecovery(t.Context(), acme, "c1")
	want(t, "get", err, store.ErrNotFound)
	_, err = s.GetRecoveryPolicy(t.Context(), acme)
	want(t, "get policy", err, store.ErrNotFound)
}

func recoveriesAreKept(t *testing.T, open Open) {
	s := opened(t, open)
	putContacts(t, s, contact("anna", "", ""), contact("boris", "", ""))
	p, err := s.PutRecoveryPolicy(t.Context(), recovery.Policy{
		Organization: acme, Survey: "after", Delay: time.Hour, Wait: 24 * time.Hour, Question: "q", Cut: 8, CreateTime: noon, UpdateTime: noon,
	})
	must(t, "put policy", err)
	there, err := s.GetRecoveryPolicy(t.Context(), acme)
	equal(t, "policy", got(t, there, err), p)
	closings := []store.Closing{
		{Organization: acme, Case: "c1", Contact: "anna", Time: noon}, {Organization: acme, Case: "c2", Contact: "boris", Time: noon.Add(time.Minute)},
		{Organization: acme, Case: "c3", Contact: "", Time: noon}, {Organization: other, Case: "c1", Contact: "anna", Time: noon},
	}
	must(t, "apply", s.ApplyClosings(t.Context(), "recovery", 0, 9, closings))
	list := func(now time.Time, states ...recovery.State) (names []string) {
		list, _, err := s.ListRecoveries(t.Context(), store.RecoveryQuery{Organization: acme, States: states, Now: now, Limit: 9})
		for _, r := range got(t, list, err) {
			names = append(names, r.Case)
		}
		return names
	}
	equal(t, "waiting", list(noon, recovery.Waiting), []string{"c1", "c2"})
	equal(t, "due", list(noon.Add(time.Hour), recovery.Due), []string{"c1"})
	equal(t, "expired", list(noon.Add(25*time.Hour), recovery.Expired, recovery.Answered), []string{"c1"})
	equal(t, "all", list(noon), []string{"c1", "c2"})
	at := noon.Add(2 * time.Hour)
	r, err := s.InviteRecovery(t.Context(), acme, "c1", at)
	if got(t, r, err).State != recovery.Invited || !r.InviteTime.Equal(at) {
		t.Errorf("invited %+v", r)
	}
	r, err = s.InviteRecovery(t.Context(), acme, "c1", at.Add(time.Hour))
	equal(t, "invited again", got(t, r, err).InviteTime, at)
	_, err = s.InviteRecovery(t.Context(), acme, "c2", noon.Add(48*time.Hour))
	want(t, "too late", err, store.ErrChanged)
	_, err = s.InviteRecovery(t.Context(), other, "c1", at)
	want(t, "another organisation's", err, store.ErrNotFound)
	answer := store.RecoveryAnswer{
		Organization: acme, Case: "c1", Response: "surveys/after/responses/r1", Survey: "after", Scores: []recovery.Scored{{Question: "q", Value: 9}, {Question: "p", Value: 1}},
	}
	stray := answer
	stray.Survey, stray.Response, stray.Case = "else", "surveys/else/responses/r2", "c2"
	must(t, "apply", s.ApplyRecoveryAnswers(t.Context(), "recovery_answers", 0, 5, []store.RecoveryAnswer{answer, stray}))
	counts, err := s.CountRecoveries(t.Context(), acme, time.Time{}, time.Time{})
	equal(t, "counts", got(t, counts, err), recovery.Counts{Cases: 2, Invited: 1, Answered: 1, Recovered: 1})
	counts, err = s.CountRecoveries(t.Context(), acme, noon.Add(time.Second), time.Time{})
	equal(t, "later ones", got(t, counts, err), recovery.Counts{Cases: 1})
	must(t, "close again", s.ApplyClosings(t.Context(), "recovery", 9, 10, closings[:1]))
	r, err = s.GetRecovery(t.Context(), acme, "c1")
	equal(t, "what was answered stays", got(t, r, err).Response, answer.Response)
	answer.Removed = true
	must(t, "apply", s.ApplyRecoveryAnswers(t.Context(), "recovery_answers", 5, 6, []store.RecoveryAnswer{answer}))
	counts, err = s.CountRecoveries(t.Context(), acme, time.Time{}, time.Time{})
	equal(t, "without it", got(t, counts, err), recovery.Counts{Cases: 2, Invited: 1})
}

// The recovery of a case that is opened again is cancelled, unless it was answered; closing the case asks anew.
func recoveriesAreCancelled(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	putContacts(t, s, contact("anna", "", ""))
	_, err := s.PutRecoveryPolicy(ctx, recovery.Policy{Organization: acme, Survey: "after", Delay: time.Hour, Wait: 24 * time.Hour, Cut: 8, CreateTime: noon, UpdateTime: noon})
	must(t, "put policy", err)
	var position int64
	apply := func(reopened bool, ids ...string) {
		t.Helper()
		var closings []store.Closing
		for _, id := range ids {
			closings = append(closings, store.Closing{Organization: acme, Case: id, Contact: "anna", Time: noon, Reopened: reopened})
		}
		must(t, "apply", s.ApplyClosings(ctx, "recovery", position, position+1, closings))
		position++
	}
	states := func() (out []recovery.State) {
		t.Helper()
		for _, id := range []string{"c1", "c2", "c3"} {
			r, err := s.GetRecovery(ctx, acme, id)
			out = append(out, got(t, r, err).State)
		}
		return out
	}
	answer := func(id string) store.RecoveryAnswer {
		return store.RecoveryAnswer{Organization: acme, Case: id, Response: "surveys/after/responses/" + id, Survey: "after", Scores: []recovery.Scored{{Question: "q", Value: 9}}}
	}
	apply(false, "c1", "c2", "c3")
	_, err = s.InviteRecovery(ctx, acme, "c2", noon)
	must(t, "invite", err)
	must(t, "answer", s.ApplyRecoveryAnswers(ctx, "recovery_answers", 0, 1, []store.RecoveryAnswer{answer("c3")}))
	apply(true, "c1", "c2", "c3", "c4")
	equal(t, "opened again", states(), []recovery.State{recovery.Cancelled, recovery.Cancelled, recovery.Answered})
	_, err = s.GetRecovery(ctx, acme, "c4")
	want(t, "of a case that was only opened", err, store.ErrNotFound)
	_, err = s.InviteRecovery(ctx, acme, "c1", noon)
	want(t, "invite when it is cancelled", err, store.ErrChanged)
	must(t, "answer", s.ApplyRecoveryAnswers(ctx, "recovery_answers", 1, 2, []store.RecoveryAnswer{answer("c2")}))
	equal(t, "answered when it was cancelled", states()[1], recovery.Cancelled)
	counts, err := s.CountRecoveries(ctx, acme, time.Time{}, time.Time{})
	equal(t, "counts", got(t, counts, err), recovery.Counts{Cases: 1, Invited: 1, Answered: 1, Recovered: 1})
	apply(false, "c1", "c2")
	equal(t, "closed again", states()[:2], []recovery.State{recovery.Waiting, recovery.Invited})
	r, err := s.GetRecovery(ctx, acme, "c2")
	equal(t, "invited then", got(t, r, err).InviteTime, noon)
}

package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/services/access/internal/audit"
	"github.com/otklik/otklik/services/access/internal/store"
)

// auditCases are about the audit log.
func auditCases() []testCase {
	return []testCase{
		{"AuditAppends", auditAppends},
		{"AuditSurvivesRestart", auditSurvivesRestart},
		{"AuditConcurrentAppends", auditConcurrentAppends},
		{"AuditOrganisationsApart", auditOrganisationsApart},
		{"AuditFilters", auditFilters},
		{"AuditPages", auditPages},
		{"AuditCancelled", auditCancelled},
		{"PrivacyAfterClose", privacyAfterClose},
	}
}

func auditEntry(organization, actor string) audit.Entry {
	return audit.Entry{
		Organization: organization, Time: noon.Add(123456789), Actor: actor, ActorName: "name of " + actor, Method: "otklik.survey.v1.SurveyService/GetResponse",
		Permission: "survey.responses.get", Resource: "surveys/s1/responses/r1", ClientAddress: "192.0.2.1", RequestID: "request", Outcome: audit.Succeeded,
	}
}

func appendAudit(t testing.TB, s store.Audit, entries ...audit.Entry) []int64 {
	t.Helper()
	sequences, err := s.AppendAudit(t.Context(), entries)
	if err != nil {
		t.Fatal(err)
	}
	return sequences
}

func listAudit(t testing.TB, s store.Audit, q store.AuditQuery) []audit.Entry {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100_000
	}
	entries, err := s.ListAudit(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// intact verifies the whole chain of an organisation.
func intact(t testing.TB, s store.Audit, organization string) []audit.Entry {
	t.Helper()
	head, err := s.AuditHead(t.Context(), organization)
	if err != nil {
		t.Fatal(err)
	}
	entries := listAudit(t, s, store.AuditQuery{Organization: organization})
	v := audit.NewVerifier(organization, nil)
	for _, e := range entries {
		v.Add(e)
	}
	if fault := v.Finish(head); fault.Sequence != 0 {
		t.Fatalf("chain of %s: %+v", organization, fault)
	}
	return entries
}

func auditAppends(t *testing.T, open Open) {
	s := opened(t, open)
	if head, err := s.AuditHead(t.Context(), acme); err != nil || head != (audit.Head{}) {
		t.Fatalf("empty log: %v, %v", head, err)
	}
	failed := auditEntry(acme, "two")
	failed.Outcome, failed.Code, failed.Start, failed.Time = audit.Failed, "NOT_FOUND", 1, time.Date(1999, 1, 1, 0, 0, 0, 1, time.UTC)
	equal(t, "sequences", appendAudit(t, s, auditEntry(acme, "one"), failed), []int64{1, 2})
	equal(t, "sequence", appendAudit(t, s, audit.Entry{Organization: acme, Time: noon, Actor: "три", Outcome: audit.Denied}), []int64{3})
	entries := intact(t, s, acme)
	if len(entries) != 3 {
		t.Fatalf("%d entries, want 3", len(entries))
	}
	for i, want := range []audit.Entry{auditEntry(acme, "one"), failed, {Organization: acme, Time: noon, Actor: "три", Outcome: audit.Denied}} {
		want.Sequence, want.Previous, want.Hash = entries[i].Sequence, entries[i].Previous, entries[i].Hash
		equal(t, fmt.Sprint("entry ", i+1), entries[i], want)
	}
}

func auditSurvivesRestart(t *testing.T, open Open) {
	s := open(t)
	appendAudit(t, s, auditEntry(acme, "one"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = opened(t, open)
	equal(t, "sequence", appendAudit(t, s, auditEntry(acme, "two")), []int64{2})
	intact(t, s, acme)
}

// auditConcurrentAppends: callers of one process at once, in batches over several organisations, make chains without gaps or repeats.
func auditConcurrentAppends(t *testing.T, open Open) {
	s := opened(t, open)
	const callers, calls = 8, 25
	var group sync.WaitGroup
	sequences := make([][]int64, callers)
	for c := range callers {
		group.Go(func() {
			for i := range calls {
				actor := fmt.Sprintf("%d-%d", c, i)
				batch := []audit.Entry{auditEntry(acme, actor), auditEntry(globex, actor), auditEntry(acme, actor)}
				got, err := s.AppendAudit(context.WithoutCancel(t.Context()), batch)
				if err != nil {
					t.Error(err)
					return
				}
				// Those of acme are first and last either way.
				sequences[c] = append(sequences[c], got[0], got[2])
			}
		})
	}
	group.Wait()
	entries := intact(t, s, acme)
	if len(entries) != 2*callers*calls || len(intact(t, s, globex)) != callers*calls {
		t.Fatalf("%d entries of acme, want %d", len(entries), 2*callers*calls)
	}
	for c, list := range sequences {
		for i, sequence := range list {
			if want := fmt.Sprintf("%d-%d", c, i/2); entries[sequence-1].Actor != want {
				t.Fatalf("the caller of %s was told sequence %d, which is that of %s", want, sequence, entries[sequence-1].Actor)
			}
		}
		if !slices.IsSorted(list) {
			t.Fatalf("the calls of one caller are out of order: %v", list)
		}
	}
}

func auditOrganisationsApart(t *testing.T, open Open) {
	s := opened(t, open)
	equal(t, "sequences", appendAudit(t, s, auditEntry(acme, "a"), auditEntry(globex, "g"), auditEntry(acme, "b")), []int64{1, 1, 2})
	if got := intact(t, s, globex); len(got) != 1 || got[0].Actor != "g" {
		t.Fatalf("globex sees %v", got)
	}
	if got := intact(t, s, "initech"); len(got) != 0 {
		t.Fatalf("initech sees %v", got)
	}
}

func auditFilters(t *testing.T, open Open) {
	s := opened(t, open)
	at := func(minutes int, change func(e *audit.Entry)) audit.Entry {
		e := auditEntry(acme, "one")
		e.Time = noon.Add(time.Duration(minutes) * time.Minute)
		change(&e)
		return e
	}
	appendAudit(t, s,
		at(0, func(*audit.Entry) {}),
		at(1, func(e *audit.Entry) { e.Actor = "two" }),
		at(2, func(e *audit.Entry) { e.Method = "otklik.survey.v1.SurveyService/ForgetResponse" }),
		at(3, func(e *audit.Entry) { e.Resource = "surveys/s1" }),
		at(4, func(e *audit.Entry) { e.Resource = "surveys/s10" }),
		at(5, func(e *audit.Entry) { e.Outcome = audit.Denied }),
		at(6, func(e *audit.Entry) { e.Resource = "surveys/s%" }))
	for _, c := range []struct {
		name string
		q    store.AuditQuery
		want []int64
	}{
		{"all", store.AuditQuery{}, []int64{1, 2, 3, 4, 5, 6, 7}},
		{"actor", store.AuditQuery{Actor: "two"}, []int64{2}},
		{"no such actor", store.AuditQuery{Actor: "t"}, nil},
		{"whole method", store.AuditQuery{Method: "otklik.survey.v1.SurveyService/ForgetResponse"}, []int64{3}},
		{"last part of method", store.AuditQuery{Method: "ForgetResponse"}, []int64{3}},
		{"part of the last part", store.AuditQuery{Method: "Response"}, nil},
		{"wildcards are no wildcards", store.AuditQuery{Method: "%"}, nil},
		{"resource and below", store.AuditQuery{Resource: "surveys/s1"}, []int64{1, 2, 3, 4, 6}},
		{"resource of two names", store.AuditQuery{Resource: "surveys/s10", Formerly: "surveys/s%"}, []int64{5, 7}},
		{"wildcard in resource", store.AuditQuery{Resource: "surveys/s%"}, []int64{7}},
		{"outcome", store.AuditQuery{Outcome: audit.Denied}, []int64{6}},
		{"period", store.AuditQuery{From: noon.Add(time.Minute), To: noon.Add(3 * time.Minute)}, []int64{2, 3}},
		{"from", store.AuditQuery{From: noon.Add(5 * time.Minute)}, []int64{6, 7}},
		{"to", store.AuditQuery{To: noon.Add(time.Minute)}, []int64{1}},
		{"together", store.AuditQuery{From: noon, To: noon.Add(time.Hour), Actor: "one", Method: "GetResponse", Resource: "surveys/s1", Outcome: audit.Succeeded}, []int64{1, 4}},
		{"after", store.AuditQuery{After: 5}, []int64{6, 7}},
		{"before", store.AuditQuery{Before: 3}, []int64{1, 2}},
		{"newest", store.AuditQuery{Newest: true, Limit: 3}, []int64{7, 6, 5}},
		{"newest before", store.AuditQuery{Newest: true, Before: 3}, []int64{2, 1}},
	} {
		c.q.Organization = acme
		var got []int64
		for _, e := range listAudit(t, s, c.q) {
			got = append(got, e.Sequence)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// auditPages: pages of the newest stay as they are while entries are added.
func auditPages(t *testing.T, open Open) {
	s := opened(t, open)
	for i := range 10 {
		appendAudit(t, s, auditEntry(acme, fmt.Sprint(i)))
	}
	var got []int64
	var before int64
	for {
		part := listAudit(t, s, store.AuditQuery{Organization: acme, Newest: true, Before: before, Limit: 3})
		if len(part) == 0 {
			break
		}
		for _, e := range part {
			got = append(got, e.Sequence)
		}
		before = part[len(part)-1].Sequence
		appendAudit(t, s, auditEntry(acme, "meanwhile"))
	}
	equal(t, "sequences", got, []int64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1})
}

func auditCancelled(t *testing.T, open Open) {
	s := opened(t, open)
	_, err := s.AppendAudit(ended(t), []audit.Entry{auditEntry(acme, "one")})
	want(t, "append", err, context.Canceled)
	if got := intact(t, s, acme); len(got) != 0 {
		t.Fatalf("stored %v", got)
	}
}

// privacyAfterClose: the log, the vault and the erasures of a closed store say so.
func privacyAfterClose(t *testing.T, open Open) {
	s := open(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for what, call := range map[string]func() error{
		"append audit": func() error { _, err := s.AppendAudit(ctx, []audit.Entry{auditEntry(acme, "one")}); return err },
		"list audit":   func() error { _, err := s.ListAudit(ctx, store.AuditQuery{Organization: acme, Limit: 1}); return err },
		"audit head":   func() error { _, err := s.AuditHead(ctx, acme); return err },
		"add keys":     func() error { return s.AddVaultKeys(ctx, []store.WrappedKey{wrapped(store.PersonKey, "a", "one")}) },
		"get keys":     func() error { _, err := s.GetVaultKeys(ctx, store.PersonKey, []string{"a"}); return err },
		"destroy keys": func() error { _, err := s.DestroyVaultKeys(ctx, store.PersonKey, []string{"a"}); return err },
		"create":       func() error { _, _, err := s.CreateErasure(ctx, running(acme, "one")); return err },
		"list erasures": func() error {
			_, _, err := s.ListErasures(ctx, store.Query{Organization: acme, Limit: 1}, noon)
			return err
		},
		"claim": func() error { _, _, err := s.ClaimErasure(ctx, "me", noon, noon); return err },
		"save":  func() error { _, err := s.SaveErasure(ctx, running(acme, "one"), "me", true); return err },
	} {
		want(t, what, call(), store.ErrClosed)
	}
}

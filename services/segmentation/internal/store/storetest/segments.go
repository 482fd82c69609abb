package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/rfm"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// segmentCases are about segments, who belongs to them, and who did.
func segmentCases() []testCase {
	return []testCase{
		{"SegmentsAreKept", segmentsAreKept}, {"MembershipsHaveAHistory", membershipsHaveAHistory}, {"ContactsAreTouched", contactsAreTouched},
		{"SweepsAreRemembered", sweepsAreRemembered}, {"ManyChangesAreComparedTogether", manyChangesAreComparedTogether},
		{"SnapshotsAreOfTheTimeOfTheAnswer", snapshotsAreOfTheTime}, {"MembershipsAreErased", membershipsAreErased},
	}
}

// segment makes a segment that all contacts were compared with at a time, zero for none.
func segment(t testing.TB, s store.Store, organization, id string, compared time.Time) store.Segment {
	t.Helper()
	g, err := s.CreateSegment(t.Context(), store.Segment{Organization: organization, ID: id, DisplayName: "Segment " + id, Rule: "true", CreateTime: noon}, 10)
	must(t, "create segment", err)
	if !compared.IsZero() {
		must(t, "end sweep", s.EndSweep(t.Context(), store.Sweep{Organization: organization, Day: rfm.Day(compared), Time: compared, Rules: map[string]int64{id: g.RuleVersion}}))
		g, err = s.GetSegment(t.Context(), organization, id)
		must(t, "get segment", err)
	}
	return g
}

func segmentsAreKept(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	a := segment(t, s, acme, "a", time.Time{})
	segment(t, s, acme, "b", time.Time{})
	segment(t, s, other, "a", time.Time{})
	_, err := s.CreateSegment(ctx, store.Segment{Organization: acme, ID: "a", CreateTime: noon}, 10)
	want(t, "create it again", err, store.ErrExists)
	_, err = s.CreateSegment(ctx, store.Segment{Organization: acme, ID: "c", CreateTime: noon}, 2)
	want(t, "create one too many", err, store.ErrTooMany)
	all, err := s.ListSegments(ctx, acme, "", 0)
	must(t, "list", err)
	after, err := s.ListSegments(ctx, acme, "a", 5)
	must(t, "list", err)
	if len(all) != 2 || len(after) != 1 || after[0].ID != "b" || all[0].DisplayName != "Segment a" {
		t.Errorf("all %+v, after a %+v", all, after)
	}
	next := a
	next.DisplayName, next.UpdateTime = "Another name", noon.Add(time.Hour)
	named, err := s.UpdateSegment(ctx, next)
	must(t, "name it", err)
	if named.Version == a.Version || named.RuleVersion != a.RuleVersion || named.DisplayName != "Another name" || !named.UpdateTime.Equal(next.UpdateTime) {
		t.Errorf("named %+v", named)
	}
	_, err = s.UpdateSegment(ctx, next)
	want(t, "change what was changed", err, store.ErrChanged)
	named.Rule = "false"
	ruled, err := s.UpdateSegment(ctx, named)
	must(t, "change its rule", err)
	if ruled.RuleVersion == a.RuleVersion || ruled.Rule != "false" {
		t.Errorf("with another rule %+v", ruled)
	}
	must(t, "delete", s.DeleteSegment(ctx, acme, "a"))
	want(t, "delete again", s.DeleteSegment(ctx, acme, "a"), store.ErrNotFound)
	_, err = s.GetSegment(ctx, acme, "a")
	want(t, "get what was deleted", err, store.ErrNotFound)
	_, err = s.UpdateSegment(ctx, ruled)
	want(t, "change what was deleted", err, store.ErrNotFound)
	_, err = s.GetSegment(ctx, other, "a")
	must(t, "get that of another organisation", err)
}

// putInto puts a contact into segments at a time.
func putInto(t testing.TB, s store.Store, rules map[string]int64, contact string, at time.Time, in ...string) {
	t.Helper()
	must(t, "put memberships", s.PutMemberships(t.Context(), store.MembershipChange{
		Organization: acme, Rules: rules, Contacts: []store.ContactMembership{{Contact: contact, Company: "c1", In: in, Time: at}},
	}))
}

// moves are the events about segments, in order, as kind, segment and contact.
func moves(t testing.TB, s store.Store) []string {
	t.Helper()
	events, _, err := s.OutboxEvents(t.Context(), acme, 0, 100)
	must(t, "read outbox", err)
	var out []string
	for _, e := range events {
		out = append(out, fmt.Sprintf("%s %s %s %s", e.Kind, e.Resource, e.Contact, e.Company))
	}
	return out
}

func membershipsHaveAHistory(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	putContacts(t, s, contact("x", "", ""), contact("y", "", ""))
	a, b := segment(t, s, acme, "a", noon), segment(t, s, acme, "b", time.Time{})
	rules := map[string]int64{"a": a.RuleVersion, "b": b.RuleVersion}
	putInto(t, s, rules, "x", noon.Add(time.Hour), "a", "b")
	putInto(t, s, rules, "x", noon.Add(time.Hour), "a", "b")
	putInto(t, s, rules, "y", noon.Add(time.Hour), "a")
	putInto(t, s, rules, "x", noon.Add(2*time.Hour))
	putInto(t, s, rules, "x", noon.Add(2*time.Hour), "a")
	// That of another rule changes nothing.
	putInto(t, s, map[string]int64{"a": a.RuleVersion + 1}, "x", noon.Add(3*time.Hour))
	equal(t, "events", moves(t, s), []string{
		"segment_entered segments/a x c1", "segment_entered segments/a y c1", "segment_left segments/a x c1", "segment_entered segments/a x c1",
	})
	members, err := s.Members(ctx, acme, "a", "", 10)
	equal(t, "members", got(t, members, err), []string{"x", "y"})
	rest, err := s.Members(ctx, acme, "a", "x", 10)
	equal(t, "members after x", got(t, rest, err), []string{"y"})
	n, err := s.CountContacts(ctx, acme)
	equal(t, "contacts of the directory", got(t, n, err), 2)
	g, err := s.GetSegment(ctx, acme, "a")
	equal(t, "count", got(t, g, err).Members, 2)
	now, more, err := s.ListMemberships(ctx, store.MembershipQuery{Organization: acme, Segment: "a", Limit: 1})
	must(t, "list", err)
	if len(now) != 1 || !more || now[0].Contact != "x" || !now[0].Leave.IsZero() || !now[0].Enter.After(noon.Add(2*time.Hour)) {
		t.Errorf("members now %+v", now)
	}
	var all []store.Membership
	for q := (store.MembershipQuery{Organization: acme, Contact: "x", Ended: true, Limit: 1}); ; {
		found, more, err := s.ListMemberships(ctx, q)
		must(t, "list", err)
		all = append(all, found...)
		if !more {
			break
		}
		q.After = &found[0]
	}
	if len(all) != 3 || all[0].Segment != "a" || !all[0].Leave.IsZero() || !all[1].Leave.Equal(noon.Add(2*time.Hour)) || all[2].Segment != "b" || all[2].Leave.IsZero() {
		t.Errorf("history %+v", all)
	}
	must(t, "delete", s.DeleteSegment(ctx, acme, "a"))
	left, _, err := s.ListMemberships(ctx, store.MembershipQuery{Organization: acme, Segment: "a", Ended: true, Limit: 5})
	equal(t, "memberships of what was deleted", len(got(t, left, err)), 0)
}

// somebody is a pseudonym of the tests.
func somebody(n byte) []byte {
	p := make([]byte, 16)
	p[0] = n
	return p
}

func contactsAreTouched(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	dueTo := func(what string, day int64, sweeps, touched []string) {
		t.Helper()
		all, err := s.ToSweep(ctx, day)
		equal(t, what+": all", got(t, all, err), sweeps)
		some, err := s.Touched(ctx)
		equal(t, what+": what changed", got(t, some, err), touched)
	}
	dueTo("without segments", 1, nil, nil)
	g := segment(t, s, acme, "a", noon)
	day := rfm.Day(noon)
	dueTo("when all is done", day, nil, nil)
	dueTo("on the next day", day+1, []string{acme}, nil)
	// A contact that is made is touched.
	must(t, "apply", s.ApplySnapshots(ctx, "segments", store.SnapshotBatch{To: 1, Answered: []store.Answered{{Organization: acme, Response: "surveys/s/responses/r", Person: somebody(1), Time: noon}}}))
	contact, err := s.ContactOf(ctx, acme, somebody(1))
	must(t, "get contact", err)
	touches, err := s.Touches(ctx, acme, 0, 10)
	must(t, "list touches", err)
	if len(touches) != 1 {
		t.Fatalf("%d contacts are touched, want the one that was made", len(touches))
	}
	equal(t, "touched", touches[0].Contact, contact)
	dueTo("when a contact changed", day, nil, []string{acme})
	must(t, "put", s.PutMemberships(ctx, store.MembershipChange{
		Organization: acme, Rules: map[string]int64{"a": g.RuleVersion},
		Contacts: []store.ContactMembership{{Contact: contact, Time: touches[0].Time, Number: touches[0].Number, In: []string{"a"}}},
	}))
	touches, err = s.Touches(ctx, acme, 0, 10)
	equal(t, "touched after it was compared", len(got(t, touches, err)), 0)
}

func sweepsAreRemembered(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := segment(t, s, acme, "a", time.Time{})
	b := segment(t, s, acme, "b", time.Time{})
	day := rfm.Day(noon)
	due, err := s.ToSweep(ctx, day)
	equal(t, "due of what is new", got(t, due, err), []string{acme})
	table := store.RFMTable{Currency: "USD", Customers: 3, Table: rfm.Of([]rfm.Customer{{Last: noon, Frequency: 2, Monetary: 3.5}})}
	sweep := store.Sweep{
		Organization: acme, Day: day, Time: noon.Add(time.Hour), Rules: map[string]int64{"a": g.RuleVersion},
		Faults: map[string]store.RuleFault{"b": {RuleVersion: b.RuleVersion, Reason: "no such attribute"}}, RFM: table,
	}
	must(t, "end sweep", s.EndSweep(ctx, sweep))
	due, err = s.ToSweep(ctx, day)
	equal(t, "due after all", len(got(t, due, err)), 0)
	kept, err := s.RFMTable(ctx, acme)
	equal(t, "table", got(t, kept, err), table)
	g, err = s.GetSegment(ctx, acme, "a")
	must(t, "get", err)
	if g.EvaluatedVersion != g.RuleVersion || !g.EvaluateTime.Equal(noon.Add(time.Hour)) || !g.FirstTime.Equal(g.EvaluateTime) {
		t.Errorf("compared %+v", g)
	}
	broken, err := s.GetSegment(ctx, acme, "b")
	equal(t, "fault", got(t, broken, err).Fault, "no such attribute")
	equal(t, "faulty since", broken.FaultTime, noon.Add(time.Hour))
	broken.Rule = "false"
	broken, err = s.UpdateSegment(ctx, broken)
	equal(t, "fault of another rule", got(t, broken, err).Fault, "")
	must(t, "end sweep that began before the rule was changed", s.EndSweep(ctx, sweep))
	broken, err = s.GetSegment(ctx, acme, "b")
	equal(t, "fault of the rule before", got(t, broken, err).Fault, "")
	equal(t, "faulty since", broken.FaultTime, time.Time{})
}

// manyChangesAreComparedTogether: when more contacts changed than are sooner compared one by one, all are due; of a directory of very many, only when very many did.
func manyChangesAreComparedTogether(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	segment(t, s, acme, "a", noon)
	for from := 0; from < 5001; from += 1000 {
		changes := make([]store.ContactChange, min(1000, 5001-from))
		for i := range changes {
			changes[i] = contact(fmt.Sprintf("c%d", from+i), "", "")
		}
		putContacts(t, s, changes...)
	}
	for _, c := range []struct {
		compared int64
		want     []string
	}{{0, []string{acme}}, {5000 * 25, []string{acme}}, {5001 * 25, nil}} {
		must(t, "end sweep", s.EndSweep(ctx, store.Sweep{Organization: acme, Day: rfm.Day(noon), Time: noon, Contacts: c.compared}))
		due, err := s.ToSweep(ctx, rfm.Day(noon))
		equal(t, fmt.Sprintf("due of %d contacts", c.compared), got(t, due, err), c.want)
	}
}

func snapshotsAreOfTheTime(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	a := segment(t, s, acme, "a", noon)
	rules := map[string]int64{"a": a.RuleVersion}
	answer := func(response string, at time.Time) store.SnapshotBatch {
		return store.SnapshotBatch{From: store.Unmoved, To: store.Unmoved, Answered: []store.Answered{{Organization: acme, Response: response, Person: somebody(1), Time: at}}}
	}
	must(t, "meet", s.ApplySnapshots(ctx, "segments", answer("surveys/s/responses/first", noon)))
	contact, err := s.ContactOf(ctx, acme, somebody(1))
	must(t, "get contact", err)
	putInto(t, s, rules, contact, noon.Add(time.Hour), "a")
	putInto(t, s, rules, contact, noon.Add(3*time.Hour))
	for response, after := range map[string]time.Duration{"before": 30 * time.Minute, "within": 2 * time.Hour, "beyond": 4 * time.Hour} {
		must(t, "apply", s.ApplySnapshots(ctx, "segments", answer("surveys/s/responses/"+response, noon.Add(after))))
	}
	told := func() map[string][]string {
		events, _, err := s.OutboxEvents(ctx, acme, 0, 100)
		must(t, "read outbox", err)
		out := map[string][]string{}
		for _, e := range events {
			if e.Kind == store.SegmentsOfResponse {
				var body store.ResponseSegments
				must(t, "decode", store.DecodeBody(e, &body))
				equal(t, "contact", e.Contact, contact)
				out[e.Resource] = body.Segments
			}
		}
		return out
	}
	equal(t, "segments of answers", told(), map[string][]string{"surveys/s/responses/within": {"a"}})
	// Applied again as of another time, it is taken back.
	must(t, "apply", s.ApplySnapshots(ctx, "segments", answer("surveys/s/responses/within", noon)))
	equal(t, "segments of answers", told(), map[string][]string{"surveys/s/responses/within": {}})
	must(t, "remove", s.ApplySnapshots(ctx, "segments", store.SnapshotBatch{
		From: store.Unmoved, To: store.Unmoved, Removed: []store.RemovedResponse{{Organization: acme, Response: "surveys/s/responses/within"}},
	}))
	equal(t, "segments of answers", told(), map[string][]string{})
	want(t, "apply from elsewhere", s.ApplySnapshots(ctx, "segments", store.SnapshotBatch{From: 7, To: 8}), store.ErrLost)
}

func membershipsAreErased(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	putContacts(t, s, contact("somebody", "", ""))
	a := segment(t, s, acme, "a", noon)
	must(t, "meet", s.ApplySnapshots(ctx, "segments", store.SnapshotBatch{To: 1, Answered: []store.Answered{{Organization: acme, Response: "surveys/s/responses/r", Person: somebody(1), Time: noon}}}))
	contact, err := s.ContactOf(ctx, acme, somebody(1))
	must(t, "get contact", err)
	putInto(t, s, map[string]int64{"a": a.RuleVersion}, contact, noon.Add(time.Hour), "a")
	putInto(t, s, map[string]int64{"a": a.RuleVersion}, "somebody", noon.Add(time.Hour), "a")
	records, err := s.ListPerson(ctx, acme, somebody(1))
	must(t, "list person", err)
	listed := 0
	for _, r := range records {
		if r.Kind == "segment_memberships" && r.Name == "segments/a" && r.Time.Equal(noon.Add(time.Hour)) {
			listed++
		}
	}
	equal(t, "memberships of the person", listed, 1)
	must(t, "erase", s.ErasePerson(ctx, acme, "e1", somebody(1)))
	members, err := s.Members(ctx, acme, "a", "", 10)
	equal(t, "members", got(t, members, err), []string{"somebody"})
	g, err := s.GetSegment(ctx, acme, "a")
	equal(t, "count", got(t, g, err).Members, 1)
}

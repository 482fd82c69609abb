package operation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otklik/otklik/services/reporting/internal/operation"
)

var (
	osh = time.FixedZone("Osh", 6*60*60)
	now = time.Date(2026, 9, 10, 12, 0, 0, 0, time.UTC)
)

// row is a row of a table whose cells stand as field=text.
func row(cells string) operation.Row {
	return func(field string) string {
		for cell := range strings.SplitSeq(cells, "|") {
			if name, text, _ := strings.Cut(cell, "="); name == field {
				return text
			}
		}
		return ""
	}
}

// reasons are what is wrong with a row, each field with its reason.
func reasons(t operation.Table, cells string) (out []string) {
	r, problems := t.Read(row(cells))
	if len(problems) == 0 {
		problems = r.Check(now, osh)
	}
	for _, p := range problems {
		out = append(out, p.Field+" "+string(p.Reason))
		if p.Text == "" {
			out = append(out, "nothing is said of what to do")
		}
	}
	return out
}

func TestSoundRows(t *testing.T) {
	for _, c := range []struct {
		kind  operation.Kind
		cells string
	}{
		{operation.Visitors, "location=osh|start_time=2026-09-01|visitors=0"},
		{operation.Visitors, "location=locations/osh|start_time=2026-09-01 09:00|end_time=2026-09-01 10:00|visitors=1 250"},
		{operation.Sales, "location=osh|start_time=2026-09-01|receipts=200|revenue=500000|visitors=1000|conversion=20 %|average_check=2500"},
		{operation.Sales, "location=osh|start_time=2026-09-01|receipts=198|revenue=534600|visitors=1100|conversion=0.18|average_check=2700"},
		{operation.Sales, "location=osh|start_time=2026-09-01|receipts=0|revenue=-500"},
		{operation.Sales, "location=osh|start_time=2026-09-01|receipts=0|revenue=0|visitors=0"},
		{operation.Receipt, "id=r1|location=osh|start_time=2026-09-01 09:00|amount=-12.50|units=-1"},
		{operation.Presses, "location=osh|start_time=2026-09-01 09:00|press=Like"},
		{operation.Presses, "location=osh|start_time=2026-09-01|likes=0"},
		{operation.MysteryVisit, "location=osh|start_time=2026-09-01 09:00|criterion=Greets|outcome=not applicable"},
		{operation.Terminal, "location=osh|start_time=2026-09-01 09:00|end_time=2026-09-01 10:00|shown=10|begun=5|completed=4|in_service_seconds=3600"},
		{operation.Emotion, "location=osh|start_time=2026-09-01 09:00|subject=buyer|emotion=Joy|score=0,7"},
		{operation.PolicyChange, "policy=prices|start_time=2026-12-01|location=osh; naryn"},
		{operation.Shift, "location=osh|employee=ann|start_time=2026-09-20 20:00|end_time=2026-09-21 08:00|role=cashier"},
	} {
		if got := reasons(operation.Table{Kind: c.kind, Zone: osh, Currency: "KGS"}, c.cells); got != nil {
			t.Errorf("%s: %v", c.cells, got)
		}
	}
}

func TestRefusedRows(t *testing.T) {
	for _, c := range []struct {
		kind  operation.Kind
		cells string
		want  []string
	}{
		{operation.Visitors, "location=osh|start_time=2026-09-01|visitors=-4", []string{"visitors NEGATIVE"}},
		{operation.Visitors, "location=osh|start_time=2026-09-01|visitors=", []string{"visitors MISSING"}},
		{operation.Visitors, "location=osh|start_time=2026-09-01|visitors=4.5", []string{"visitors MALFORMED"}},
		{operation.Visitors, "location=osh|start_time=2026-09-01 10:00|end_time=2026-09-01 09:00|visitors=4", []string{"end_time CONTRADICTORY"}},
		{operation.Visitors, "location=osh|start_time=2026-09-01 10:00|visitors=4", []string{"end_time MISSING"}},
		{operation.Visitors, "location=osh|start_time=2026-09-01 22:00|end_time=2026-09-02 01:00|visitors=4", []string{"end_time SPANS_DAYS"}},
		{operation.Visitors, "location=osh|start_time=2026-09-11|visitors=4", []string{"start_time IN_FUTURE"}},
		{operation.Visitors, "location=|start_time=31.02.2026|visitors=4", []string{"start_time MALFORMED"}},
		{operation.Visitors, "location=|start_time=2026-09-01|visitors=4", []string{"location MISSING"}},
		{operation.Visitors, "id=~mine|location=osh|start_time=2026-09-01|visitors=4", []string{"id MALFORMED"}},
		{operation.Sales, "location=osh|start_time=2026-09-01|receipts=1|revenue=10|currency=XYZ", []string{"currency CURRENCY_UNKNOWN"}},
		{operation.Sales, "location=osh|start_time=2026-09-01|receipts=1|revenue=10.555", []string{"revenue TOO_MANY_DIGITS"}},
		{operation.Sales, "location=osh|start_time=2026-09-01|visitors=0|receipts=200|revenue=10", []string{"visitors IDENTITY_VIOLATED"}},
		{operation.Sales, "location=osh|start_time=2026-09-01|receipts=0|revenue=500", []string{"receipts IDENTITY_VIOLATED"}},
		{operation.Sales, "location=osh|start_time=2026-09-01|receipts=198|revenue=600000|visitors=1100|conversion=0.18|average_check=2700", []string{"revenue IDENTITY_VIOLATED"}},
		{operation.Sales, "location=osh|start_time=2026-09-01|receipts=298|revenue=534600|visitors=1100|conversion=0.18|average_check=2700", []string{"conversion IDENTITY_VIOLATED"}},
		{operation.Sales, "location=osh|start_time=2026-09-01|receipts=298|revenue=534600|visitors=1100|conversion=118 %", []string{"conversion OUT_OF_RANGE"}},
		{operation.Receipt, "location=osh|start_time=2026-09-01 09:00|amount=1", []string{"id MISSING"}},
		{operation.Presses, "location=osh|start_time=2026-09-01 09:00", []string{"press MISSING"}},
		{operation.Presses, "location=osh|start_time=2026-09-01 09:00|press=love", []string{"press MALFORMED"}},
		{operation.MysteryVisit, "location=osh|start_time=2026-09-01|criterion=Greets|weight=0|outcome=maybe", []string{"outcome MALFORMED"}},
		{operation.MysteryVisit, "location=osh|start_time=2026-09-01|criterion=Greets|weight=0|outcome=pass", []string{"weight OUT_OF_RANGE"}},
		{operation.Terminal, "location=osh|start_time=2026-09-01 09:00|end_time=2026-09-01 09:01|begun=4|completed=5|in_service_seconds=61",
			[]string{"completed CONTRADICTORY", "in_service_seconds CONTRADICTORY"}},
		{operation.Emotion, "location=osh|employee=ann|start_time=2026-09-01|subject=buyer|emotion=boredom|score=2",
			[]string{"employee CONTRADICTORY", "emotion MALFORMED", "score OUT_OF_RANGE"}},
		{operation.PolicyChange, "policy=weather|start_time=2026-09-01", []string{"policy MALFORMED"}},
		{operation.Shift, "location=osh|start_time=2026-09-01|end_time=2026-09-04", []string{"employee MISSING", "end_time OUT_OF_RANGE"}},
	} {
		got := reasons(operation.Table{Kind: c.kind, Zone: osh, Currency: "KGS"}, c.cells)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.cells, diff)
		}
	}
}

func TestTimesWithoutZone(t *testing.T) {
	cells := "location=osh|start_time=2026-09-01 09:00|end_time=2026-09-01 10:00|visitors=4"
	if diff := cmp.Diff([]string{"start_time TIME_ZONE_MISSING", "end_time TIME_ZONE_MISSING"}, reasons(operation.Table{Kind: operation.Visitors}, cells)); diff != "" {
		t.Error(diff)
	}
	r, _ := operation.Table{Kind: operation.Visitors, Zone: osh}.Read(row(cells))
	if !r.Start.Equal(time.Date(2026, 9, 1, 3, 0, 0, 0, time.UTC)) {
		t.Errorf("read as %v", r.Start)
	}
}

func TestLengthOfIntervals(t *testing.T) {
	for cells, want := range map[string]time.Duration{
		"start_time=2026-09-01 09:00|location=osh":                           15 * time.Minute,
		"start_time=2026-09-01 09:00|end_time=2026-09-01 11:00|location=osh": 2 * time.Hour,
	} {
		r, _ := operation.Table{Kind: operation.Visitors, Zone: osh, Interval: 15 * time.Minute}.Read(row(cells))
		if got := r.End.Sub(r.Start); got != want {
			t.Errorf("%s: %v", cells, got)
		}
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	r, _ := operation.Table{Kind: operation.Visitors, Zone: berlin}.Read(row("start_time=2026-03-29|visitors=1|location=b"))
	if got := r.End.Sub(r.Start); got != 23*time.Hour {
		t.Errorf("the day on which clocks go forward has %v", got)
	}
}

// TestKeys tells what is the same record, and what another one.
func TestKeys(t *testing.T) {
	read := func(kind operation.Kind, cells string) string {
		r, _ := operation.Table{Kind: kind, Zone: osh, Currency: "KGS"}.Read(row(cells))
		return r.MadeKey()
	}
	const hour = "location=osh|start_time=2026-09-01 09:00|end_time=2026-09-01 10:00"
	if read(operation.Visitors, hour+"|visitors=1") != read(operation.Visitors, hour+"|visitors=2") {
		t.Error("a correction is another record")
	}
	for what, pair := range map[string][2]string{
		"another device":   {read(operation.Visitors, hour), read(operation.Visitors, hour+"|device=2")},
		"another kind":     {read(operation.Visitors, hour), read(operation.Presses, hour)},
		"another currency": {read(operation.Sales, hour+"|receipts=1|revenue=1"), read(operation.Sales, hour+"|receipts=1|revenue=1|currency=USD")},
		"another press":    {read(operation.Presses, "location=osh|start_time=2026-09-01 09:00|press=like"), read(operation.Presses, "location=osh|start_time=2026-09-01 09:00|press=dislike")},
		"another policy":   {read(operation.PolicyChange, "policy=prices|start_time=2026-09-01"), read(operation.PolicyChange, "policy=loyalty|start_time=2026-09-01")},
	} {
		if pair[0] == pair[1] {
			t.Errorf("%s is the same record", what)
		}
	}
	if read(operation.PolicyChange, "policy=prices|start_time=2026-09-01|location=a;b") != read(operation.PolicyChange, "policy=prices|start_time=2026-09-01|location=b; a") {
		t.Error("the order of locations makes another record")
	}
}

func TestVisitsOfSeveralRows(t *testing.T) {
	read := func(cells string) operation.Record {
		r, _ := operation.Table{Kind: operation.MysteryVisit, Zone: osh}.Read(row(cells))
		return r
	}
	first := read("location=osh|start_time=2026-09-01 09:00|criterion=Greets|outcome=pass")
	if !read("location=osh|start_time=2026-09-01 09:00|criterion=Offers|outcome=fail").Joins(first) {
		t.Error("another criterion of the visit is another visit")
	}
	if read("location=osh|start_time=2026-09-01 10:00|criterion=Offers|outcome=fail").Joins(first) {
		t.Error("another visit is the same")
	}
}

func TestOverlaps(t *testing.T) {
	at := func(from, to int) operation.Record {
		return operation.Record{Start: now.Add(time.Duration(from) * time.Hour), End: now.Add(time.Duration(to) * time.Hour)}
	}
	for _, c := range []struct {
		a, b operation.Record
		want bool
	}{
		{at(0, 2), at(1, 3), true}, {at(0, 2), at(2, 3), false}, {at(0, 3), at(1, 2), true}, {at(1, 1), at(1, 1), false}, {at(0, 2), at(0, 0), true}, {at(0, 2), at(2, 2), false},
	} {
		if c.a.Overlaps(c.b) != c.want || c.b.Overlaps(c.a) != c.want {
			t.Errorf("%v to %v and %v to %v", c.a.Start, c.a.End, c.b.Start, c.b.End)
		}
	}
}

package agenda_test

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	parser "github.com/emersion/go-ical"
	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/segmentation/internal/agenda"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// read reads a calendar by another library than the one that wrote it.
func read(t interface{ Fatal(...any) }, text string) *parser.Calendar {
	d := parser.NewDecoder(strings.NewReader(text))
	c, err := d.Decode()
	if err != nil {
		t.Fatal(err, text)
	}
	if _, err := d.Decode(); err != io.EOF { //nolint:errorlint // as the decoder says it
		t.Fatal("more than one calendar", err)
	}
	// Its encoder refuses what lacks a property that RFC 5545 wants.
	if err := parser.NewEncoder(io.Discard).Encode(c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCalendarIsReadByOthers(t *testing.T) {
	events := []agenda.Event{
		{Kind: agenda.CaseDue, Resource: "cases/b", Title: "Очередь на кассе", Start: monday.Add(48 * time.Hour), Owner: "members/a"},
		{Kind: agenda.Interview, Resource: "interviews/a", Start: monday, End: monday.Add(time.Hour), Changed: monday.Add(-time.Hour)},
		{Kind: agenda.Task, Resource: "cases/b", Key: "1", Start: monday.Add(24 * time.Hour), Done: true},
	}
	text, err := agenda.Write(events, agenda.Options{Organization: "o", Language: "ky", Zone: "Asia/Bishkek", Link: func(r string) string { return "https://app.example/" + r }})
	if err != nil {
		t.Fatal(err)
	}
	c := read(t, text)
	for name, want := range map[string]string{"VERSION": "2.0", "X-WR-TIMEZONE": "Asia/Bishkek", "METHOD": "PUBLISH"} {
		if got := c.Props.Get(name); got == nil || got.Value != want {
			t.Errorf("%s is %+v", name, got)
		}
	}
	got := c.Events()
	if len(got) != 3 {
		t.Fatalf("%d events", len(got))
	}
	start, err := got[0].DateTimeStart(time.UTC)
	end, err2 := got[0].DateTimeEnd(time.UTC)
	if err != nil || err2 != nil || !start.Equal(monday) || !end.Equal(monday.Add(time.Hour)) {
		t.Errorf("interview from %v to %v: %v, %v", start, end, err, err2)
	}
	if summary, err := got[0].Props.Text("SUMMARY"); err != nil || summary != "Маек: interviews/a" {
		t.Errorf("summary %q, %v", summary, err)
	}
	if summary, err := got[1].Props.Text("SUMMARY"); err != nil || !strings.HasPrefix(summary, "✓ ") {
		t.Errorf("done: %q, %v", summary, err)
	}
	if got[2].Props.Get("DTEND") != nil || got[2].Props.Get("URL").Value != "https://app.example/cases/b" {
		t.Errorf("due at a moment: %+v", got[2].Props)
	}
	if summary, err := got[2].Props.Text("SUMMARY"); err != nil || summary != "Кайрылуунун мөөнөтү: Очередь на кассе" {
		t.Errorf("summary %q, %v", summary, err)
	}
	for _, name := range []string{"DTSTAMP", "LAST-MODIFIED"} {
		if at, err := got[0].Props.DateTime(name, time.UTC); err != nil || !at.Equal(monday.Add(-time.Hour)) {
			t.Errorf("%s is %v, %v", name, at, err)
		}
	}
	if strings.Contains(text, "members/a") {
		t.Error("it names who sees to it")
	}
}

func TestIdentifiersStayWhenEventsMove(t *testing.T) {
	e := agenda.Event{Kind: agenda.Task, Resource: "cases/b", Key: "1", Start: monday}
	moved := e
	moved.Start, moved.Done = monday.Add(time.Hour), true
	if e.UID("o") != moved.UID("o") {
		t.Error("another identifier")
	}
	other := e
	other.Key = "2"
	if e.UID("o") == other.UID("o") || e.UID("o") == e.UID("p") {
		t.Error("the same identifier")
	}
}

// Whatever resources are called, another library reads what was written, lines are as short as RFC 5545 wants them, and the same events make the same calendar.
func TestEveryCalendarIsSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) agenda.Event {
			start := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "start"), 0)
			return agenda.Event{
				Kind: rapid.SampledFrom(agenda.Kinds()).Draw(t, "kind"), Resource: "cases/" + rapid.StringMatching(`[^/[:cntrl:]]{1,128}`).Draw(t, "id"),
				Key: rapid.StringN(0, 5, -1).Draw(t, "key"), Start: start, End: start.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "minutes")) * time.Minute),
			}
		}), 0, 10).Draw(t, "events")
		o := agenda.Options{Organization: "o", Language: rapid.SampledFrom([]string{"ru", "ky", "en", ""}).Draw(t, "language"), Zone: "Asia/Bishkek"}
		text, err := agenda.Write(events, o)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(text, "\r\n") {
			if len(line) > 75 || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n") {
				t.Fatalf("line %q", line)
			}
		}
		got := read(t, text).Events()
		slices.SortFunc(events, agenda.Compare)
		if len(got) != len(events) {
			t.Fatalf("%d events of %d", len(got), len(events))
		}
		for i, e := range events {
			summary, err := got[i].Props.Text("SUMMARY")
			start, err2 := got[i].DateTimeStart(time.UTC)
			if err != nil || err2 != nil || !strings.HasSuffix(summary, ": "+e.Resource) || !start.Equal(e.Start) {
				t.Fatalf("%q at %v, %v, %v; want %+v", summary, start, err, err2, e)
			}
		}
		slices.Reverse(events)
		if again, err := agenda.Write(events, o); err != nil || agenda.ETag(again) != agenda.ETag(text) {
			t.Fatalf("another calendar of the same events: %v", err)
		}
	})
}

func FuzzResources(f *testing.F) {
	f.Add("a;b,c\\d:\"e\"")
	f.Add("жардам өтө чоң аталыш менен, узун сап болуп бүктөлөт; дагы узун")
	f.Fuzz(func(t *testing.T, id string) {
		if !utf8.ValidString(id) || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return
		}
		text, err := agenda.Write([]agenda.Event{{Kind: agenda.CaseDue, Resource: "cases/" + id, Start: monday}}, agenda.Options{})
		if err != nil {
			t.Fatal(err)
		}
		summary, err := read(t, text).Events()[0].Props.Text("SUMMARY")
		if err != nil || summary != "Срок обращения: cases/"+id {
			t.Fatalf("%q, %v", summary, err)
		}
	})
}

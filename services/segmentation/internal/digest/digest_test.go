package digest_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/segmentation/internal/digest"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
)

// A digest has one time on each day, whatever clocks do, and those times ascend.
func TestEveryDayHasOneTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"Asia/Bishkek", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca", "Australia/Lord_Howe"}).Draw(t, "zone")
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		minute := rapid.IntRange(0, 1439).Draw(t, "minute")
		at := time.Unix(rapid.Int64Range(0, 2e9).Draw(t, "after"), 0)
		for range 40 {
			next := digest.Next(at, minute, zone)
			if !next.After(at) || next.Sub(at) > 50*time.Hour {
				t.Fatalf("after %v comes %v", at.In(zone), next)
			}
			if again := digest.Next(next.Add(-time.Nanosecond), minute, zone); !again.Equal(next) {
				t.Fatalf("just before %v comes %v", next, again)
			}
			if before := digest.Day(at, zone); at.Equal(digest.Next(at.Add(-time.Nanosecond), minute, zone)) && before == digest.Day(next, zone) {
				t.Fatalf("two on %s", before)
			}
			at = next
		}
	})
}

func TestClocksGoForward(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	// At 2:00 of this day it became 3:00.
	next := digest.Next(time.Date(2026, 3, 28, 12, 0, 0, 0, berlin), 2*60+30, berlin)
	if digest.Day(next, berlin) != "2026-03-29" || next.In(berlin).Format("15:04") != "03:30" {
		t.Errorf("%v", next)
	}
}

func TestAttemptsEnd(t *testing.T) {
	var sum time.Duration
	for attempt := 1; ; attempt++ {
		pause, more := digest.NextAttempt(attempt)
		if !more {
			if attempt != 8 || sum < 20*time.Hour || sum > 22*time.Hour {
				t.Errorf("%d attempts in %v", attempt, sum)
			}
			return
		}
		sum += pause
	}
}

func TestDigestsAreWritten(t *testing.T) {
	c := digest.Content{
		Since: time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC), Until: time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC), Opened: 3, Breached: 1, Late: []string{"cases/a<b"},
		Lights:   []digest.LightCount{{Kind: "company", Colour: "red", N: 2}},
		Segments: []digest.SegmentCount{{Segment: "segments/loyal", Entered: 4, Left: 1}},
	}
	zone, err := time.LoadLocation("Asia/Bishkek")
	if err != nil {
		t.Fatal(err)
	}
	links := digest.Links{Base: "https://app.example", Unsubscribe: "https://app.example/digests/unsubscribe/s"}
	for language, want := range map[string][]string{
		"ru": {"Открыто: 3", "Компании, стали красными: 2", "segments/loyal: вошло 4, вышло 1", "с 01.03.2026 09:00 по 02.03.2026 09:00", "https://app.example/cases/a<b"},
		"ky": {"Ачылды: 3", "Компаниялар, кызыл болду: 2", "Жазылуудан баш тартуу: https://app.example/digests/unsubscribe/s"},
		"en": {"Opened: 3", "Companies, turned red: 2", "Unsubscribe: "},
	} {
		m, err := digest.Compose(c, digest.Subscription{DisplayName: "all", Language: language}, zone, links)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range want {
			if !strings.Contains(m.Text, line) {
				t.Errorf("%s: no %q in\n%s", language, line, m.Text)
			}
		}
		if !strings.Contains(m.Subject, "2026-03-02") || strings.Contains(m.HTML, "a<b") || !strings.Contains(m.HTML, `lang="`+language+`"`) {
			t.Errorf("%s: %q\n%s", language, m.Subject, m.HTML)
		}
	}
	m, err := digest.Compose(c, digest.Subscription{Language: "en", Topics: []digest.Topic{digest.Segments}}, zone, digest.Links{})
	if err != nil || strings.Contains(m.Text, "Opened") || strings.Contains(m.Text, "turned red") || !strings.Contains(m.Text, "loyal") || strings.Contains(m.Text, "http") {
		t.Errorf("segments alone: %v\n%s", err, m.Text)
	}
	m, err = digest.Compose(digest.Content{}, digest.Subscription{Language: "en"}, zone, digest.Links{})
	if err != nil || !strings.Contains(m.Text, "Nothing happened.") {
		t.Errorf("nothing: %v\n%s", err, m.Text)
	}
}

// Whoever answers is not the owner of the key of digests: erasing that person would take away all addresses.
func TestNobodyIsTheOwner(t *testing.T) {
	if err := directory.CheckID("id", digest.Owner); err == nil {
		t.Error("somebody can have the identifier of the owner")
	}
}

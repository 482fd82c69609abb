// Package agenda writes what is to be done when as an iCalendar (RFC 5545). It names no owner and no contact.
package agenda

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// Kind is what an event is.
type Kind uint8

// The kinds of events.
const (
	Interview Kind = iota + 1
	CaseDue
	Task
	Prevention
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{Interview, CaseDue, Task, Prevention} }

// MostEvents is how many events a calendar shows.
const MostEvents = 2000

// Event is something with a time.
type Event struct {
	Kind Kind
	// Resource is the name of what it is about; Key tells apart several of a kind about the same, empty where there is one.
	Resource, Key string
	// Title says what it is about to people; where it is empty, the resource does.
	Title string
	// Start and End are its times; End is Start, or zero, for what is due at a moment.
	Start, End time.Time
	// Changed is when what it is about was changed last.
	Changed time.Time
	// Owner is who sees to it; empty for nobody.
	Owner string
	Done  bool
}

// UID is the event's identifier in an organisation's calendars. It stays the same when the event moves.
func (e Event) UID(organization string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\n%s\n%s\n%s", e.Kind, organization, e.Resource, e.Key))
	return base64.RawURLEncoding.EncodeToString(sum[:18]) + "@otklik"
}

// Compare orders events by their times, then so that the order is total.
func Compare(a, b Event) int {
	if c := a.Start.Compare(b.Start); c != 0 {
		return c
	}
	return slices.Compare([]string{a.Resource, string(rune(a.Kind)), a.Key}, []string{b.Resource, string(rune(b.Kind)), b.Key})
}

// Options say how a calendar is written.
type Options struct {
	Organization string
	// Language is that of titles: ru, ky or en; another means ru.
	Language string
	// Zone is the time zone that the calendar says to be in; empty for none. Its events are at the same moments in any.
	Zone string
	// Link is where people see a resource, empty for nowhere; nil never links.
	Link func(resource string) string
}

// titles are what events are called, by language.
var titles = map[string]map[Kind]string{
	"ru": {Interview: "Интервью", CaseDue: "Срок обращения", Task: "Срок задачи", Prevention: "Срок предупреждающей меры"},
	"ky": {Interview: "Маек", CaseDue: "Кайрылуунун мөөнөтү", Task: "Тапшырманын мөөнөтү", Prevention: "Алдын алуу чарасынын мөөнөтү"},
	"en": {Interview: "Interview", CaseDue: "Case due", Task: "Task due", Prevention: "Preventive action due"},
}

// names are what calendars are called, by language.
var names = map[string]string{"ru": "Отклик: встречи и сроки", "ky": "Отклик: жолугушуулар жана мөөнөттөр", "en": "Otklik: meetings and deadlines"}

// refresh is how often programs are asked to read a calendar again, as RFC 7986 writes it.
const refresh = "PT1H"

// Write writes events as an iCalendar in the order of their times.
func Write(events []Event, o Options) (string, error) {
	if _, ok := names[o.Language]; !ok {
		o.Language = "ru"
	}
	c := ics.NewCalendarFor("Otklik")
	c.SetCalscale("GREGORIAN")
	c.SetMethod(ics.MethodPublish)
	c.SetName(names[o.Language])
	c.SetXWRCalName(names[o.Language])
	c.SetRefreshInterval(refresh)
	c.SetXPublishedTTL(refresh)
	if o.Zone != "" {
		c.SetXWRTimezone(o.Zone)
	}
	for _, e := range slices.SortedFunc(slices.Values(events), Compare) {
		c.AddVEvent(o.event(e))
	}
	if len(events) == 0 {
		// RFC 5545 wants a calendar to have a component.
		utc := c.AddTimezone("Etc/UTC").AddStandard()
		utc.SetProperty(ics.ComponentPropertyDtStart, "19700101T000000")
		utc.SetProperty(ics.ComponentProperty(ics.PropertyTzoffsetfrom), "+0000")
		utc.SetProperty(ics.ComponentProperty(ics.PropertyTzoffsetto), "+0000")
	}
	var b strings.Builder
	if err := c.SerializeTo(&b, ics.WithNewLineWindows); err != nil {
		return "", fmt.Errorf("write calendar: %w", err)
	}
	return b.String(), nil
}

func (o Options) event(e Event) *ics.VEvent {
	out := ics.NewEvent(e.UID(o.Organization))
	// In what is published, the stamp is when the event was changed last (RFC 5545, 3.8.7.2): the same events make the same calendar.
	out.SetDtStampTime(e.Changed)
	out.SetLastModifiedAt(e.Changed)
	out.SetStartAt(e.Start)
	// What is due at a moment has no end: RFC 5545 wants one to be later than the start.
	out.SetTimeTransparency(ics.TransparencyTransparent)
	if e.End.After(e.Start) {
		out.SetEndAt(e.End)
		out.SetTimeTransparency(ics.TransparencyOpaque)
	}
	title := titles[o.Language][e.Kind]
	if e.Done {
		title = "✓ " + title
	}
	out.SetSummary(title + ": " + cmp.Or(e.Title, e.Resource))
	out.SetClass(ics.ClassificationPrivate)
	out.SetStatus(ics.ObjectStatusConfirmed)
	if o.Link != nil {
		if link := o.Link(e.Resource); link != "" {
			out.SetURL(link)
		}
	}
	return out
}

// ETag changes when a calendar changes.
func ETag(content string) string {
	sum := sha256.Sum256([]byte(content))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

package digest

import (
	"bytes"
	"cmp"
	"fmt"
	htmltemplate "html/template"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/otklik/otklik/libs/mail"
)

// Content is what happened in a time.
type Content struct {
	Since, Until time.Time
	// Opened, Due, Breached and Closed count cases.
	Opened, Due, Breached, Closed int64
	// Late are cases that were breached, by their names, up to MostLate.
	Late []string
	// Lights count changes of lights.
	Lights []LightCount
	// Segments count who entered and left segments.
	Segments []SegmentCount
}

// MostLate is how many cases are named in a digest.
const MostLate = 10

// LightCount counts lights of a kind that became a colour.
type LightCount struct {
	// Kind is company, contact or location, Colour is red, amber or green.
	Kind, Colour string
	N            int64
}

// SegmentCount counts who entered and left a segment.
type SegmentCount struct {
	Segment       string
	Entered, Left int64
}

// Quiet tells whether nothing happened of what a subscription is told.
func (c Content) Quiet(s Subscription) bool {
	return (!s.Tells(Cases) || c.Opened+c.Due+c.Breached+c.Closed == 0) && (!s.Tells(Lights) || len(c.Lights) == 0) && (!s.Tells(Segments) || len(c.Segments) == 0)
}

// Links say where things are seen. Base is the address of the app, empty where it is not known; Unsubscribe is the address to unsubscribe at.
type Links struct{ Base, Unsubscribe string }

// words are the fixed words of digests in a language.
type words struct {
	Subject, Title, Quiet, Cases, Opened, Due, Breached, Closed, Late, Lights, Segments, Entered, Left, Open, Unsubscribe string
	Kinds, Colours                                                                                                        map[string]string
}

var languages = map[string]words{
	"ru": {
		Subject: "Отклик за %s: %s", Title: "Что произошло с %s по %s", Quiet: "Ничего не произошло.", Cases: "Обращения", Opened: "Открыто", Due: "Подошёл срок",
		Breached: "Просрочено", Closed: "Закрыто", Late: "Просрочены", Lights: "Светофоры", Segments: "Сегменты", Entered: "вошло", Left: "вышло", Open: "Открыть Отклик",
		Unsubscribe: "Отписаться",
		Kinds:       map[string]string{"company": "Компании", "contact": "Контактные лица", "location": "Места"},
		Colours:     map[string]string{"red": "стали красными", "amber": "стали жёлтыми", "green": "стали зелёными"},
	},
	"ky": {
		Subject: "%s күнкү Отклик: %s", Title: "%s баштап %s чейин эмне болду", Quiet: "Эч нерсе болгон жок.", Cases: "Кайрылуулар", Opened: "Ачылды", Due: "Мөөнөтү келди",
		Breached: "Мөөнөтү өттү", Closed: "Жабылды", Late: "Мөөнөтү өткөндөр", Lights: "Светофорлор", Segments: "Сегменттер", Entered: "кирди", Left: "чыкты",
		Open: "Откликти ачуу", Unsubscribe: "Жазылуудан баш тартуу",
		Kinds:   map[string]string{"company": "Компаниялар", "contact": "Байланыш адамдары", "location": "Жайлар"},
		Colours: map[string]string{"red": "кызыл болду", "amber": "сары болду", "green": "жашыл болду"},
	},
	"en": {
		Subject: "Otklik of %s: %s", Title: "What happened from %s to %s", Quiet: "Nothing happened.", Cases: "Cases", Opened: "Opened", Due: "Came due",
		Breached: "Overdue", Closed: "Closed", Late: "Overdue", Lights: "Lights", Segments: "Segments", Entered: "entered", Left: "left", Open: "Open Otklik",
		Unsubscribe: "Unsubscribe",
		Kinds:       map[string]string{"company": "Companies", "contact": "Contacts", "location": "Locations"},
		Colours:     map[string]string{"red": "turned red", "amber": "turned amber", "green": "turned green"},
	},
}

// view is what the templates see.
type view struct {
	Language, Title       string
	Quiet                 bool
	Words                 words
	Content               Content
	Links                 Links
	WithCases, WithLights bool
	WithSegments          bool
}

var text = texttemplate.Must(texttemplate.New("digest").Parse(`{{.Title}}
{{if .Quiet}}
{{.Words.Quiet}}
{{end}}{{if .WithCases}}
{{.Words.Cases}}
  {{.Words.Opened}}: {{.Content.Opened}}
  {{.Words.Due}}: {{.Content.Due}}
  {{.Words.Breached}}: {{.Content.Breached}}
  {{.Words.Closed}}: {{.Content.Closed}}
{{range .Content.Late}}  {{$.Words.Late}}: {{if $.Links.Base}}{{$.Links.Base}}/{{end}}{{.}}
{{end}}{{end}}{{if .WithLights}}
{{.Words.Lights}}
{{range .Content.Lights}}  {{index $.Words.Kinds .Kind}}, {{index $.Words.Colours .Colour}}: {{.N}}
{{end}}{{end}}{{if .WithSegments}}
{{.Words.Segments}}
{{range .Content.Segments}}  {{.Segment}}: {{$.Words.Entered}} {{.Entered}}, {{$.Words.Left}} {{.Left}}
{{end}}{{end}}{{if .Links.Base}}
{{.Words.Open}}: {{.Links.Base}}
{{end}}{{if .Links.Unsubscribe}}
{{.Words.Unsubscribe}}: {{.Links.Unsubscribe}}
{{end}}`))

var page = htmltemplate.Must(htmltemplate.New("digest").Parse(`<!doctype html>
<html lang="{{.Language}}"><head><meta charset="utf-8"><title>{{.Title}}</title></head>
<body style="font-family:sans-serif;max-width:40em">
<h1 style="font-size:1.2em">{{.Title}}</h1>
{{if .Quiet}}<p>{{.Words.Quiet}}</p>{{end}}
{{if .WithCases}}<h2 style="font-size:1em">{{.Words.Cases}}</h2>
<table>
<tr><td>{{.Words.Opened}}</td><td>{{.Content.Opened}}</td></tr>
<tr><td>{{.Words.Due}}</td><td>{{.Content.Due}}</td></tr>
<tr><td>{{.Words.Breached}}</td><td>{{.Content.Breached}}</td></tr>
<tr><td>{{.Words.Closed}}</td><td>{{.Content.Closed}}</td></tr>
</table>
{{if .Content.Late}}<p>{{.Words.Late}}:</p><ul>{{range .Content.Late}}<li>{{if $.Links.Base}}<a href="{{$.Links.Base}}/{{.}}">{{.}}</a>{{else}}{{.}}{{end}}</li>{{end}}</ul>{{end}}
{{end}}{{if .WithLights}}<h2 style="font-size:1em">{{.Words.Lights}}</h2>
<table>{{range .Content.Lights}}<tr><td>{{index $.Words.Kinds .Kind}}, {{index $.Words.Colours .Colour}}</td><td>{{.N}}</td></tr>{{end}}</table>
{{end}}{{if .WithSegments}}<h2 style="font-size:1em">{{.Words.Segments}}</h2>
<table>{{range .Content.Segments}}<tr><td>{{.Segment}}</td><td>{{$.Words.Entered}} {{.Entered}}</td><td>{{$.Words.Left}} {{.Left}}</td></tr>{{end}}</table>
{{end}}{{if .Links.Base}}<p><a href="{{.Links.Base}}">{{.Words.Open}}</a></p>{{end}}
{{if .Links.Unsubscribe}}<p style="font-size:.8em"><a href="{{.Links.Unsubscribe}}">{{.Words.Unsubscribe}}</a></p>{{end}}
</body></html>
`))

// times is how digests write times.
const times = "02.01.2006 15:04"

// Compose writes a digest.
func Compose(c Content, s Subscription, zone *time.Location, links Links) (mail.Message, error) {
	w, ok := languages[s.Language]
	if !ok {
		s.Language, w = "ru", languages["ru"]
	}
	c.Late = c.Late[:min(len(c.Late), MostLate)]
	slices.SortFunc(c.Lights, func(a, b LightCount) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Colour, b.Colour))
	})
	slices.SortFunc(c.Segments, func(a, b SegmentCount) int { return strings.Compare(a.Segment, b.Segment) })
	v := view{
		Language: s.Language, Title: fmt.Sprintf(w.Title, c.Since.In(zone).Format(times), c.Until.In(zone).Format(times)), Quiet: c.Quiet(s), Words: w, Content: c, Links: links,
		WithCases: s.Tells(Cases) && c.Opened+c.Due+c.Breached+c.Closed > 0, WithLights: s.Tells(Lights) && len(c.Lights) > 0,
		WithSegments: s.Tells(Segments) && len(c.Segments) > 0,
	}
	var plain, html bytes.Buffer
	if err := text.Execute(&plain, v); err != nil {
		return mail.Message{}, fmt.Errorf("write digest: %w", err)
	}
	if err := page.Execute(&html, v); err != nil {
		return mail.Message{}, fmt.Errorf("write digest: %w", err)
	}
	return mail.Message{Subject: fmt.Sprintf(w.Subject, Day(c.Until, zone), s.DisplayName), Text: plain.String(), HTML: html.String()}, nil
}

package delivery

import (
	"bytes"
	"fmt"
	htmltemplate "html/template"
	texttemplate "text/template"
	"time"

	"github.com/otklik/otklik/libs/mail"
	"github.com/otklik/otklik/services/reporting/internal/report"
)

// words are the fixed words of e-mails in a language.
type words struct{ Subject, Period, Counted, Attached, Read, Linked, Fingerprint, Open, Unsubscribe string }

var languages = map[string]words{
	"ru": {
		Subject: "%s: %s", Period: "За период", Counted: "Учтены ответы, принятые до", Attached: "Отчёт приложен к этому письму.",
		Read: "Открыть отчёт", Linked: "Ссылка действует 30 дней. Кто её знает, видит отчёт без входа: не пересылайте её посторонним.", Fingerprint: "Контрольный код отчёта",
		Open: "Открыть Отклик", Unsubscribe: "Больше не присылать этот отчёт",
	},
	"ky": {
		Subject: "%s: %s", Period: "Мезгили", Counted: "Ушул убакытка чейин кабыл алынган жооптор эсепке алынды", Attached: "Баяндама ушул катка тиркелди.",
		Read: "Баяндаманы ачуу", Linked: "Шилтеме 30 күн иштейт. Аны билген адам баяндаманы кирбей эле көрөт: бөтөн адамдарга жөнөтпөңүз.",
		Fingerprint: "Баяндаманын текшерүү коду", Open: "Откликти ачуу", Unsubscribe: "Бул баяндаманы мындан ары жөнөтпөө",
	},
	"en": {
		Subject: "%s: %s", Period: "Period", Counted: "Responses counted that were accepted until", Attached: "The report is attached to this e-mail.",
		Read: "Open the report", Linked: "The link works for 30 days. Whoever has it sees the report without logging in: do not pass it on to strangers.",
		Fingerprint: "Fingerprint of the report", Open: "Open Otklik", Unsubscribe: "Send this report no more",
	},
}

// letter is what the templates see.
type letter struct {
	Language, Title, Period, Watermark, Fingerprint string
	Words                                           words
	Base, Link, Unsubscribe                         string
}

var text = texttemplate.Must(texttemplate.New("report").Parse(`{{.Title}}

{{.Words.Period}}: {{.Period}}
{{.Words.Counted}}: {{.Watermark}}

{{if .Link}}{{.Words.Read}}: {{.Link}}
{{.Words.Linked}}{{else}}{{.Words.Attached}}{{end}}
{{.Words.Fingerprint}}: {{.Fingerprint}}
{{if .Base}}
{{.Words.Open}}: {{.Base}}
{{end}}{{if .Unsubscribe}}
{{.Words.Unsubscribe}}: {{.Unsubscribe}}
{{end}}`))

var page = htmltemplate.Must(htmltemplate.New("report").Parse(`<!doctype html>
<html lang="{{.Language}}"><head><meta charset="utf-8"><title>{{.Title}}</title></head>
<body style="font-family:sans-serif;max-width:40em">
<h1 style="font-size:1.2em">{{.Title}}</h1>
<p>{{.Words.Period}}: {{.Period}}<br>{{.Words.Counted}}: {{.Watermark}}</p>
{{if .Link}}<p><a href="{{.Link}}">{{.Words.Read}}</a></p><p>{{.Words.Linked}}</p>{{else}}<p>{{.Words.Attached}}</p>{{end}}
<p style="font-size:.8em">{{.Words.Fingerprint}}: {{.Fingerprint}}</p>
{{if .Base}}<p><a href="{{.Base}}">{{.Words.Open}}</a></p>{{end}}
{{if .Unsubscribe}}<p style="font-size:.8em"><a href="{{.Unsubscribe}}">{{.Words.Unsubscribe}}</a></p>{{end}}
</body></html>
`))

const (
	days  = "02.01.2006"
	times = "02.01.2006 15:04"
)

// compose writes the e-mail of a report, with the days of the report.
func compose(language string, r report.Rendered, base, link, unsubscribe string) (mail.Message, error) {
	w, ok := languages[language]
	if !ok {
		language, w = "ru", languages["ru"]
	}
	zone := r.Period.Zone
	period := r.Period.Start.In(zone).Format(days)
	// Periods end where the next begins; people name the last day.
	if last := r.Period.End.In(zone).Add(-time.Nanosecond).Format(days); last != period {
		period += " – " + last
	}
	l := letter{
		Language: language, Title: r.Title, Period: period, Watermark: r.Watermark.In(zone).Format(times), Fingerprint: r.Fingerprint, Words: w, Base: base, Link: link,
		Unsubscribe: unsubscribe,
	}
	var plain, html bytes.Buffer
	if err := text.Execute(&plain, l); err != nil {
		return mail.Message{}, fmt.Errorf("write e-mail: %w", err)
	}
	if err := page.Execute(&html, l); err != nil {
		return mail.Message{}, fmt.Errorf("write e-mail: %w", err)
	}
	return mail.Message{Subject: fmt.Sprintf(w.Subject, r.Title, period), Text: plain.String(), HTML: html.String()}, nil
}

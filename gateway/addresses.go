package gateway

import (
	"context"
	"html/template"
	"net/http"
	"strings"
	"time"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// Secret addresses: what stands in the path is the credential of the call. They are for programs that can send none.
const (
	calendarPrefix    = "/calendars/"
	calendarSuffix    = ".ics"
	unsubscribePrefix = "/digests/unsubscribe/"
	// reportsPrefix is where those unsubscribe who are sent reports.
	reportsPrefix = "/reports/unsubscribe/"
)

// formPolicy lets a page send a form back to where it came from.
var formPolicy = []string{"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"}

// serveAddress answers at secret addresses; false for other paths.
func (g *Gateway) serveAddress(x *exchange, r *http.Request) bool {
	var methods []string
	var serve func(*exchange, *http.Request, string)
	secret, calendar := strings.CutPrefix(r.URL.Path, calendarPrefix)
	if calendar {
		secret, calendar = strings.CutSuffix(secret, calendarSuffix)
	}
	switch {
	case calendar:
		x.label, methods, serve = calendarPrefix+"{secret}"+calendarSuffix, []string{http.MethodGet, http.MethodHead}, g.serveCalendar
	case strings.HasPrefix(r.URL.Path, unsubscribePrefix):
		secret = strings.TrimPrefix(r.URL.Path, unsubscribePrefix)
		x.label, methods, serve = unsubscribePrefix+"{secret}", []string{http.MethodGet, http.MethodHead, http.MethodPost}, g.serveUnsubscribe(digestWords, g.endDigest)
	case strings.HasPrefix(r.URL.Path, reportsPrefix):
		secret = strings.TrimPrefix(r.URL.Path, reportsPrefix)
		x.label, methods, serve = reportsPrefix+"{secret}", []string{http.MethodGet, http.MethodHead, http.MethodPost}, g.serveUnsubscribe(reportWords, g.endReport)
	case strings.HasPrefix(r.URL.Path, sharedPages):
		secret = strings.TrimPrefix(r.URL.Path, sharedPages)
		x.label, methods, serve = sharedPages+"{secret}", []string{http.MethodGet, http.MethodHead}, g.serveSharedPage
	default:
		return false
	}
	allowed := false
	for _, m := range methods {
		allowed = allowed || r.Method == m
	}
	switch {
	case !allowed:
		x.Header().Set("Allow", strings.Join(methods, ", "))
		x.fail(http.StatusMethodNotAllowed, methodNotAllowed(r.Method, x.label))
	case !soundToken.MatchString(secret):
		x.fail(0, routeNotFound(x.label))
	default:
		ctx, cancel := context.WithTimeout(r.Context(), g.config.CallTimeout)
		defer cancel()
		serve(x, r.WithContext(ctx), secret)
	}
	return true
}

// addressFailed answers a call that failed.
func (g *Gateway) addressFailed(x *exchange, r *http.Request, err error) {
	x.Header()["Cache-Control"] = noStore
	writeError(x, 0, g.present(r.Context(), x.id, err))
}

// serveCalendar answers with the calendar that a secret address shows.
func (g *Gateway) serveCalendar(x *exchange, r *http.Request, secret string) {
	answer, err := segmentationv1.NewCalendarServiceClient(g.deps.Segmentation).ExportCalendar(g.callAs(x, r, secret), &segmentationv1.ExportCalendarRequest{})
	if err != nil {
		g.addressFailed(x, r, err)
		return
	}
	h := x.Header()
	h["Content-Security-Policy"] = apiPolicy
	h.Set("Content-Type", "text/calendar; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="otklik.ics"`)
	// Who reads it keeps it, and nobody between.
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", `"`+answer.GetEtag()+`"`)
	http.ServeContent(x, r, "", time.Time{}, strings.NewReader(answer.GetContent()))
}

// unsubscribeWords are what the page says in each language, as e-mails are written.
type unsubscribeWords struct{ Lang, Title, Ask, Button, Done string }

var reportWords = []unsubscribeWords{
	{"ru", "Отписка", "Больше не присылать этот отчёт на ваш адрес?", "Отписаться", "Отчёт больше не будет приходить на ваш адрес."},
	{"ky", "Жазылуудан баш тартуу", "Бул отчётту дарегиңизге жөнөтпөй коёлубу?", "Баш тартуу", "Отчёт мындан ары дарегиңизге келбейт."},
	{"en", "Unsubscribe", "Send this report to your address no more?", "Unsubscribe", "The report will not come to your address any more."},
}

var digestWords = []unsubscribeWords{
	{"ru", "Отписка", "Больше не присылать эту сводку на ваш адрес?", "Отписаться", "Сводка больше не будет приходить на ваш адрес."},
	{"ky", "Жазылуудан баш тартуу", "Бул кабарды дарегиңизге жөнөтпөй коёлубу?", "Баш тартуу", "Кабар мындан ары дарегиңизге келбейт."},
	{"en", "Unsubscribe", "Send this digest to your address no more?", "Unsubscribe", "The digest will not come to your address any more."},
}

var unsubscribePage = template.Must(template.New("unsubscribe").Parse(`<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>Otklik</title>
<style>body{font-family:sans-serif;max-width:32em;margin:3em auto;padding:0 1em}button{font:inherit;padding:.4em 1em}</style></head><body>
{{range .Languages}}<section lang="{{.Lang}}"><h1>{{.Title}}</h1>
{{if $.Done}}<p>{{.Done}}</p>{{else}}<p>{{.Ask}}</p><form method="post"><button>{{.Button}}</button></form>{{end}}</section>
{{end}}</body></html>
`))

// endDigest sends no more digests to the recipient of a credential, endReport no more reports.
func (g *Gateway) endDigest(ctx context.Context) error {
	_, err := segmentationv1.NewDigestServiceClient(g.deps.Segmentation).UnsubscribeDigest(ctx, &segmentationv1.UnsubscribeDigestRequest{})
	return err
}

func (g *Gateway) endReport(ctx context.Context) error {
	_, err := reportingv1.NewScheduleServiceClient(g.deps.Reporting).UnsubscribeReport(ctx, &reportingv1.UnsubscribeReportRequest{})
	return err
}

// serveUnsubscribe unsubscribes by POST, as mail programs do with one click (RFC 8058) and as the page does that GET shows: programs that look at links in e-mails
// unsubscribe nobody.
func (g *Gateway) serveUnsubscribe(words []unsubscribeWords, end func(context.Context) error) func(*exchange, *http.Request, string) {
	return func(x *exchange, r *http.Request, secret string) {
		done := r.Method == http.MethodPost
		if done {
			drainBody(r, g.config.MaxBodyBytes)
			if err := end(g.callAs(x, r, secret)); err != nil {
				g.addressFailed(x, r, err)
				return
			}
		}
		h := x.Header()
		h["Content-Security-Policy"] = formPolicy
		h["Cache-Control"] = noStore
		h.Set("Content-Type", "text/html; charset=utf-8")
		if r.Method == http.MethodHead {
			return
		}
		// A failure to write means that the client has gone; there is nobody to tell.
		_ = unsubscribePage.Execute(x, map[string]any{"Languages": words, "Done": done})
	}
}

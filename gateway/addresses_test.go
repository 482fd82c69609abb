package gateway_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc/metadata"

	"github.com/otklik/otklik/gateway"
	"github.com/otklik/otklik/libs/authn"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const addressSecret = "ots_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"

// addressStub answers at one secret address and remembers who unsubscribed.
type addressStub struct {
	segmentationv1.UnimplementedCalendarServiceServer
	segmentationv1.UnimplementedDigestServiceServer
	unsubscribed int
}

func known(ctx context.Context) error {
	if strings.Join(metadata.ValueFromIncomingContext(ctx, authn.MetadataAuthorization), "") != "Bearer "+addressSecret {
		return authn.ErrInvalid
	}
	return nil
}

func (*addressStub) ExportCalendar(ctx context.Context, _ *segmentationv1.ExportCalendarRequest) (*segmentationv1.ExportCalendarResponse, error) {
	return &segmentationv1.ExportCalendarResponse{Content: "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", Etag: "e1"}, known(ctx)
}

func (s *addressStub) UnsubscribeDigest(ctx context.Context, _ *segmentationv1.UnsubscribeDigestRequest) (*segmentationv1.UnsubscribeDigestResponse, error) {
	err := known(ctx)
	if err == nil {
		s.unsubscribed++
	}
	return &segmentationv1.UnsubscribeDigestResponse{}, err
}

func addressBench(t *testing.T) (*bench, *addressStub) {
	t.Helper()
	stub, channel := &addressStub{}, &inprocgrpc.Channel{}
	segmentationv1.RegisterCalendarServiceServer(channel, stub)
	segmentationv1.RegisterDigestServiceServer(channel, stub)
	return newBench(t, withDeps(func(d *gateway.Deps) { d.Segmentation = channel })), stub
}

func TestCalendarsAreReadAtTheirAddresses(t *testing.T) {
	b, _ := addressBench(t)
	a := b.get("/calendars/" + addressSecret + ".ics")
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "text/calendar; charset=utf-8" || a.header.Get("ETag") != `"e1"` ||
		!strings.HasPrefix(a.body, "BEGIN:VCALENDAR\r\n") || a.header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("%d %v %q", a.status, a.header, a.body)
	}
	if again := b.get("/calendars/"+addressSecret+".ics", "If-None-Match", `"e1"`); again.status != http.StatusNotModified || again.body != "" {
		t.Errorf("the same again: %d %q", again.status, again.body)
	}
	if head := b.do(request{method: http.MethodHead, path: "/calendars/" + addressSecret + ".ics"}); head.status != http.StatusOK || head.body != "" {
		t.Errorf("HEAD: %d %q", head.status, head.body)
	}
	for path, want := range map[string]int{
		"/calendars/" + strings.Repeat("x", 40) + ".ics": http.StatusUnauthorized, "/calendars/short.ics": http.StatusNotFound, "/calendars/a/b.ics": http.StatusNotFound,
	} {
		if a := b.get(path); a.status != want || strings.Contains(a.body, "xxx") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := b.do(request{method: http.MethodPost, path: "/calendars/" + addressSecret + ".ics"}); a.status != http.StatusMethodNotAllowed || strings.Contains(a.body, addressSecret) {
		t.Errorf("POST: %d %s", a.status, a.body)
	}
}

// Looking at the link in an e-mail unsubscribes nobody; sending the form, or one click in a mail program, does.
func TestUnsubscribing(t *testing.T) {
	b, stub := addressBench(t)
	path := "/digests/unsubscribe/" + addressSecret
	a := b.get(path)
	if a.status != http.StatusOK || !strings.Contains(a.body, `<form method="post">`) || !strings.Contains(a.body, "Жазылуудан") || stub.unsubscribed != 0 {
		t.Errorf("%d %s, %d unsubscribed", a.status, a.body, stub.unsubscribed)
	}
	if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self'") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
	a = b.do(request{
		method: http.MethodPost, path: path, body: "List-Unsubscribe=One-Click", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
	})
	if a.status != http.StatusOK || stub.unsubscribed != 1 || strings.Contains(a.body, "<form") {
		t.Errorf("%d %s, %d unsubscribed", a.status, a.body, stub.unsubscribed)
	}
	if a := b.do(request{method: http.MethodPost, path: "/digests/unsubscribe/" + strings.Repeat("x", 40)}); a.status != http.StatusUnauthorized {
		t.Errorf("an unknown secret: %d", a.status)
	}
}

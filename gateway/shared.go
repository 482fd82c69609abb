package gateway

import (
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/rpcerr"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

const (
	// sharedPages is where the app shows the report of a link, and sharedPrefix where it asks for it: both without logging in.
	sharedPages  = "/r/"
	sharedPrefix = "/v1/sharedReports/"
	// sharedRoute is the route of the API that answers there.
	sharedRoute = "/v1/sharedReport"
)

// noIndex keeps programs that collect pages away from what is for those who have its address.
var noIndex = []string{"noindex, nofollow"}

// takeShared makes of a secret address of a shared report the call that it stands for, with the secret as its credential: nothing after this sees it in the path. It
// answers itself, and returns false, where the address is none.
func (g *Gateway) takeShared(x *exchange, r *http.Request) bool {
	secret, verb, download := strings.Cut(strings.TrimPrefix(r.URL.Path, sharedPrefix), ":")
	x.shared = true
	x.Header()["X-Robots-Tag"] = noIndex
	if !soundToken.MatchString(secret) || download && verb != "download" {
		x.label = sharedPrefix + "{secret}"
		x.fail(0, routeNotFound(x.label))
		return false
	}
	r.URL.Path, r.URL.RawPath = sharedRoute, ""
	if download {
		r.URL.Path += ":" + verb
	}
	// Whoever is logged in here reads as everybody else does.
	r.Header.Del("Cookie")
	r.Header.Set("Authorization", "Bearer "+secret)
	return true
}

// sharedFailed is the answer to a call at the secret address of a shared report: a secret that proves nobody, or somebody who is not its reader, is that of no link. The text is that
// of the reporting service, to the letter: an answer of its own would tell which links there were.
func sharedFailed(st *status.Status) *status.Status {
	if st.Code() != codes.Unauthenticated && st.Code() != codes.PermissionDenied {
		return st
	}
	return rpcerr.New(codes.NotFound, rpcerr.ReasonOf(reportingv1.ErrorReason_ERROR_REASON_SHARE_ENDED),
		"the link leads to nothing: its time is over, it was ended, there never was such a link, or whoever made it may not show the report any more; ask for another one", rpcerr.WithDomain(reportingDomain)).GRPCStatus()
}

// reportingDomain owns the reasons of the reporting service.
const reportingDomain = "reporting.otklik"

// serveSharedPage answers with the app, which shows the report of a link.
func (g *Gateway) serveSharedPage(x *exchange, r *http.Request, _ string) {
	x.Header()["X-Robots-Tag"] = noIndex
	label := x.label
	r.URL.Path, r.URL.RawPath = "/", ""
	g.static.serve(x, r)
	x.label = label
}

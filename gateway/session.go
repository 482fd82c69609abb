package gateway

import (
	"net/http"
	"regexp"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
)

// cookies names and makes the cookies of the gateway. Over https their names begin with __Host-, so that no other host of the same domain can set
// them: https://datatracker.ietf.org/doc/draft-ietf-httpbis-rfc6265bis/
type cookies struct {
	secure bool
}

// session is the cookie that holds the token of a session, logIn the one that holds what a log-in under way must remember.
func (c cookies) session() string { return c.name("__Host-otklik", "otklik-session") }

func (c cookies) logIn() string { return c.name("__Host-otklik-login", "otklik-login") }

func (c cookies) name(secure, plain string) string {
	if c.secure {
		return secure
	}
	return plain
}

// set makes the header that sets a cookie until a time; the zero time takes it away.
func (c cookies) set(w http.ResponseWriter, name, value string, until time.Time) {
	cookie := &http.Cookie{Name: name, Value: value, Path: "/", Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode} //nolint:gosec // without Secure only where people reach it by http, on this machine
	if until.IsZero() {
		cookie.MaxAge = -1
	} else {
		cookie.Expires = until
	}
	http.SetCookie(w, cookie)
}

// soundToken is what a token of a session looks like; anything else is not worth a call.
var soundToken = regexp.MustCompile(`^[A-Za-z0-9_-]{16,256}$`)

// sessionToken returns the token of the session that a request belongs to, empty without. Two cookies of the name mean that somebody else set
// one of them: neither is taken.
func (c cookies) sessionToken(r *http.Request) string {
	if len(r.Header["Cookie"]) == 0 {
		return ""
	}
	found := r.CookiesNamed(c.session())
	if len(found) != 1 || !soundToken.MatchString(found[0].Value) {
		return ""
	}
	return found[0].Value
}

// takeSession makes the session of a cookie the credential of a request that brings none of its own. A browser adds cookies to requests that a
// foreign page makes it send: those are refused. The same goes for development mode, where a request needs no credential at all.
func (g *Gateway) takeSession(r *http.Request) *rpcerr.Error {
	if len(r.Header["Authorization"]) > 0 {
		return nil
	}
	token := g.cookies.sessionToken(r)
	if token == "" && !g.deps.Development {
		return nil
	}
	if e := g.checkSameSite(r); e != nil {
		return e
	}
	if token != "" {
		r.Header["Authorization"] = []string{"Bearer " + token}
	}
	return nil
}

// checkSameSite refuses a request that changes something and that a browser says a foreign page sends.
func (g *Gateway) checkSameSite(r *http.Request) *rpcerr.Error {
	if g.crossOrigin.Check(r) == nil {
		return nil
	}
	return fault(codes.PermissionDenied, reasonCrossSite, "a page of another site sent this request; only Otklik's own pages can use the session of a browser")
}

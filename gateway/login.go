package gateway

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authn/oidc"
	"github.com/otklik/otklik/libs/interceptor/requestid"
	"github.com/otklik/otklik/libs/rpcerr"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
)

// Login lets people log in at an OpenID provider: *oidc.Login.
type Login interface {
	// Providers are those to choose from.
	Providers() []oidc.LoginProvider
	// Begin returns where to send the browser, and what the browser must keep until Complete.
	Begin(context.Context, oidc.Beginning) (address, transaction string, err error)
	// Complete takes what the provider sent the browser back with, and what the browser kept.
	Complete(context.Context, url.Values, string) (oidc.Completed, error)
}

// Paths of logging in and out.
const (
	pathLogin    = "/auth/login"
	pathCallback = "/auth/callback"
	pathLogout   = "/auth/logout"
	pathSession  = "/auth/session"
)

// Codes of failed log-ins, as the app is told them in the query: `/?loginError=CODE`. That somebody is no member and that a member is
// disabled are the same, so that nobody learns who is a member.
const (
	loginExpired     = "expired"
	loginRefused     = "refused"
	loginNotMember   = "notMember"
	loginUnavailable = "unavailable"
	loginFailed      = "failed"
)

// serveAuth answers what belongs to logging in and out. Nothing of it is kept by caches.
func (g *Gateway) serveAuth(x *exchange, r *http.Request) {
	x.Header()["Cache-Control"] = noStore
	methods := map[string]string{pathLogin: http.MethodGet, pathCallback: http.MethodGet, pathSession: http.MethodGet, pathLogout: http.MethodPost}
	method, ok := methods[r.URL.Path]
	switch {
	case !ok:
		x.fail(0, routeNotFound(r.URL.Path))
		return
	case r.Method != method:
		x.label = r.URL.Path
		x.Header().Set("Allow", method)
		x.fail(http.StatusMethodNotAllowed, methodNotAllowed(r.Method, r.URL.Path))
		return
	}
	x.label = r.URL.Path
	ctx, cancel := context.WithTimeout(r.Context(), g.config.CallTimeout)
	defer cancel()
	r = r.WithContext(ctx)
	switch r.URL.Path {
	case pathLogin:
		g.beginLogin(x, r)
	case pathCallback:
		g.completeLogin(x, r)
	case pathSession:
		g.tellSession(x, r)
	case pathLogout:
		g.logOut(x, r)
	}
}

// beginLogin sends the browser to the provider.
func (g *Gateway) beginLogin(x *exchange, r *http.Request) {
	if g.deps.Login == nil {
		x.fail(0, routeNotFound(r.URL.Path))
		return
	}
	query := r.URL.Query()
	address, transaction, err := g.deps.Login.Begin(r.Context(), oidc.Beginning{
		Provider: query.Get("provider"), RedirectURL: g.publicURL.String() + pathCallback, ReturnTo: oidc.LocalPath(query.Get("return_to")),
	})
	if err != nil {
		g.loginFailed(x, r, err)
		return
	}
	g.cookies.set(x, g.cookies.logIn(), transaction, time.Now().Add(oidc.LoginTime))
	redirect(x, address)
}

// completeLogin begins a session of whom the provider vouches for. The token is always a new one, whatever the browser came with.
func (g *Gateway) completeLogin(x *exchange, r *http.Request) {
	if g.deps.Login == nil {
		x.fail(0, routeNotFound(r.URL.Path))
		return
	}
	transaction := ""
	if found := r.CookiesNamed(g.cookies.logIn()); len(found) == 1 {
		transaction = found[0].Value
	}
	// It is of use once.
	g.cookies.set(x, g.cookies.logIn(), "", time.Time{})
	completed, err := g.deps.Login.Complete(r.Context(), r.URL.Query(), transaction)
	if err != nil {
		g.loginFailed(x, r, err)
		return
	}
	session, err := accessv1.NewAccessServiceClient(g.deps.Access).CreateSession(g.callAs(x, r, completed.IDToken), &accessv1.CreateSessionRequest{})
	if err != nil {
		g.loginFailed(x, r, err)
		return
	}
	if before := g.cookies.sessionToken(r); before != "" {
		// endSession has logged a failure; the new session is good all the same.
		_ = g.endSession(x, r, before)
	}
	until := time.Now().Add(12 * time.Hour)
	if session.GetExpireTime() != nil {
		until = session.GetExpireTime().AsTime()
	}
	g.cookies.set(x, g.cookies.session(), session.GetToken(), until)
	redirect(x, oidc.LocalPath(completed.ReturnTo))
}

// loginFailed sends the browser back to the app with a code. What is behind it goes to the log.
func (g *Gateway) loginFailed(x *exchange, r *http.Request, err error) {
	code := loginCode(err)
	level := slog.LevelInfo
	if code == loginUnavailable || code == loginFailed {
		level = slog.LevelError
	}
	g.deps.Logger.LogAttrs(r.Context(), level, "log-in failed", slog.String("request_id", x.id), slog.String("code", code), slog.String("error", err.Error()))
	redirect(x, "/?loginError="+code)
}

func loginCode(err error) string {
	switch rpcerr.Reason(err) {
	case oidc.ReasonLoginInvalid, oidc.ReasonUnknownProvider:
		return loginExpired
	case oidc.ReasonLoginRefused:
		return loginRefused
	}
	switch rpcerr.Code(err) {
	case codes.Unauthenticated, codes.PermissionDenied, codes.NotFound, codes.FailedPrecondition:
		return loginNotMember
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted:
		return loginUnavailable
	}
	return loginFailed
}

// session is what the app is told at its start.
type session struct {
	// LoggedIn tells whether the browser has a session.
	LoggedIn bool `json:"loggedIn"`
	// Development tells that calls need no credential.
	Development bool `json:"development"`
	// Providers are those by which people can log in.
	Providers []sessionProvider `json:"providers"`
}

type sessionProvider struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
}

// tellSession tells the app whether somebody is logged in and how to log in. A session that has ended is forgotten.
func (g *Gateway) tellSession(x *exchange, r *http.Request) {
	told := session{Development: g.deps.Development, Providers: []sessionProvider{}}
	if g.deps.Login != nil {
		for _, p := range g.deps.Login.Providers() {
			told.Providers = append(told.Providers, sessionProvider(p))
		}
	}
	if token := g.cookies.sessionToken(r); token != "" {
		_, err := accessv1.NewAccessServiceClient(g.deps.Access).GetCaller(g.callAs(x, r, token), &accessv1.GetCallerRequest{})
		switch rpcerr.Code(err) {
		case codes.OK:
			told.LoggedIn = true
		case codes.Unauthenticated:
			g.cookies.set(x, g.cookies.session(), "", time.Time{})
		default:
			writeError(x, 0, g.present(r.Context(), x.id, err))
			return
		}
	}
	x.Header()["Content-Type"] = typeJSON
	x.WriteHeader(http.StatusOK)
	// A failure to write means that the client has gone; there is nobody to tell.
	_ = json.NewEncoder(x).Encode(told)
}

// logOut ends the session of the browser. The cookie goes in any case; that the session itself could not be ended is told.
func (g *Gateway) logOut(x *exchange, r *http.Request) {
	if e := g.checkSameSite(r); e != nil {
		x.fail(0, e)
		return
	}
	token := g.cookies.sessionToken(r)
	g.cookies.set(x, g.cookies.session(), "", time.Time{})
	if token != "" {
		if err := g.endSession(x, r, token); err != nil {
			writeError(x, 0, g.present(r.Context(), x.id, err))
			return
		}
	}
	x.WriteHeader(http.StatusNoContent)
}

// endSession ends a session; one that has ended already is as good.
func (g *Gateway) endSession(x *exchange, r *http.Request, token string) error {
	_, err := accessv1.NewAccessServiceClient(g.deps.Access).EndSession(g.callAs(x, r, token), &accessv1.EndSessionRequest{})
	if rpcerr.Code(err) == codes.Unauthenticated {
		return nil
	}
	if err != nil {
		g.deps.Logger.LogAttrs(r.Context(), slog.LevelWarn, "session not ended", slog.String("request_id", x.id), slog.String("error", err.Error()))
	}
	return err
}

// callAs is the context of a call of the gateway's own on behalf of whom a token proves.
func (g *Gateway) callAs(x *exchange, r *http.Request, token string) context.Context {
	pairs := []string{authn.MetadataAuthorization, "Bearer " + token, requestid.Metadata, x.id}
	if address := g.proxies.clientAddress(r.RemoteAddr, r.Header["X-Forwarded-For"]); address.IsValid() {
		pairs = append(pairs, authn.MetadataClientAddress, address.String())
	}
	return metadata.AppendToOutgoingContext(r.Context(), pairs...)
}

// redirect sends the browser elsewhere by GET.
func redirect(x *exchange, address string) {
	// Nothing that a text could do beyond naming an address may get into the header.
	x.Header().Set("Location", strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, address))
	x.WriteHeader(http.StatusSeeOther)
}

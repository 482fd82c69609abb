package authn

import (
	"context"
	"errors"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
)

// Credential is what a call brings to prove who makes it.
type Credential struct {
	// Token is the bearer token; empty when there is none.
	Token string
	// Origin is where a browser says that the call comes from, when that is not the gateway's own origin.
	Origin string
	// Device is what the caller calls the device.
	Device string
}

// maxToken bounds the tokens that are looked at: signed tokens of OpenID providers are the longest.
const maxToken = 8 << 10

// Authenticator knows whom a credential proves. Errors are *rpcerr.Error; ErrInvalid is that of a credential that proves nobody.
type Authenticator interface {
	Authenticate(ctx context.Context, c Credential) (Principal, error)
}

// Refusals. All credentials that prove nobody are refused by the same error, so that it does not tell whether one is unknown, malformed, revoked or
// has ended.
var (
	ErrMissing = rpcerr.New(codes.Unauthenticated, "CREDENTIALS_MISSING", "the call carries no credentials; send `authorization: Bearer KEY`")
	ErrInvalid = rpcerr.New(codes.Unauthenticated, "CREDENTIALS_INVALID", "the credentials are not valid")
)

// Chain asks authenticators in turn until one knows the credential. One that cannot tell ends the search.
type Chain []Authenticator

// Authenticate returns whom the credential proves.
func (c Chain) Authenticate(ctx context.Context, credential Credential) (Principal, error) {
	if credential.Token == "" {
		return Principal{}, ErrMissing
	}
	for _, a := range c {
		p, err := a.Authenticate(ctx, credential)
		if err == nil || (!errors.Is(err, ErrInvalid) && rpcerr.Code(err) != codes.Unauthenticated) {
			return p, err
		}
	}
	return Principal{}, ErrInvalid
}

// Development lets calls without credentials act as a fixed principal; those with credentials are authenticated as ever. It is for machines of
// developers only: who makes it must see to it that nobody else can call.
type Development struct {
	Authenticator

	Principal Principal
}

// Authenticate returns whom the credential proves.
func (d Development) Authenticate(ctx context.Context, c Credential) (Principal, error) {
	if c.Token == "" {
		return d.Principal, nil
	}
	return d.Authenticator.Authenticate(ctx, c)
}

// ReasonOrigin is the reason of calls from an origin where the credentials may not be used.
const ReasonOrigin = "ORIGIN_REFUSED"

// CheckOrigin tells whether the principal may be used from the origin that a browser named; empty is a call from no browser or from the gateway's
// own pages. Where a credential names origins it is good for these alone, which keeps a publishable key to the apps and pages that it was made for.
// Without any, no page of another origin may use it: not a key, which such a page should not have, nor a session, whose cookie the browser
// would add to whatever the page sends.
func CheckOrigin(p Principal, origin string) error {
	switch {
	case len(p.Origins) == 0 && origin == "":
		return nil
	case origin != "" && (slices.Contains(p.Origins, origin) || slices.Contains(p.Origins, normalOrigin(origin))):
		return nil
	}
	return rpcerr.New(codes.PermissionDenied, ReasonOrigin, "the credentials may not be used from this origin")
}

// normalOrigin is the origin as browsers send it: in lower case, without a slash and without the port that goes without saying.
func normalOrigin(origin string) string {
	o := strings.TrimSuffix(strings.ToLower(origin), "/")
	if rest, ok := strings.CutPrefix(o, "https://"); ok {
		return "https://" + strings.TrimSuffix(rest, ":443")
	}
	if rest, ok := strings.CutPrefix(o, "http://"); ok {
		return "http://" + strings.TrimSuffix(rest, ":80")
	}
	return o
}

package suite

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/gateway"
	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authn/oidc"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/service"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// The keys of what principals are bound to and restricted to.
const (
	boundInvitation = "invitation"
	boundRespondent = "respondent"
)

// authenticator knows whom the credentials of calls prove: the static keys first, then tokens that a provider of identities has signed, then what
// the access service keeps.
func (p *process) authenticator(ring *authn.Keyring) (authn.Authenticator, error) {
	client := accessv1.NewCredentialServiceClient(&p.access)
	options := authn.CacheOptions{Now: p.config.Clock.now}
	chain := authn.Chain{ring}
	var err error
	if p.verifier, err = oidc.New(p.config.Auth.OIDC, oidc.Deps{Now: p.config.Clock.now}); err != nil {
		return nil, err
	}
	if len(p.config.Auth.OIDC) > 0 {
		chain = append(chain, authn.NewSubjects(p.verifier, resolveSubject(client), options))
	}
	p.uses = authn.NewUses(reportUses(client), authn.UsesOptions{Logger: p.log})
	chain = append(chain, authn.NewResolver(resolveToken(client), p.uses, options))
	if p.config.Dev {
		return authn.Development{Authenticator: chain, Principal: developer()}, nil
	}
	return chain, nil
}

// named returns the principal of a key of the configuration, or of development mode, for those who act on its behalf.
func (p *process) named(organization, id string) (authn.Principal, bool) {
	if d := developer(); p.config.Dev && organization == d.Organization && id == d.ID {
		return d, true
	}
	return p.keys.Named(organization, id)
}

// resolveToken asks the access service whom a secret proves.
func resolveToken(client accessv1.CredentialServiceClient) authn.Lookup {
	return func(ctx context.Context, hash [sha256.Size]byte) (authn.Principal, error) {
		answer, err := client.ResolveToken(ctx, &accessv1.ResolveTokenRequest{Sha256: hash[:]})
		if err != nil {
			return authn.Principal{}, unlessRefusedOurselves(err)
		}
		return principal(answer.GetPrincipal(), answer.GetTerritory()), nil
	}
}

// resolveSubject asks the access service which member somebody is.
func resolveSubject(client accessv1.CredentialServiceClient) authn.SubjectLookup {
	return func(ctx context.Context, s authn.Subject) (authn.Principal, error) {
		answer, err := client.ResolveSubject(ctx, &accessv1.ResolveSubjectRequest{
			Organization: s.Organization, Subject: s.ID, VerifiedEmail: s.VerifiedEmail, DisplayName: s.Name,
		})
		if err != nil {
			return authn.Principal{}, unlessRefusedOurselves(err)
		}
		return principal(answer.GetPrincipal(), answer.GetTerritory()), nil
	}
}

// unlessRefusedOurselves is what the access service says of a credential. That it refuses the key of this process, as when keys are changed in one place
// before the other, says nothing of anybody else's: their devices would take it for good that theirs is not valid. The domain tells which of both.
func unlessRefusedOurselves(err error) error {
	e, ok := rpcerr.FromError(err)
	if !ok || e.Domain != rpcerr.DefaultDomain || (e.Code != codes.Unauthenticated && e.Code != codes.PermissionDenied) {
		return err
	}
	return rpcerr.New(codes.Unavailable, "CREDENTIALS_UNAVAILABLE", "the credentials cannot be checked at present",
		rpcerr.WithCause(fmt.Errorf("the access service refuses the key of this process: %w", err)))
}

// reportUses tells the access service which secrets were used last.
func reportUses(client accessv1.CredentialServiceClient) func(context.Context, []authn.Use) error {
	return func(ctx context.Context, uses []authn.Use) error {
		request := &accessv1.ReportUseRequest{}
		for _, u := range uses {
			request.Uses = append(request.Uses, &accessv1.ReportUseRequest_Use{Sha256: u.SHA256[:], Time: timestamppb.New(u.Time)})
		}
		_, err := client.ReportUse(ctx, request)
		return err
	}
}

// principal is a caller as the access service tells it, with what lies in its regions.
func principal(p *accessv1.Principal, in *accessv1.Territory) authn.Principal {
	out := authn.Principal{
		Kind: authn.KindNamed(p.GetKind().String()), ID: p.GetId(), Name: p.GetDisplayName(), Organization: p.GetOrganization(), Roles: p.GetRoles(),
		Units: unitsOf(p.GetUnits()), Resources: p.GetSurveys(), Origins: p.GetOrigins(), Rate: p.GetRate(), DeviceRate: p.GetDeviceRate(), Bound: boundOf(p),
	}
	if p.GetExpireTime() != nil {
		out.Expires = p.GetExpireTime().AsTime()
	}
	if in != nil {
		return out.Widen(map[string][]string{"region": in.GetRegions(), "location": in.GetLocations()})
	}
	return out
}

// boundOf are the values that what the caller sends gets.
func boundOf(p *accessv1.Principal) map[string]string {
	if p.GetInvitation() == "" {
		return nil
	}
	bound := map[string]string{boundInvitation: p.GetInvitation()}
	if p.GetRespondent() != "" {
		bound[boundRespondent] = p.GetRespondent()
	}
	return bound
}

// unitsOf are units by the key of the context that names them.
func unitsOf(u *typev1.Units) map[string][]string {
	units := make(map[string][]string)
	for key, values := range map[string][]string{
		"region": u.GetRegions(), "location": u.GetLocations(), "company": u.GetCompanies(), "employee": u.GetEmployees(),
	} {
		if len(values) > 0 {
			units[key] = values
		}
	}
	if len(units) == 0 {
		return nil
	}
	return units
}

// addUses makes the process report which secrets are in use, the rest of it when it stops, before the server that may be asked in this very process.
func (p *process) addUses() {
	p.components = append(p.components, service.Component{Name: "uses", Run: p.uses.Run, Stop: func(ctx context.Context) error {
		if err := p.uses.Flush(ctx); err != nil {
			// It is for people who look for keys that nobody uses; a use less does no harm.
			p.log.WarnContext(ctx, "the last use of keys could not be reported", "error", err)
		}
		return nil
	}})
}

// loginKeyBytes is the length of the key that what a browser keeps during a log-in is sealed with.
const loginKeyBytes = 32

// login lets people log in by the providers of the configuration; nil where there is none.
func (p *process) login(ctx context.Context) (gateway.Login, error) {
	if len(p.config.Auth.OIDC) == 0 {
		return nil, nil
	}
	key, err := p.config.Auth.loginKey()
	if err != nil {
		return nil, err
	}
	if p.config.Auth.LoginKey == "" {
		p.log.InfoContext(ctx, "auth.login_key is empty: who logs in must come back to this very process; set it where there are several gateways")
	}
	login, err := oidc.NewLogin(p.verifier, key)
	if err != nil {
		return nil, fmt.Errorf("prepare log-ins: %w", err)
	}
	return login, nil
}

// loginKey is the key of the configuration, or a new one that lives as long as the process.
func (a Auth) loginKey() ([]byte, error) {
	if a.LoginKey == "" {
		sum := sha256.Sum256([]byte(authn.NewSecret()))
		return sum[:], nil
	}
	key, err := base64.StdEncoding.DecodeString(a.LoginKey)
	if err != nil || len(key) != loginKeyBytes {
		// Without the cause, which would quote a part of the secret.
		return nil, errors.New("check auth.login_key: it is not 32 bytes in base64, as openssl rand -base64 32 makes them")
	}
	return key, nil
}

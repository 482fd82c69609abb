// Package api serves the access service's RPCs: it takes the organisation from the caller's credential, asks the rules and the store, and
// converts between messages and records. It alone knows both protobuf and records.
package api

import (
	"fmt"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/page"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/erasure"
	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/territory"
)

// Options of New.
type Options struct {
	// Store keeps the data. Required.
	Store store.Store
	// Roles says which roles there are and what they give. Required.
	Roles credential.Roles
	// Static knows the keys of the configuration by their identifiers; nil where there are none.
	Static func(organization, id string) (authn.Principal, bool)
	// Respondents seals who is invited; nil keeps it as it is.
	Respondents credential.Respondents
	// Vault gives out keys; nil where nobody asks for any.
	Vault Vault
	// Holders keep something of persons, in the order in which they are asked.
	Holders []erasure.Holder
	// Directory knows by what else persons are known; nil where there is none.
	Directory erasure.Directory
	// Territories know what lies in regions; nil where nobody does.
	Territories *territory.Territories
	// ErasuresWake is called when there is an erasure to work on; nil when nobody wants to know.
	ErasuresWake func()
	// Webhooks is what the calls about webhooks need.
	Webhooks Webhooks
	// SessionLifetime is how long a session lasts.
	SessionLifetime time.Duration
	// PageTTL is how long page tokens are good for; 0 means page.DefaultTTL.
	PageTTL time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Server serves the service's RPCs.
type Server struct {
	store    store.Store
	roles    credential.Roles
	rules    *validation.Interceptor
	pages    page.Codec
	now      func() time.Time
	lifetime time.Duration

	respondents credential.Respondents
	static      func(organization, id string) (authn.Principal, bool)

	vault        Vault
	holders      []erasure.Holder
	directory    erasure.Directory
	territories  *territory.Territories
	erasuresWake func()

	webhooks Webhooks
}

// New makes a server.
func New(o Options) (*Server, error) {
	rules, err := validation.New()
	if err != nil {
		return nil, fmt.Errorf("make checker of items: %w", err)
	}
	now := o.Now
	if now == nil {
		now = time.Now
	}
	respondents := o.Respondents
	if respondents == nil {
		respondents = credential.Plain{}
	}
	wake := o.ErasuresWake
	if wake == nil {
		wake = func() {}
	}
	static := o.Static
	if static == nil {
		static = func(string, string) (authn.Principal, bool) { return authn.Principal{}, false }
	}
	return &Server{
		vault: o.Vault, holders: o.Holders, directory: o.Directory, territories: o.Territories, erasuresWake: wake, webhooks: o.Webhooks,
		respondents: respondents, static: static,
		store: o.Store, roles: o.Roles, rules: rules, pages: page.Codec{TTL: o.PageTTL, Now: now}, lifetime: o.SessionLifetime,
		// Microseconds are what every backend can keep.
		now: func() time.Time { return now().UTC().Truncate(time.Microsecond) },
	}, nil
}

// Register registers the services.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	accessv1.RegisterAccessServiceServer(r, &accessServer{Server: s})
	accessv1.RegisterCredentialServiceServer(r, &credentialServer{Server: s})
	accessv1.RegisterAuditServiceServer(r, &auditServer{Server: s})
	accessv1.RegisterVaultServiceServer(r, &vaultServer{Server: s})
	accessv1.RegisterPrivacyServiceServer(r, &privacyServer{Server: s})
	accessv1.RegisterWebhookServiceServer(r, &webhookServer{Server: s})
}

// accessServer serves AccessService.
type accessServer struct {
	accessv1.UnimplementedAccessServiceServer
	*Server
}

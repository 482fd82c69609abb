package oidc

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Issuer is a provider that the operator trusts, on behalf of one organisation.
type Issuer struct {
	Issuer       string   `koanf:"issuer" doc:"Address of the OpenID provider, exactly as its discovery document gives it; https, or http on this machine."`
	ClientID     string   `koanf:"client_id" doc:"Identifier of this installation at the provider. ID tokens must be made for it. Empty: people cannot log in with this provider."`
	ClientSecret string   `koanf:"client_secret" secret:"true" doc:"Secret of this installation at the provider; empty for a public client, which PKCE protects."`
	Audiences    []string `koanf:"audiences" doc:"Audiences of access tokens that are taken as well, for machines with client credentials."`
	Organization string   `koanf:"organization" doc:"Organisation that everybody of the provider belongs to."`
	Scopes       []string `koanf:"scopes" doc:"What is asked for at log-in besides openid; empty means email and profile."`
	DisplayName  string   `koanf:"display_name" doc:"What people call the provider; shown on the log-in page."`
}

// check tells what is wrong with the setting.
func (i Issuer) check() error {
	u, err := url.Parse(i.Issuer)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("issuer is no plain address")
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return errors.New("issuer must be https, or http on this machine")
	case i.Organization == "":
		return errors.New("organization is empty")
	case i.ClientID == "" && len(i.Audiences) == 0:
		return errors.New("neither client_id nor audiences is given: every token would be refused")
	case slices.Contains(i.Audiences, ""):
		return errors.New("an audience is empty")
	case i.ClientID != "" && slices.Contains(i.Audiences, i.ClientID):
		return errors.New("client_id is among the audiences: tokens made for it are taken anyhow, and only when they were made for nobody else")
	}
	return nil
}

func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

// checkAll checks the settings one by one and against each other: a token must be of one organisation, and a subject of an organisation one
// person. Providers choose the identifiers of subjects by themselves, so that two of them may give one to different people.
func checkAll(issuers []Issuer) error {
	taken := make(map[[2]string]int)
	provider := make(map[string]int)
	for n, issuer := range issuers {
		if err := issuer.check(); err != nil {
			return fmt.Errorf("check auth.oidc[%d]: %w", n, err)
		}
		if other, ok := provider[issuer.Organization]; ok && issuers[other].Issuer != issuer.Issuer {
			return fmt.Errorf("check auth.oidc[%d]: auth.oidc[%d] is another provider of the same organisation, which can have one", n, other)
		}
		provider[issuer.Organization] = n
		for _, audience := range append(slices.Clone(issuer.Audiences), issuer.ClientID) {
			if audience == "" {
				continue
			}
			at := [2]string{issuer.Issuer, audience}
			if other, ok := taken[at]; ok {
				return fmt.Errorf("check auth.oidc[%d]: auth.oidc[%d] takes tokens of the same issuer and audience", n, other)
			}
			taken[at] = n
		}
	}
	return nil
}

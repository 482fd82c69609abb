package suite

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"github.com/otklik/otklik/libs/authn"
)

// developer is who calls in development mode without saying so.
func developer() authn.Principal {
	return authn.Principal{Kind: authn.KindMachine, ID: "development", Name: "Development mode", Organization: DefaultOrganization, Roles: []string{"admin"}}
}

// checkDevelopment refuses development mode where others than this machine could call.
func (c Config) checkDevelopment() error {
	if !c.Dev {
		return nil
	}
	for setting, address := range map[string]string{"http": c.HTTP, "grpc": c.GRPC, "ops": c.Ops} {
		if address != "" && !onlyLoopback(address) {
			return fmt.Errorf("check dev: everybody who reaches %s may do everything, and %s is %q: let it listen on 127.0.0.1 alone, or leave dev out", setting, setting, address)
		}
	}
	return nil
}

// onlyLoopback tells whether nobody but this machine reaches what listens at an address. It wants a number: what a name means can change.
func onlyLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// tellDevelopment says loudly that everybody may do everything.
func (p *process) tellDevelopment(ctx context.Context) {
	if p.config.Dev {
		p.log.WarnContext(ctx, "DEVELOPMENT MODE: whoever reaches this process on this machine may do everything without a key; never use it with data of people")
	}
}

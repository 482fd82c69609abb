package authn

import (
	"context"
	"fmt"
	"net"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/otklik/otklik/libs/rpcerr"
)

// The metadata of a call that say who makes it.
const (
	// MetadataAuthorization holds the bearer token.
	MetadataAuthorization = "authorization"
	// MetadataOrganization is the organisation that a service acts for.
	MetadataOrganization = "otklik-organization"
	// MetadataOrigin is the origin that a browser named; the gateway sets it unless it is the gateway's own.
	MetadataOrigin = "otklik-origin"
	// MetadataDevice is what the caller calls the device.
	MetadataDevice = "otklik-device"
	// MetadataClientAddress is the address of the client as the gateway sees it.
	MetadataClientAddress = "otklik-client-address"
)

// LongestDevice is how long the name of a device may be, in bytes.
const LongestDevice = 128

// maxClientAddress is the longest address of a client that is taken over, in bytes.
const maxClientAddress = 64

const bearerScheme = "bearer "

// FromMetadata reads the credential of an incoming call. A call without one gives a credential without a token. Errors are *rpcerr.Error.
func FromMetadata(ctx context.Context) (Credential, error) {
	var c Credential
	var err error
	if c.Token, err = bearer(metadata.ValueFromIncomingContext(ctx, MetadataAuthorization)); err != nil {
		return Credential{}, err
	}
	if c.Origin, err = single(MetadataOrigin, metadata.ValueFromIncomingContext(ctx, MetadataOrigin)); err != nil {
		return Credential{}, err
	}
	if c.Device, err = single(MetadataDevice, metadata.ValueFromIncomingContext(ctx, MetadataDevice)); err != nil {
		return Credential{}, err
	}
	if len(c.Device) > LongestDevice || !Printable(c.Device) {
		return Credential{}, rpcerr.New(codes.InvalidArgument, "DEVICE_INVALID", fmt.Sprintf("the device must be named by at most %d printable ASCII characters", LongestDevice))
	}
	return c, nil
}

// bearer reads the token. What is not of the form `Bearer TOKEN`, or comes more than once, proves nobody.
func bearer(values []string) (string, error) {
	if len(values) == 0 {
		return "", nil
	}
	v := values[0]
	if len(values) > 1 || len(v) < len(bearerScheme) || !strings.EqualFold(v[:len(bearerScheme)], bearerScheme) {
		return "", ErrInvalid
	}
	token := strings.TrimSpace(v[len(bearerScheme):])
	if len(token) > maxToken || !Printable(token) || strings.Contains(token, " ") {
		return "", ErrInvalid
	}
	return token, nil
}

// single is the one value of a key; empty when there is none.
func single(key string, values []string) (string, error) {
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	}
	return "", rpcerr.New(codes.InvalidArgument, "METADATA_INVALID", "the metadata "+key+" must hold one value")
}

// Printable tells whether a text can travel in metadata as it is: whether it is of printable ASCII.
func Printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// ClientAddress tells where an incoming call comes from, for the audit log. What the gateway names is believed as it is when the gateway is in this
// process. From elsewhere anybody can name anything, so that the address of the connection is told with it: `CLIENT via PEER`.
func ClientAddress(ctx context.Context) string {
	named := ""
	if values := metadata.ValueFromIncomingContext(ctx, MetadataClientAddress); len(values) == 1 && len(values[0]) <= maxClientAddress && Printable(values[0]) {
		named = values[0]
	}
	connected, inProcess := "", false
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		if inProcess = p.Addr.Network() == "inproc"; !inProcess {
			connected = hostOf(p.Addr)
		}
	}
	switch {
	case inProcess, connected == "":
		return named
	case named == "":
		return connected
	}
	return named + " via " + connected
}

func hostOf(a net.Addr) string {
	if host, _, err := net.SplitHostPort(a.String()); err == nil {
		return host
	}
	return a.String()
}

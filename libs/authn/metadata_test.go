package authn_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
)

func incoming(pairs ...string) context.Context {
	return metadata.NewIncomingContext(context.Background(), metadata.Pairs(pairs...))
}

func TestCredentialIsReadFromMetadata(t *testing.T) {
	for _, tc := range []struct {
		name   string
		pairs  []string
		want   authn.Credential
		reason string
	}{
		{name: "nothing"},
		{name: "token", pairs: []string{"authorization", "Bearer t"}, want: authn.Credential{Token: "t"}},
		{name: "scheme in another case", pairs: []string{"authorization", "bEARER t"}, want: authn.Credential{Token: "t"}},
		{name: "all", pairs: []string{"authorization", "Bearer t", "otklik-origin", "https://a.example", "otklik-device", "phone 1"}, want: authn.Credential{Token: "t", Origin: "https://a.example", Device: "phone 1"}},
		{name: "empty token", pairs: []string{"authorization", "Bearer "}},
		{name: "no scheme", pairs: []string{"authorization", "t"}, reason: "CREDENTIALS_INVALID"},
		{name: "another scheme", pairs: []string{"authorization", "Basic dDp0"}, reason: "CREDENTIALS_INVALID"},
		{name: "two tokens", pairs: []string{"authorization", "Bearer a", "authorization", "Bearer a"}, reason: "CREDENTIALS_INVALID"},
		{name: "token of two words", pairs: []string{"authorization", "Bearer a b"}, reason: "CREDENTIALS_INVALID"},
		{name: "token that cannot be printed", pairs: []string{"authorization", "Bearer a\x00"}, reason: "CREDENTIALS_INVALID"},
		{name: "token without end", pairs: []string{"authorization", "Bearer " + strings.Repeat("a", 8<<10+1)}, reason: "CREDENTIALS_INVALID"},
		{name: "two origins", pairs: []string{"otklik-origin", "a", "otklik-origin", "a"}, reason: "METADATA_INVALID"},
		{name: "two devices", pairs: []string{"otklik-device", "a", "otklik-device", "b"}, reason: "METADATA_INVALID"},
		{name: "device that cannot be printed", pairs: []string{"otklik-device", "a\n"}, reason: "DEVICE_INVALID"},
		{name: "device in Cyrillic", pairs: []string{"otklik-device", "ж"}, reason: "DEVICE_INVALID"},
		{name: "longest device", pairs: []string{"otklik-device", strings.Repeat("a", 128)}, want: authn.Credential{Device: strings.Repeat("a", 128)}},
		{name: "longer device", pairs: []string{"otklik-device", strings.Repeat("a", 129)}, reason: "DEVICE_INVALID"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := authn.FromMetadata(incoming(tc.pairs...))
			if got != tc.want || rpcerr.Reason(err) != tc.reason {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestOrigins(t *testing.T) {
	shop := authn.Principal{Kind: authn.KindApp, Origins: []string{"https://shop.example", "http://localhost:3000"}}
	for _, tc := range []struct {
		name   string
		p      authn.Principal
		origin string
		good   bool
	}{
		{"of the app", shop, "https://shop.example", true},
		{"of the app, in another case", shop, "HTTPS://Shop.Example", true},
		{"of the app, with the port that goes without saying", shop, "https://shop.example:443", true},
		{"another of the app", shop, "http://localhost:3000", true},
		{"another port", shop, "https://shop.example:8443", false},
		{"another scheme", shop, "http://shop.example", false},
		{"longer", shop, "https://shop.example.evil", false},
		{"null", shop, "null", false},
		{"none, though the key has some", shop, "", false},
		{"none", authn.Principal{Kind: authn.KindApp}, "", true},
		{"a key that has none", authn.Principal{Kind: authn.KindApp}, "https://shop.example", false},
		{"a secret key", authn.Principal{}, "https://shop.example", false},
		{"a session", authn.Principal{Kind: authn.KindPerson}, "https://shop.example", false},
		{"an empty origin is none", authn.Principal{Origins: []string{""}}, "", false},
	} {
		err := authn.CheckOrigin(tc.p, tc.origin)
		if (err == nil) != tc.good || (err != nil && (rpcerr.Code(err) != codes.PermissionDenied || rpcerr.Reason(err) != authn.ReasonOrigin)) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

type address struct{ network, text string }

func (a address) Network() string { return a.network }
func (a address) String() string  { return a.text }

func TestClientAddress(t *testing.T) {
	tcp := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 999}
	inproc := address{"inproc", "inproc"}
	for _, tc := range []struct {
		name  string
		peer  net.Addr
		named []string
		want  string
	}{
		{"nothing known", nil, nil, ""},
		{"connection", tcp, nil, "10.0.0.2"},
		{"gateway in this process", inproc, []string{"203.0.113.9"}, "203.0.113.9"},
		{"in this process", inproc, nil, ""},
		{"from elsewhere", tcp, []string{"203.0.113.9"}, "203.0.113.9 via 10.0.0.2"},
		{"named twice", tcp, []string{"203.0.113.9", "203.0.113.8"}, "10.0.0.2"},
		{"cannot be printed", tcp, []string{"203.0.113.9\n"}, "10.0.0.2"},
		{"too long", tcp, []string{strings.Repeat("9", 65)}, "10.0.0.2"},
		{"IPv6", &net.TCPAddr{IP: net.IPv6loopback, Port: 1}, nil, "::1"},
		{"no port", address{"unix", "/run/x"}, nil, "/run/x"},
	} {
		ctx := t.Context()
		if tc.peer != nil {
			ctx = peer.NewContext(ctx, &peer.Peer{Addr: tc.peer})
		}
		md := metadata.MD{}
		md.Append(authn.MetadataClientAddress, tc.named...)
		if got := authn.ClientAddress(metadata.NewIncomingContext(ctx, md)); got != tc.want {
			t.Errorf("%s: %q", tc.name, got)
		}
	}
}

// FuzzFromMetadata wants that nothing comes through that could break a log line or a header, and that all else is refused as a fault of the caller.
func FuzzFromMetadata(f *testing.F) {
	f.Add("Bearer a", "https://a.example", "phone", "203.0.113.9")
	f.Add("bearer  a ", "", "\x7f", "::1")
	f.Add("Bearer", "null", "ж", "x via y")
	f.Fuzz(func(t *testing.T, authorization, origin, device, client string) {
		ctx := metadata.NewIncomingContext(context.Background(), metadata.MD{
			"authorization": {authorization}, "otklik-origin": {origin}, "otklik-device": {device}, "otklik-client-address": {client},
		})
		c, err := authn.FromMetadata(ctx)
		if err != nil {
			if code := rpcerr.Code(err); code != codes.Unauthenticated && code != codes.InvalidArgument {
				t.Errorf("got %v", err)
			}
			if c != (authn.Credential{}) {
				t.Errorf("a credential with an error: %+v", c)
			}
		}
		for _, text := range []string{c.Token, c.Device, authn.ClientAddress(ctx)} {
			if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("let through %q", text)
			}
		}
		if strings.Contains(c.Token, " ") || len(c.Device) > 128 {
			t.Errorf("got %+v", c)
		}
		// Whatever the origin is, it opens nothing that names no such origin.
		if err := authn.CheckOrigin(authn.Principal{Origins: []string{"https://shop.example"}}, origin); err == nil &&
			strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(origin), "/"), ":443") != "https://shop.example" {
			t.Errorf("the origin %q was taken", origin)
		}
	})
}

package authn_test

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
)

func key(id, secret, org string, roles ...string) authn.Key {
	return authn.Key{ID: id, SHA256: authn.HashKey(secret), Organization: org, Roles: roles}
}

func withOrigins(k authn.Key, origins ...string) authn.Key {
	k.Origins = origins
	return k
}

func TestAuthenticate(t *testing.T) {
	ring, err := authn.NewKeyring([]authn.Key{key("a", "secret-a", "org1", "app"), key("s", "secret-s", "", authn.RoleService)})
	if err != nil {
		t.Fatal(err)
	}
	p, err := ring.Authenticate(context.Background(), authn.Credential{Token: "secret-a"})
	if err != nil || p.ID != "a" || p.Organization != "org1" || !p.HasRole("app") || p.HasRole("admin") {
		t.Errorf("got %+v, %v", p, err)
	}
	if p, err := ring.Authenticate(context.Background(), authn.Credential{Token: "secret-s"}); err != nil || !p.HasRole(authn.RoleService) {
		t.Errorf("got %+v, %v", p, err)
	}
	for token, reason := range map[string]string{
		"": "CREDENTIALS_MISSING", "secret-b": "CREDENTIALS_INVALID", "secret-a ": "CREDENTIALS_INVALID", authn.HashKey("secret-a"): "CREDENTIALS_INVALID",
	} {
		_, err := ring.Authenticate(context.Background(), authn.Credential{Token: token})
		if rpcerr.Code(err) != codes.Unauthenticated || rpcerr.Reason(err) != reason {
			t.Errorf("token %q: %v", token, err)
		}
		if token != "" && strings.Contains(err.Error(), token) {
			t.Errorf("the error tells the token: %v", err)
		}
	}
}

func TestKeysAreChecked(t *testing.T) {
	for name, keys := range map[string][]authn.Key{
		"no id":              {key("", "s", "o", "app")},
		"duplicate id":       {key("a", "s", "o", "app"), key("a", "t", "o", "app")},
		"duplicate secret":   {key("a", "s", "o", "app"), key("b", "s", "o", "app")},
		"secret, not hash":   {{ID: "a", SHA256: "s", Organization: "o", Roles: []string{"app"}}},
		"short hash":         {{ID: "a", SHA256: "abcd", Organization: "o", Roles: []string{"app"}}},
		"no role":            {key("a", "s", "o")},
		"long organisation":  {key("a", "s", strings.Repeat("o", 64), "app")},
		"origin with a path": {withOrigins(key("a", "s", "o", "app"), "https://shop.example/")},
		"origin in capitals": {withOrigins(key("a", "s", "o", "app"), "https://ok.example", "https://Shop.example")},
		"origin with a port": {withOrigins(key("a", "s", "o", "app"), "https://shop.example:443")},
		"app without an org": {key("a", "s", "", "app")},
	} {
		if _, err := authn.NewKeyring(keys); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestOrganization(t *testing.T) {
	ctx := context.Background()
	if _, err := authn.Organization(ctx); rpcerr.Code(err) != codes.Unauthenticated {
		t.Errorf("nobody: %v", err)
	}
	if _, err := authn.Organization(authn.WithPrincipal(ctx, authn.Principal{ID: "s"})); rpcerr.Reason(err) != "ORGANIZATION_REQUIRED" {
		t.Errorf("no organisation: %v", err)
	}
	org, err := authn.Organization(authn.WithPrincipal(ctx, authn.Principal{ID: "a", Organization: "o"}))
	if err != nil || org != "o" {
		t.Errorf("got %q, %v", org, err)
	}
	if _, ok := authn.FromContext(ctx); ok {
		t.Error("a principal out of nothing")
	}
}

func TestSecretsAreRandomAndPrintable(t *testing.T) {
	a, b := authn.NewSecret(), authn.NewSecret()
	if a == b || len(a) < 40 || strings.ContainsAny(a, " \"'+/=&?") {
		t.Errorf("secrets %q and %q", a, b)
	}
}

// What lies in units counts as units, and what was given stays known. Who is not restricted stays so.
func TestWiden(t *testing.T) {
	given := map[string][]string{"region": {"south"}, "location": {"kiosk", "osh"}, "company": {"firm"}}
	p := authn.Principal{Units: given}
	wide := p.Widen(map[string][]string{"region": {"alai"}, "location": {"gulcha", "osh"}, "employee": nil})
	want := map[string][]string{"region": {"alai", "south"}, "location": {"gulcha", "kiosk", "osh"}, "company": {"firm"}}
	if !reflect.DeepEqual(wide.Units, want) || !reflect.DeepEqual(wide.Given(), given) || !reflect.DeepEqual(p.Units, given) || !reflect.DeepEqual(p.Given(), given) {
		t.Errorf("%v, given %v, of %v", wide.Units, wide.Given(), p.Units)
	}
	if again := wide.Widen(map[string][]string{"region": {"naryn"}}); !reflect.DeepEqual(again.Given(), given) || len(again.Units["region"]) != 3 {
		t.Errorf("again: %v, given %v", again.Units, again.Given())
	}
	if all := (authn.Principal{}).Widen(map[string][]string{"location": {"osh"}}); all.Restricted() || all.Given() != nil {
		t.Errorf("who sees everything: %v", all)
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	secret := authn.NewSecret()
	ring, err := authn.NewKeyring([]authn.Key{key("a", secret, "o", "app")})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ring.Authenticate(context.Background(), authn.Credential{Token: secret}); err != nil {
			b.Fatal(err)
		}
	}
}

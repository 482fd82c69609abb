package credential_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/services/access/internal/credential"
)

// roles give what they are made of.
type roles map[string][]string

func (r roles) Known(role string) bool { return r[role] != nil }

func (r roles) Permissions(held []string) []string {
	var out []string
	for _, role := range held {
		out = append(out, r[role]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var known = roles{
	"app": {"submit"}, "respondent": {"submit"}, "viewer": {"read"}, "manager": {"read", "report"}, "staff": {"read"}, "target_owner": {"read", "report"},
	"definition_editor": {"define", "read"}, "admin": {"define", "manage", "read", "report", "submit"}, "service": {"erase"},
}

var admin = credential.Giver{Roles: []string{"admin"}}

func TestCheckGrant(t *testing.T) {
	osh := credential.Units{Locations: []string{"Osh"}}
	local := credential.Giver{Roles: []string{"admin"}, Units: credential.Units{Locations: []string{"Osh", "Uzgen"}, Regions: []string{"South"}}}
	for name, c := range map[string]struct {
		giver credential.Giver
		roles []string
		units credential.Units
		cause error
		field string
	}{
		"viewer":                    {admin, []string{"viewer"}, credential.Units{}, nil, ""},
		"manager of a unit":         {admin, []string{"viewer", "manager"}, osh, nil, ""},
		"admin":                     {admin, []string{"admin"}, credential.Units{}, nil, ""},
		"service":                   {credential.Giver{Roles: []string{"service", "admin"}}, []string{"service"}, credential.Units{}, credential.ErrRoleUnknown, "roles[0]"},
		"withheld":                  {admin, []string{"viewer", "respondent"}, credential.Units{}, credential.ErrRoleUnknown, "roles[1]"},
		"own role":                  {credential.Giver{Roles: []string{"viewer"}}, []string{"viewer"}, credential.Units{}, nil, ""},
		"more than the own role":    {credential.Giver{Roles: []string{"viewer"}}, []string{"viewer", "manager"}, osh, credential.ErrEscalation, "roles[1]"},
		"nothing to give":           {credential.Giver{}, []string{"viewer"}, credential.Units{}, credential.ErrEscalation, "roles[0]"},
		"target and definition":     {admin, []string{"definition_editor", "viewer", "target_owner"}, credential.Units{}, credential.ErrRolesConflict, "roles[0]"},
		"manager":                   {admin, []string{"manager"}, credential.Units{}, credential.ErrUnitsRequired, "units"},
		"within the giver's units":  {local, []string{"viewer"}, osh, nil, ""},
		"beyond the giver's units":  {local, []string{"viewer"}, credential.Units{Locations: []string{"Osh", "Naryn"}}, credential.ErrEscalation, "units"},
		"another dimension":         {local, []string{"viewer"}, credential.Units{Companies: []string{"Osh"}}, credential.ErrEscalation, "units"},
		"all, by one who has units": {local, []string{"viewer"}, credential.Units{}, credential.ErrEscalation, "units"},
	} {
		err := credential.CheckGrant(known, c.giver, c.roles, c.units, credential.RoleRespondent)
		var refusal *credential.Refusal
		if !errors.Is(err, c.cause) || errors.As(err, &refusal) && refusal.Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCovers(t *testing.T) {
	osh := credential.Units{Locations: []string{"Osh"}}
	for _, c := range []struct {
		giver credential.Giver
		roles []string
		units credential.Units
		want  bool
	}{
		{admin, []string{"viewer", "definition_editor"}, credential.Units{}, true},
		{admin, []string{"service"}, credential.Units{}, false},
		{credential.Giver{Roles: []string{"manager"}, Units: osh}, []string{"viewer"}, osh, true},
		{credential.Giver{Roles: []string{"manager"}, Units: osh}, []string{"viewer"}, credential.Units{}, false},
		{credential.Giver{Roles: []string{"viewer"}}, []string{"manager"}, osh, false},
	} {
		if got := c.giver.Covers(known, c.roles, c.units); got != c.want {
			t.Errorf("%+v covers %v %+v: %v", c.giver, c.roles, c.units, got)
		}
	}
}

func TestUnits(t *testing.T) {
	u := credential.Units{Regions: []string{"South"}, Employees: []string{"e1", "e2"}}
	if got := credential.UnitsOf(u.Dimensions()); !got.Restrict() || got.Regions[0] != "South" || len(got.Employees) != 2 || len(u.Dimensions()) != 2 {
		t.Errorf("%+v", got)
	}
	if (credential.Units{}).Restrict() || !(credential.Units{}).Within(credential.Units{}) || !u.Within(u) {
		t.Error("units do not restrict as they should")
	}
}

func TestEarliest(t *testing.T) {
	a := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b := a.Add(time.Hour)
	for _, c := range []struct {
		in   []time.Time
		want time.Time
	}{{nil, time.Time{}}, {[]time.Time{{}, {}}, time.Time{}}, {[]time.Time{{}, b}, b}, {[]time.Time{b, a}, a}} {
		if got := credential.Earliest(c.in...); !got.Equal(c.want) {
			t.Errorf("%v: %v", c.in, got)
		}
	}
}

func publishable(origin string) credential.Key {
	return credential.Key{DisplayName: "Shop", Kind: credential.Publishable, Origins: []string{origin}}
}

func TestOrigins(t *testing.T) {
	for origin, sound := range map[string]bool{
		"https://shop.example": true, "http://localhost:8080": true, "https://a-b.c1.example:8443": true, "http://127.0.0.1": true, "https://1.2.3.4:1": true,
		"https://shop.example:443": false, "http://shop.example:80": false, "https://shop.example:0": false, "https://shop.example:65536": false,
		"https://shop.example:08443": false, "https://shop.example:": false, "https://shop.example/": false, "https://": false, "ftp://a.b": false, "a.b": false,
		"https://Shop.example": false, "https://-a.example": false, "https://a..example": false, "https://a.example.": false, "https://u@a.example": false,
		"https://a.example?x": false, "https://a.example#x": false, "https://*.example": false, "null": false, "": false, "https://" + strings.Repeat("a", 64) + ".b": false,
	} {
		err := publishable(origin).Check(known, admin)
		if (err == nil) != sound {
			t.Errorf("%s: %v", origin, err)
		}
		var refusal *credential.Refusal
		if err != nil && (!errors.As(err, &refusal) || refusal.Field != "origins[0]" || !errors.Is(err, credential.ErrInvalid)) {
			t.Errorf("%s: %v", origin, err)
		}
	}
}

// FuzzOrigin: what is taken for an origin is what a browser sends from a page there: the scheme and host of its address, byte by byte.
func FuzzOrigin(f *testing.F) {
	for _, seed := range []string{"https://shop.example", "http://localhost:8080", "https://a.b:443", "https://[::1]", "https://a/b", "http://1.2.3.4:80", "https://ä.example"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, origin string) {
		if publishable(origin).Check(known, admin) != nil {
			return
		}
		u, err := url.Parse(origin + "/page?x=1")
		if err != nil || u.Scheme+"://"+u.Host != origin || u.User != nil {
			t.Fatalf("%q: %v, %v", origin, u, err)
		}
		if u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80" || strings.ToLower(origin) != origin {
			t.Fatalf("no browser sends %q", origin)
		}
		// It can be sent as a header.
		h := http.Header{}
		h.Set("Origin", origin)
		if strings.ContainsAny(origin, "\r\n\x00 ") || h.Get("Origin") != origin {
			t.Fatalf("%q", origin)
		}
	})
}

package suite

import (
	"context"
	"encoding/base64"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

func TestPrincipalsArriveWhole(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   *accessv1.Principal
		want authn.Principal
	}{
		"key": {
			&accessv1.Principal{
				Kind: accessv1.Principal_KIND_MACHINE, Id: "apiKeys/k", DisplayName: "K", Organization: "acme", Roles: []string{"viewer"},
				Units:   &typev1.Units{Regions: []string{"r"}, Locations: []string{"l"}, Companies: []string{"c"}, Employees: []string{"e"}},
				Surveys: []string{"surveys/a"}, Origins: []string{"https://a.example"}, Rate: 5, DeviceRate: 6, ExpireTime: timestamppb.New(time.Unix(9, 0)),
			},
			authn.Principal{
				Kind: authn.KindMachine, ID: "apiKeys/k", Name: "K", Organization: "acme", Roles: []string{"viewer"},
				Units:     map[string][]string{"region": {"r"}, "location": {"l"}, "company": {"c"}, "employee": {"e"}},
				Resources: []string{"surveys/a"}, Origins: []string{"https://a.example"}, Rate: 5, DeviceRate: 6, Expires: time.Unix(9, 0).UTC(),
			},
		},
		"person": {&accessv1.Principal{Kind: accessv1.Principal_KIND_PERSON, Units: &typev1.Units{}}, authn.Principal{Kind: authn.KindPerson}},
		"invitation": {
			&accessv1.Principal{Kind: accessv1.Principal_KIND_INVITATION, Invitation: "i", Respondent: "r"},
			authn.Principal{Kind: authn.KindInvitation, Bound: map[string]string{"invitation": "i", "respondent": "r"}},
		},
		"invitation of nobody in particular": {
			&accessv1.Principal{Kind: accessv1.Principal_KIND_INVITATION, Invitation: "i"},
			authn.Principal{Kind: authn.KindInvitation, Bound: map[string]string{"invitation": "i"}},
		},
		"a kind of a later release": {&accessv1.Principal{Kind: 77}, authn.Principal{Kind: authn.KindApp}},
	} {
		if got := principal(c.in, nil); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// What lies in the regions of a caller arrives as units, beside those that were given.
func TestTerritoriesArriveAsUnits(t *testing.T) {
	t.Parallel()
	restricted := &accessv1.Principal{Units: &typev1.Units{Regions: []string{"south"}, Locations: []string{"kiosk"}}}
	got := principal(restricted, &accessv1.Territory{Regions: []string{"alai"}, Locations: []string{"gulcha", "osh"}})
	if !reflect.DeepEqual(got.Units, map[string][]string{"region": {"alai", "south"}, "location": {"gulcha", "kiosk", "osh"}}) ||
		!reflect.DeepEqual(got.Given(), map[string][]string{"region": {"south"}, "location": {"kiosk"}}) {
		t.Errorf("%v, given %v", got.Units, got.Given())
	}
	if got := principal(restricted, &accessv1.Territory{}); !reflect.DeepEqual(got.Units, map[string][]string{"region": {"south"}, "location": {"kiosk"}}) {
		t.Errorf("while the directory is away: %v", got.Units)
	}
}

func TestLoginKeysAreChecked(t *testing.T) {
	t.Parallel()
	sound := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	for text, want := range map[string]bool{"": true, sound: true, "short": false, sound[:40]: false, "!": false} {
		key, err := Auth{LoginKey: text}.loginKey()
		if (err == nil) != want || want && len(key) != 32 {
			t.Errorf("%q: %d bytes, %v", text, len(key), err)
		}
		if err != nil && text != "!" && strings.Contains(err.Error(), text) {
			t.Errorf("the error tells the key: %v", err)
		}
	}
}

// denying is an access service that answers every question with an error.
type denying struct {
	accessv1.CredentialServiceClient
	err error
}

func (r denying) ResolveToken(context.Context, *accessv1.ResolveTokenRequest, ...grpc.CallOption) (*accessv1.ResolveTokenResponse, error) {
	return nil, r.err
}

func (r denying) ResolveSubject(context.Context, *accessv1.ResolveSubjectRequest, ...grpc.CallOption) (*accessv1.ResolveSubjectResponse, error) {
	return nil, r.err
}

func TestThatThisProcessIsRefusedIsNoAnswerAboutOthers(t *testing.T) {
	t.Parallel()
	nobody := rpcerr.New(codes.Unauthenticated, authn.ErrInvalid.Reason, "nobody", rpcerr.WithDomain("access.otklik"))
	for name, c := range map[string]struct {
		err  *rpcerr.Error
		want codes.Code
	}{
		"the credential proves nobody": {nobody, codes.Unauthenticated},
		"our key is not known":         {authn.ErrInvalid, codes.Unavailable},
		"our key lacks the role":       {rpcerr.New(codes.PermissionDenied, "PERMISSION_DENIED", "no"), codes.Unavailable},
	} {
		client := denying{err: c.err.GRPCStatus().Err()}
		chain := authn.NewResolver(resolveToken(client), nil, authn.CacheOptions{})
		if _, err := chain.Authenticate(t.Context(), authn.Credential{Token: "a"}); rpcerr.Code(err) != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if _, err := resolveSubject(client)(t.Context(), authn.Subject{}); rpcerr.Code(err) != c.want {
			t.Errorf("%s, for a subject: %v, want %v", name, err, c.want)
		}
	}
}

package rows_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/services/reporting/internal/api/rows"
	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// directory tells what Ann may do and see now.
type directory struct {
	accessv1.UnimplementedCredentialServiceServer
	permissions []string
	locations   []string
}

func (d *directory) CreateDelegatedToken(context.Context, *accessv1.CreateDelegatedTokenRequest) (*accessv1.CreateDelegatedTokenResponse, error) {
	return &accessv1.CreateDelegatedTokenResponse{
		Token: "otd_x", Permissions: d.permissions,
		Principal: &accessv1.Principal{Kind: accessv1.Principal_KIND_PERSON, Id: "members/ann", Organization: "acme", Units: &typev1.Units{Locations: d.locations}},
	}, nil
}

// surveys has a survey without questions.
type surveys struct {
	surveyv1.UnimplementedSurveyServiceServer
}

func (surveys) ListRevisions(context.Context, *surveyv1.ListRevisionsRequest) (*surveyv1.ListRevisionsResponse, error) {
	return &surveyv1.ListRevisionsResponse{}, nil
}

// An export is written with the reach with which it was asked for, or not at all: neither with more nor with less.
func TestExportsAreWrittenWithTheReachOfTheOrder(t *testing.T) {
	permissions := []string{"survey.persons.view", "survey.responses.list"}
	by := peers.Delegated{Principal: authn.Principal{ID: "members/ann", Units: map[string][]string{"location": {"osh", "ala"}}}, Permissions: permissions}
	asked, err := rows.Rights(authz.WithHolder(authn.WithPrincipal(t.Context(), by.Principal), by), export.Responses)
	if err != nil {
		t.Fatal(err)
	}
	ordered := export.Export{Organization: "acme", ID: "one", Creator: "members/ann", Order: export.Order{Kind: export.Responses, Survey: "surveys/shop", Columns: []string{"position"}, Rights: asked}}
	for name, c := range map[string]struct {
		directory
		refused bool
	}{
		"as it was":           {directory{permissions: permissions, locations: []string{"ala", "osh"}}, false},
		"more places":         {directory{permissions: permissions, locations: []string{"ala", "naryn", "osh"}}, true},
		"everywhere":          {directory{permissions: permissions}, true},
		"fewer places":        {directory{permissions: permissions, locations: []string{"osh"}}, true},
		"persons no more":     {directory{permissions: permissions[1:], locations: []string{"ala", "osh"}}, true},
		"no single responses": {directory{permissions: permissions[:1], locations: []string{"ala", "osh"}}, true},
	} {
		channel := &inprocgrpc.Channel{}
		accessv1.RegisterCredentialServiceServer(channel, &c.directory)
		surveyv1.RegisterSurveyServiceServer(channel, surveys{})
		sources := map[export.Kind]export.Source{export.Responses: &rows.Responses{Client: peers.NewSources(channel, channel, channel, channel).Surveys}}
		_, err := rows.Acting{Delegates: peers.Delegate(channel), Sources: sources}.For(t.Context(), ordered)
		var refused *export.Refused
		if errors.As(err, &refused) != c.refused || !c.refused && err != nil || c.refused && !strings.Contains(refused.Reason, "export again") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package importer

import (
	"errors"
	"testing"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

func TestPrepare(t *testing.T) {
	ctx := t.Context()
	m := parseShop(t)
	server := newTestServer()
	target, err := Prepare(ctx, server, m)
	if err != nil || !target.Created || target.Revision != "surveys/shop/revisions/1" || server.survey.GetDisplayName() != "Shops" {
		t.Fatalf("%+v, %v", target, err)
	}
	// Whatever is published later, the oldest revision that fits is found again.
	if _, err := server.PublishSurvey(ctx, nil); err != nil {
		t.Fatal(err)
	}
	server.revisions = append(server.revisions, &surveyv1.Revision{Name: "surveys/shop/revisions/3", Questionnaire: &surveyv1.Questionnaire{}})
	target, err = Prepare(ctx, server, m)
	if err != nil || target.Created || target.Revision != "surveys/shop/revisions/1" {
		t.Errorf("%+v, %v", target, err)
	}
	server.revisions = server.revisions[2:]
	var misfit *MisfitError
	if _, err := Prepare(ctx, server, m); !errors.As(err, &misfit) || len(misfit.Misfits) != len(m.Questions) {
		t.Errorf("error %v", err)
	}
	// A draft that fits is published; one that does not is left alone.
	server = newTestServer()
	q, err := m.Questionnaire()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{SurveyId: "shop", Survey: &surveyv1.Survey{Draft: q}}); err != nil {
		t.Fatal(err)
	}
	if target, err := Prepare(ctx, server, m); err != nil || target.Created || target.Revision == "" {
		t.Errorf("%+v, %v", target, err)
	}
	server = newTestServer()
	if _, err := server.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{SurveyId: "shop", Survey: &surveyv1.Survey{Draft: &surveyv1.Questionnaire{}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := Prepare(ctx, server, m); !errors.As(err, &misfit) || len(server.revisions) > 0 {
		t.Errorf("error %v, %d revisions", err, len(server.revisions))
	}
}

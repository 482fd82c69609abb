package scoring_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/otklik/otklik/libs/rpcclient"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// blend is a formula over the survey of most tests.
func blend(formula string, terms ...*scoringv1.ExpressionDefinition_Term) *scoringv1.MetricDefinition {
	return &scoringv1.MetricDefinition{
		Title: &typev1.LocalizedText{Texts: map[string]string{"ru": "Смесь", "ky": "Аралашма"}}, Survey: shop,
		Meaning: &scoringv1.MetricDefinition_Expression{Expression: &scoringv1.ExpressionDefinition{Formula: formula, Terms: terms, Unit: "points"}},
	}
}

func term(id string, m scoringv1.Metric, question string) *scoringv1.ExpressionDefinition_Term {
	return &scoringv1.ExpressionDefinition_Term{Id: id, Metric: m, Question: question}
}

// ofDefinition is a term that refers to a definition.
func ofDefinition(id, name string) *scoringv1.ExpressionDefinition_Term {
	return &scoringv1.ExpressionDefinition_Term{Id: id, Definition: name}
}

func (s *suite) define(id string, d *scoringv1.MetricDefinition) (*scoringv1.MetricDefinition, error) {
	r, err := s.definitions.CreateMetricDefinition(context.Background(), &scoringv1.CreateMetricDefinitionRequest{
		MetricDefinitionId: id, MetricDefinition: d, Note: "for the board",
	})
	return r.GetMetricDefinition(), err
}

func (s *suite) redefine(d *scoringv1.MetricDefinition, paths ...string) (*scoringv1.MetricDefinition, error) {
	r, err := s.definitions.UpdateMetricDefinition(context.Background(), &scoringv1.UpdateMetricDefinitionRequest{
		MetricDefinition: d, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}, Note: "as agreed",
	})
	return r.GetMetricDefinition(), err
}

func (s *suite) definition(name string) (*scoringv1.MetricDefinition, error) {
	r, err := s.definitions.GetMetricDefinition(context.Background(), &scoringv1.GetMetricDefinitionRequest{Name: name})
	return r.GetMetricDefinition(), err
}

// TestDefinitionsHaveVersions makes a definition, changes it and takes it out of use; every version stays.
func TestDefinitionsHaveVersions(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	s.start()
	ctx := t.Context()
	first, err := s.define("loyalty", blend("0.6*a+0.4*b", term("a", metricNPS, "recommend"), term("b", metricRate, "")))
	if err != nil {
		t.Fatal(err)
	}
	if first.GetName() != "metricDefinitions/loyalty" || first.GetVersion() != 1 || first.GetAuthor() != "admin" || first.GetNote() != "for the board" ||
		first.GetBuiltIn() || first.GetState() != scoringv1.MetricDefinition_STATE_ACTIVE || first.GetEtag() == "" ||
		time.Since(first.GetCreateTime().AsTime()) > time.Minute || first.GetExpression().GetTerms()[1].GetMetric() != metricRate {
		t.Errorf("created %v", first)
	}
	again, err := s.define("loyalty", blend("0.6*a+0.4*b", term("a", metricNPS, "recommend"), term("b", metricRate, "")))
	if err != nil || !proto.Equal(again, first) {
		t.Errorf("created again: %v, %v", again, err)
	}
	_, err = s.define("loyalty", blend("a", term("a", metricNPS, "recommend")))
	wantError(t, "another one of the name", err, codes.AlreadyExists, "DEFINITION_EXISTS", "metric_definition_id")

	change := &scoringv1.MetricDefinition{
		Name: first.GetName(), Etag: first.GetEtag(),
		Meaning: blend("0.5*a+0.5*b", term("a", metricNPS, "recommend"), term("b", metricRate, "")).GetMeaning(),
	}
	second, err := s.redefine(change, "expression")
	if err != nil || second.GetVersion() != 2 || second.GetNote() != "as agreed" || second.GetTitle().GetTexts()["ru"] != "Смесь" || second.GetEtag() == first.GetEtag() {
		t.Fatalf("changed: %v, %v", second, err)
	}
	_, err = s.redefine(change, "expression")
	wantError(t, "an old etag", err, codes.Aborted, "ETAG_MISMATCH", "metric_definition.etag")
	for name, formula := range map[string]string{"": "0.5*a+0.5*b", "@1": "0.6*a+0.4*b", "@2": "0.5*a+0.5*b"} {
		if d, err := s.definition(first.GetName() + name); err != nil || d.GetExpression().GetFormula() != formula || d.GetEtag() != second.GetEtag() {
			t.Errorf("version %q: %v, %v", name, d, err)
		}
	}
	_, err = s.definition(first.GetName() + "@3")
	wantError(t, "a version to come", err, codes.NotFound, "DEFINITION_NOT_FOUND", "name")

	retire := &scoringv1.RetireMetricDefinitionRequest{Name: first.GetName(), Etag: first.GetEtag(), Note: "replaced"}
	_, err = s.definitions.RetireMetricDefinition(ctx, retire)
	wantError(t, "an old etag", err, codes.Aborted, "ETAG_MISMATCH", "etag")
	retire.Etag = second.GetEtag()
	for range 2 {
		r, err := s.definitions.RetireMetricDefinition(ctx, retire)
		if d := r.GetMetricDefinition(); err != nil || d.GetState() != scoringv1.MetricDefinition_STATE_RETIRED || d.GetRetiredBy() != "admin" || d.GetRetireTime() == nil {
			t.Errorf("retired: %v, %v", d, err)
		}
	}
	_, err = s.redefine(&scoringv1.MetricDefinition{Name: first.GetName(), Survey: shop}, "survey")
	wantError(t, "change what is retired", err, codes.FailedPrecondition, "DEFINITION_RETIRED", "")
	versions := s.versions(t, first.GetName(), 1)
	if len(versions) != 2 || versions[0].GetVersion() != 2 || versions[1].GetVersion() != 1 || versions[1].GetNote() != "for the board" ||
		!slices.Equal(versions[0].GetChanged(), []string{"expression.formula"}) {
		t.Errorf("versions %v", versions)
	}
}

// versions lists the versions of a definition in pages.
func (s *suite) versions(t *testing.T, name string, size int32) (all []*scoringv1.MetricDefinition) {
	t.Helper()
	req := &scoringv1.ListMetricDefinitionVersionsRequest{Name: name, PageSize: size}
	for {
		r, err := s.definitions.ListMetricDefinitionVersions(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r.GetMetricDefinitions()...)
		if req.PageToken = r.GetNextPageToken(); req.PageToken == "" {
			return all
		}
	}
}

// TestDefinitionsAreListed lists what is built in and the organisation's own, page by page.
func TestDefinitionsAreListed(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	s.start()
	for _, id := range []string{"b", "a_2", "a_1"} {
		if _, err := s.define(id, blend("a", term("a", metricNPS, ""))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.definitions.RetireMetricDefinition(t.Context(), &scoringv1.RetireMetricDefinitionRequest{Name: "metricDefinitions/a_1"}); err != nil {
		t.Fatal(err)
	}
	list := func(client scoringv1.MetricDefinitionServiceClient, retired bool, size int32) (names []string) {
		req := &scoringv1.ListMetricDefinitionsRequest{PageSize: size, ShowRetired: retired}
		for {
			r, err := client.ListMetricDefinitions(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range r.GetMetricDefinitions() {
				names = append(names, strings.TrimPrefix(d.GetName(), "metricDefinitions/"))
				if d.GetBuiltIn() != (d.GetEtag() == "") || d.GetVersion() < 1 || len(d.GetTitle().GetTexts()) == 0 {
					t.Errorf("listed %v", d)
				}
			}
			if req.PageToken = r.GetNextPageToken(); req.PageToken == "" {
				return names
			}
		}
	}
	theirs := list(scoringv1.NewMetricDefinitionServiceClient(rpcclient.WithKey(s.conn, otherKey, "")), true, 0)
	if !slices.Contains(theirs, "nps") || slices.Contains(theirs, "b") {
		t.Errorf("another organisation sees %v", theirs)
	}
	for size := range int32(4) {
		if got, want := list(s.definitions, false, size), append(slices.Clone(theirs), "a_2", "b"); !slices.Equal(got, want) {
			t.Errorf("by %d: %v, want %v", size, got, want)
		}
	}
	if got, want := list(s.definitions, true, 3), append(slices.Clone(theirs), "a_1", "a_2", "b"); !slices.Equal(got, want) {
		t.Errorf("with retired ones: %v, want %v", got, want)
	}
	_, err := s.definitions.ListMetricDefinitions(t.Context(), &scoringv1.ListMetricDefinitionsRequest{PageToken: "x"})
	wantError(t, "no token", err, codes.InvalidArgument, "PAGE_TOKEN_INVALID", "page_token")
}

// TestDefinitionsThatAreBuiltIn say how they are computed, and are told alike in lists and alone.
func TestDefinitionsThatAreBuiltIn(t *testing.T) {
	t.Parallel()
	s := newSuite(t).start()
	r, err := s.definitions.ListMetricDefinitions(t.Context(), &scoringv1.ListMetricDefinitionsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]*scoringv1.MetricDefinition)
	for _, d := range r.GetMetricDefinitions() {
		found[strings.TrimPrefix(d.GetName(), "metricDefinitions/")] = d
		for _, name := range []string{d.GetName(), fmt.Sprintf("%s@%d", d.GetName(), d.GetVersion())} {
			if got, err := s.definition(name); err != nil || !proto.Equal(got, d) {
				t.Errorf("%s: %v, %v, want %v", name, got, err, d)
			}
		}
		if versions := s.versions(t, d.GetName(), 1); len(versions) != 1 || !proto.Equal(versions[0], d) {
			t.Errorf("versions of %s: %v", d.GetName(), versions)
		}
		if !d.GetBuiltIn() || d.GetTitle().GetTexts()["ky"] == "" || d.GetDescription().GetTexts()["ru"] == "" || (len(d.GetVariants()) == 0) == (d.Meaning == nil) {
			t.Errorf("definition %v", d)
		}
		for _, v := range d.GetVariants() {
			if v.GetVariant() == 0 || v.GetFormula() == "" || len(v.GetIntervalMethods()) == 0 || v.GetIntervalMethods()[0] == 0 {
				t.Errorf("variant %v", v)
			}
		}
	}
	if len(found) < 10 || found["enps"].GetPopulation() != typev1.Population_POPULATION_EMPLOYEE ||
		!slices.Equal(found["like_index"].GetRequires(), []string{"consultations", "visitors"}) || found["nps"].GetReference() == "" {
		t.Errorf("definitions %v", found)
	}
}

// TestDefinitionErrors names the field of every refusal.
func TestDefinitionErrors(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.survey.publish(acme, "shop", shopQuestions())
	s.start()
	if _, err := s.define("loyalty", blend("a", term("a", metricNPS, ""))); err != nil {
		t.Fatal(err)
	}
	elsewhere, languages, cut := blend("a", term("a", metricNPS, "")), blend("a", term("a", metricNPS, "")), blend("a", term("a", metricNPS, ""))
	elsewhere.Survey = "surveys/nowhere"
	languages.Title.Texts["uz"] = "Aralashma"
	cut.Meaning = &scoringv1.MetricDefinition_Cuts{Cuts: &scoringv1.CutsDefinition{
		Variant: scoringv1.Variant_VARIANT_CSAT_SHARE, Scale: "1-10", SatisfiedFrom: proto.Float64(4.005),
	}}
	const bad, invalid = codes.InvalidArgument, "DEFINITION_INVALID"
	for _, c := range []struct {
		name       string
		definition *scoringv1.MetricDefinition
		code       codes.Code
		reason     string
		field      string
	}{
		{"no such term", blend("a+c", term("a", metricNPS, "")), bad, invalid, "metric_definition.expression.formula"},
		{"no such definition", blend("a", ofDefinition("a", "metricDefinitions/loyalti")), bad, invalid, "metric_definition.expression.terms[0].definition"},
		{"no such version", blend("a", ofDefinition("a", "metricDefinitions/loyalty@7")), bad, invalid, "metric_definition.expression.terms[0].definition"},
		{"no such question", blend("a", term("a", metricNPS, "recommended")), bad, invalid, "metric_definition.expression.terms[0].question"},
		{"no such survey", elsewhere, codes.NotFound, "SURVEY_NOT_FOUND", "metric_definition.survey"},
		{"another language", languages, bad, invalid, `metric_definition.title.texts["uz"]`},
		{"a cut point too fine", cut, bad, invalid, "metric_definition.cuts.satisfied_from"},
		{"nothing", &scoringv1.MetricDefinition{Title: localized("Nothing")}, bad, invalid, "metric_definition"},
	} {
		_, err := s.define("new", c.definition)
		wantError(t, c.name, err, c.code, c.reason, c.field)
	}
	for _, c := range []struct {
		name       string
		definition *scoringv1.MetricDefinition
		paths      []string
		code       codes.Code
		reason     string
		field      string
	}{
		{"what is built in", &scoringv1.MetricDefinition{Name: "metricDefinitions/nps", Title: localized("x")}, nil, codes.FailedPrecondition, "DEFINITION_BUILT_IN", ""},
		{"what there is not", &scoringv1.MetricDefinition{Name: "metricDefinitions/x", Title: localized("x")}, nil, codes.NotFound, "DEFINITION_NOT_FOUND", "metric_definition.name"},
		{"an old version", &scoringv1.MetricDefinition{Name: "metricDefinitions/loyalty@1"}, nil, bad, "VALIDATION_FAILED", "metric_definition.name"},
		{"a fixed field", &scoringv1.MetricDefinition{Name: "metricDefinitions/loyalty"}, []string{"title", "version"}, bad, "VALIDATION_FAILED", "update_mask.paths[1]"},
		{"another kind", &scoringv1.MetricDefinition{Name: "metricDefinitions/loyalty", Meaning: cut.Meaning}, []string{"cuts"}, bad, invalid, "metric_definition.cuts.satisfied_from"},
		{"a circle", &scoringv1.MetricDefinition{Name: "metricDefinitions/loyalty", Meaning: blend("a", ofDefinition("a", "metricDefinitions/loyalty")).GetMeaning()}, nil, bad, invalid, "metric_definition.expression.terms[0].definition"},
		{"no title left", &scoringv1.MetricDefinition{Name: "metricDefinitions/loyalty"}, []string{"title"}, bad, invalid, "metric_definition.title"},
		{"no etag", &scoringv1.MetricDefinition{Name: "metricDefinitions/loyalty", Etag: "?", Title: localized("x")}, nil, codes.Aborted, "ETAG_MISMATCH", "metric_definition.etag"},
	} {
		_, err := s.redefine(c.definition, c.paths...)
		wantError(t, c.name, err, c.code, c.reason, c.field)
	}
	r, err := s.definitions.CreateMetricDefinition(t.Context(), &scoringv1.CreateMetricDefinitionRequest{
		MetricDefinitionId: "tried", MetricDefinition: blend("a", term("a", metricNPS, "")), ValidateOnly: true,
	})
	if err != nil || r.GetMetricDefinition().GetVersion() != 1 {
		t.Errorf("tried: %v, %v", r, err)
	}
	_, err = s.definition("metricDefinitions/tried")
	wantError(t, "what was only tried", err, codes.NotFound, "DEFINITION_NOT_FOUND", "name")
	_, err = scoringv1.NewMetricDefinitionServiceClient(rpcclient.WithKey(s.conn, otherKey, "")).GetMetricDefinition(t.Context(),
		&scoringv1.GetMetricDefinitionRequest{Name: "metricDefinitions/loyalty"})
	wantError(t, "another organisation", err, codes.NotFound, "DEFINITION_NOT_FOUND", "name")
}

// TestDefinitionsOfEveryKind are returned as they were made.
func TestDefinitionsOfEveryKind(t *testing.T) {
	t.Parallel()
	s := newSuite(t).start()
	for i, meaning := range everyMeaning() {
		made := &scoringv1.MetricDefinition{Title: localized("Every kind"), Description: localized("What it says"), Meaning: meaning.GetMeaning()}
		want := proto.CloneOf(made)
		d, err := s.define(fmt.Sprintf("kind_%d", i), made)
		if err != nil {
			t.Errorf("kind %d: %v", i, err)
			continue
		}
		got := &scoringv1.MetricDefinition{Title: d.GetTitle(), Description: d.GetDescription(), Meaning: d.GetMeaning()}
		if !proto.Equal(got, want) {
			t.Errorf("kind %d:\n got %v\nwant %v", i, got, want)
		}
	}
}

// everyMeaning has every field of every kind of definition set.
func everyMeaning() []*scoringv1.MetricDefinition {
	return []*scoringv1.MetricDefinition{
		{Meaning: &scoringv1.MetricDefinition_Expression{Expression: &scoringv1.ExpressionDefinition{
			Formula: "0.6*a+0.4*b+c", Unit: "points", Min: proto.Float64(-60), Max: proto.Float64(100), Terms: []*scoringv1.ExpressionDefinition_Term{
				{Id: "a", Metric: metricNPS, Variant: scoringv1.Variant_VARIANT_NPS_CONTACTED, Question: "recommend"},
				{Id: "b", Metric: metricMean, Normalized: true},
				{Id: "c", Variant: scoringv1.Variant_VARIANT_SHARE_OPTION, Question: "visit", Option: "daily"},
			},
		}}},
		{Meaning: &scoringv1.MetricDefinition_Index{Index: &scoringv1.IndexDefinition{
			Importance: scoringv1.IndexDefinition_IMPORTANCE_STATED, Form: scoringv1.IndexDefinition_FORM_ROSENBERG,
			Attributes: []*scoringv1.IndexDefinition_Attribute{{Id: "speed", Title: localized("Speed"), Question: "speed", ImportanceQuestion: "speed_matters"}},
		}}},
		{Meaning: &scoringv1.MetricDefinition_Index{Index: &scoringv1.IndexDefinition{
			Importance: scoringv1.IndexDefinition_IMPORTANCE_DERIVED, OutcomeQuestion: "overall",
			Attributes: []*scoringv1.IndexDefinition_Attribute{{Id: "speed", Question: "speed"}, {Id: "staff", Question: "staff"}},
		}}},
		{Meaning: &scoringv1.MetricDefinition_Index{Index: &scoringv1.IndexDefinition{
			Importance: scoringv1.IndexDefinition_IMPORTANCE_FIXED, Form: scoringv1.IndexDefinition_FORM_MEAN,
			Attributes: []*scoringv1.IndexDefinition_Attribute{{Id: "speed", Question: "speed", Weight: 0.5}},
		}}},
		{Meaning: &scoringv1.MetricDefinition_Gap{Gap: &scoringv1.GapDefinition{Dimensions: []*scoringv1.GapDefinition_Dimension{
			{
				Id: "place", Title: localized("Place"), Points: 100, Items: []*scoringv1.GapDefinition_Item{
					{Id: "light", PerceptionQuestion: "p1", ExpectationQuestion: "e1", Title: localized("Light")},
					{Id: "space", PerceptionQuestion: "p2", ExpectationQuestion: "e2"},
				},
				Subdimensions: []*scoringv1.GapDefinition_Subdimension{{Id: "inside", Title: localized("Inside"), Items: []string{"light"}}},
			},
		}}}},
		{Meaning: &scoringv1.MetricDefinition_Gap{Gap: &scoringv1.GapDefinition{Dimensions: []*scoringv1.GapDefinition_Dimension{
			{Id: "place", PointsQuestion: "points", Items: []*scoringv1.GapDefinition_Item{{Id: "light", PerceptionQuestion: "p1"}}},
		}}}},
		{Meaning: &scoringv1.MetricDefinition_Cuts{Cuts: &scoringv1.CutsDefinition{
			Variant: scoringv1.Variant_VARIANT_CES_NET_EASY, Scale: "1-10", NetEasyFrom: proto.Float64(7.5), NetDifficultTo: proto.Float64(4),
		}}},
		{Meaning: &scoringv1.MetricDefinition_Cuts{Cuts: &scoringv1.CutsDefinition{
			Variant:     scoringv1.Variant_VARIANT_NPS_ANSWERED,
			StrongAbove: proto.Float64(40), SystemicTo: proto.Float64(4), CaseLevelFrom: proto.Float64(9),
		}}},
	}
}

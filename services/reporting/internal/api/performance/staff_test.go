package performance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/services/reporting/internal/api/performance"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// scoring tells that customers give anna 8 and that bek has too few answers to tell.
type scoring struct {
	scoringv1.UnimplementedScoringServiceServer
}

// StreamScores tells them.
func (scoring) StreamScores(req *scoringv1.StreamScoresRequest, stream grpc.ServerStreamingServer[scoringv1.StreamScoresResponse]) error {
	slice := func(employee string) *scoringv1.Slice {
		return &scoringv1.Slice{Keys: []*scoringv1.SliceKey{{Key: "employee", Value: employee}}}
	}
	if q := req.GetQuery(); !slices.Equal(q.GetGroupBy(), []string{"employee"}) || q.GetPeriod().GetStartTime().AsTime().Format(time.RFC3339) != "2026-03-01T18:00:00Z" {
		return fmt.Errorf("asked for %v", q)
	}
	return stream.Send(&scoringv1.StreamScoresResponse{Scores: []*scoringv1.Score{
		{Slice: slice("anna"), Estimate: proto.Float64(8), StandardError: proto.Float64(0.5), N: 40},
		{Slice: slice("bek"), Suppression: scoringv1.Suppression_SUPPRESSION_FEW_ANSWERS.Enum()},
		{Slice: slice("")},
	}})
}

func newKpis(t *testing.T, records ...operation.Record) *performance.Kpis {
	t.Helper()
	s := newSuite(t, records...)
	var conn inprocgrpc.Channel
	scoringv1.RegisterScoringServiceServer(&conn, scoring{})
	zone, err := time.LoadLocation("Asia/Bishkek")
	if err != nil {
		t.Fatal(err)
	}
	return &performance.Kpis{Store: s.store, Performance: s.Server, Measures: peers.NewMeasures(&conn), Zone: zone, Now: func() time.Time { return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC) }}
}

func component(id string, source reportingv1.KpiSource, weight, low, high float64) *reportingv1.KpiComponent {
	c := &reportingv1.KpiComponent{Id: id, Source: source, Weight: weight, Low: low, High: high}
	if source <= reportingv1.KpiSource_KPI_SOURCE_CSAT {
		c.Survey = "surveys/shop"
	}
	return c
}

// of is a record of an employee.
func of(employee string, r operation.Record) operation.Record {
	r.Employee, r.Key = employee, ""
	return r.Prepared(r.Day)
}

// TestKeyFiguresOfTwo: anna's components are recomputed by hand; bek's scores are withheld, so that his other components count.
func TestKeyFiguresOfTwo(t *testing.T) {
	first := at("2026-03-02")
	var records []operation.Record
	for i := range operation.Day(14) {
		records = append(records,
			of("anna", day(operation.Shift, "s0", first+i, operation.Numbers{})),
			of("anna", day(operation.Presses, "s0", first+i, operation.Numbers{Consultations: 16, Likes: 3, Dislikes: 1})))
	}
	visit := day(operation.MysteryVisit, "s0", first+3, operation.Numbers{})
	visit.Criteria = []operation.Criterion{{Name: "greeting", Weight: 3, Outcome: operation.Pass}, {Name: "tidy", Weight: 1, Outcome: operation.Fail}}
	records = append(records, of("bek", visit), of("bek", day(operation.Presses, "s1", first, operation.Numbers{Consultations: 3, Likes: 4})))
	k := newKpis(t, records...)
	ctx := as(t.Context(), nil)
	made, err := k.CreateKpiDefinition(ctx, &reportingv1.CreateKpiDefinitionRequest{KpiDefinitionId: "sellers", KpiDefinition: &reportingv1.KpiDefinition{
		DisplayName: "Sellers", Components: []*reportingv1.KpiComponent{
			component("score", reportingv1.KpiSource_KPI_SOURCE_MEAN_SCORE, 3, 6, 10), component("pace", reportingv1.KpiSource_KPI_SOURCE_CONSULTATIONS_PER_HOUR, 2, 1, 5),
			component("likes", reportingv1.KpiSource_KPI_SOURCE_LIKE_SHARE, 1, 0.5, 1), component("standards", reportingv1.KpiSource_KPI_SOURCE_STANDARDS_COMPLIANCE, 6, 0.5, 1),
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	req := &reportingv1.QueryStaffKpiRequest{KpiDefinition: "kpiDefinitions/sellers", Query: march()}
	got, err := k.QueryStaffKpi(ctx, req)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.GetStaff()) != 2 || got.GetKpiDefinition().GetName() != "kpiDefinitions/sellers@1" {
		t.Fatalf("%v", got)
	}
	anna, bek := got.GetStaff()[0], got.GetStaff()[1]
	// Half of all weight is measured: score 0.5, pace 2 an hour, likes 0.75; no mystery visit.
	near(t, "anna", anna.GetScore().GetValue(), (3*0.5+2*0.25+1*0.5)/6)
	near(t, "what is measured of anna", anna.GetMeasuredWeight(), 0.5)
	if c := anna.GetComponents(); c[3].GetAbsentReason() != "NO_DATA" || c[3].Attained != nil || c[1].GetN() != 112 || c[2].GetN() != 56 || c[0].GetN() != 40 ||
		!strings.HasPrefix(c[0].GetLinks()[0], "/v1/surveys/shop/scores?") || !strings.Contains(c[2].GetLinks()[0], "employee=employees%2Fanna") {
		t.Errorf("%v", c)
	}
	// Score and likes are withheld, hours unknown: what is left is half of all weight.
	near(t, "bek", bek.GetScore().GetValue(), 0.5)
	for i, want := range []string{"SUPPRESSED", "NO_SHIFTS", "SUPPRESSED", ""} {
		if c := bek.GetComponents()[i]; c.GetAbsentReason() != want || (c.GetValue() == nil) != (want != "") {
			t.Errorf("%v", c)
		}
	}
	// Of one location those who worked there; a caller who sees others sees nobody.
	req.Query.Locations = []string{"locations/s1"}
	if got, err = k.QueryStaffKpi(ctx, req); err != nil || len(got.GetStaff()) != 1 || got.GetStaff()[0].GetEmployee() != "employees/bek" {
		t.Errorf("%v %v", got, err)
	}
	// Other weights are another version; the first can still be computed.
	lighter := proto.CloneOf(made.GetKpiDefinition())
	lighter.Components, lighter.Note = lighter.GetComponents()[2:], "standards and likes"
	second, err := k.CreateKpiDefinitionVersion(ctx, &reportingv1.CreateKpiDefinitionVersionRequest{Name: "kpiDefinitions/sellers", KpiDefinition: lighter})
	if err != nil || second.GetKpiDefinition().GetVersion() != 2 {
		t.Fatalf("%v %v", second, err)
	}
	req.Query, req.KpiDefinition = march(), "kpiDefinitions/sellers@1"
	if got, err = k.QueryStaffKpi(ctx, req); err != nil || len(got.GetStaff()[0].GetComponents()) != 4 {
		t.Errorf("%v %v", got, err)
	}
	_, err = k.CreateKpiDefinitionVersion(ctx, &reportingv1.CreateKpiDefinitionVersionRequest{Name: "kpiDefinitions/sellers", KpiDefinition: made.GetKpiDefinition()})
	if refused(err) != "KPI_CHANGED kpi_definition.etag" {
		t.Errorf("made of a version that is not the newest: %v", err)
	}
	versions, err := k.ListKpiDefinitionVersions(ctx, &reportingv1.ListKpiDefinitionVersionsRequest{Name: "kpiDefinitions/sellers", PageSize: 1})
	if err != nil || versions.GetKpiDefinitions()[0].GetName() != "kpiDefinitions/sellers@2" || versions.GetNextPageToken() == "" {
		t.Errorf("%v %v", versions, err)
	}
}

// TestHoursThatWereWorked: of a planned shift, and of one over midnight, those hours count that lie within the days and are over.
func TestHoursThatWereWorked(t *testing.T) {
	zone := time.FixedZone("Bishkek", 6*60*60)
	shift := func(employee string, start time.Time, hours int) operation.Record {
		r := operation.Record{Kind: operation.Shift, Location: "s0", Employee: employee, Start: start, End: start.Add(time.Duration(hours) * time.Hour)}
		return r.Prepared(operation.DayOf(start.In(zone)))
	}
	moment := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, zone) }
	k := newKpis(t,
		// Of these 2, 8, 4 and 0 hours until now.
		shift("anna", moment(1, 20), 6), shift("anna", moment(2, 9), 8), shift("anna", moment(3, 8), 8), shift("anna", moment(4, 9), 8),
		of("anna", day(operation.Presses, "s0", at("2026-03-02"), operation.Numbers{Consultations: 28})),
		shift("bek", moment(4, 9), 8), of("bek", day(operation.Presses, "s0", at("2026-03-02"), operation.Numbers{Consultations: 9})),
	)
	now := moment(3, 12)
	k.Now = func() time.Time { return now }
	ctx := as(t.Context(), nil)
	_, err := k.CreateKpiDefinition(ctx, &reportingv1.CreateKpiDefinitionRequest{KpiDefinitionId: "pace", KpiDefinition: &reportingv1.KpiDefinition{
		DisplayName: "Pace", Components: []*reportingv1.KpiComponent{component("pace", reportingv1.KpiSource_KPI_SOURCE_CONSULTATIONS_PER_HOUR, 1, 0, 5)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	pace := func(end string) (of []*reportingv1.StaffKpiComponent) {
		t.Helper()
		got, err := k.QueryStaffKpi(ctx, &reportingv1.QueryStaffKpiRequest{
			KpiDefinition: "kpiDefinitions/pace", Query: &reportingv1.PerformanceQuery{StartDate: "2026-03-02", EndDate: end},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range got.GetStaff() {
			of = append(of, one.GetComponents()[0])
		}
		return of
	}
	month := pace("2026-04-01")
	near(t, "hours of anna until now", month[0].GetN(), 14)
	near(t, "her consultations by hour", month[0].GetValue().GetValue(), 2)
	if month[1].GetAbsentReason() != "NO_SHIFTS" {
		t.Errorf("a shift that is planned was worked: %v", month[1])
	}
	now = moment(20, 0)
	near(t, "hours of anna of a day", pace("2026-03-03")[0].GetN(), 10)
	near(t, "hours of anna when all is over", pace("2026-04-01")[0].GetN(), 26)
}

func TestRefusesComponentsThatCannotBeMeasured(t *testing.T) {
	k := newKpis(t)
	likes := component("likes", reportingv1.KpiSource_KPI_SOURCE_LIKE_SHARE, 1, 0, 1)
	unasked := component("score", reportingv1.KpiSource_KPI_SOURCE_NPS, 1, 0, 1)
	unasked.Survey = ""
	asked := proto.CloneOf(likes)
	asked.Survey = "surveys/shop"
	for want, components := range map[string][]*reportingv1.KpiComponent{
		"KPI_COMPONENT_INVALID kpi_definition.components[1].id":     {likes, likes},
		"KPI_COMPONENT_INVALID kpi_definition.components[1].survey": {likes, unasked},
		"KPI_COMPONENT_INVALID kpi_definition.components[0].survey": {asked},
		"KPI_COMPONENT_INVALID kpi_definition.components[0].high":   {component("likes", reportingv1.KpiSource_KPI_SOURCE_LIKE_SHARE, 1, 0.5, 0.5)},
	} {
		_, err := k.CreateKpiDefinition(as(t.Context(), nil), &reportingv1.CreateKpiDefinitionRequest{
			KpiDefinitionId: "x", KpiDefinition: &reportingv1.KpiDefinition{DisplayName: "X", Components: components},
		})
		if refused(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	_, err := k.QueryStaffKpi(as(t.Context(), nil), &reportingv1.QueryStaffKpiRequest{KpiDefinition: "kpiDefinitions/none", Query: march()})
	if refused(err) != "KPI_NOT_FOUND kpi_definition" {
		t.Errorf("%v", err)
	}
}

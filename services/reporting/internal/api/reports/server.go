// Package reports answers the calls of ReportService: it makes reports of what the other services tell the caller, and keeps their definitions.
package reports

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/api/listing"
	"github.com/otklik/otklik/services/reporting/internal/notation"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// Analyses are those that sections of reports show.
type Analyses interface {
	QueryMatrix(context.Context, *reportingv1.QueryMatrixRequest) (*reportingv1.QueryMatrixResponse, error)
	QueryDrivers(context.Context, *reportingv1.QueryDriversRequest) (*reportingv1.QueryDriversResponse, error)
	QueryBridge(context.Context, *reportingv1.QueryBridgeRequest) (*reportingv1.QueryBridgeResponse, error)
	QueryStrengths(context.Context, *reportingv1.QueryStrengthsRequest) (*reportingv1.QueryStrengthsResponse, error)
	QueryJourney(context.Context, *reportingv1.QueryJourneyRequest) (*reportingv1.QueryJourneyResponse, error)
}

// Deps is what the server needs.
type Deps struct {
	Store    store.Reports
	Surveys  *peers.Surveys
	Measures *peers.Measures
	Sources  peers.Sources
	Analyses Analyses
	// Performance and Kpis are asked for what was recorded of stores.
	Performance Performance
	Kpis        Kpis
	// Others compares own scores with those of others.
	Others Benchmarks
	Tokens page.Codec
	// Zone is the time zone of reports that name none.
	Zone *time.Location
	Now  func() time.Time
}

// Server answers the calls of ReportService. It is a report.Renderer.
type Server struct {
	reportingv1.UnimplementedReportServiceServer
	store       store.Reports
	surveys     *peers.Surveys
	measures    *peers.Measures
	sources     peers.Sources
	analyses    Analyses
	performance Performance
	kpis        Kpis
	others      Benchmarks
	tokens      page.Codec
	zone        *time.Location
	now         func() time.Time
}

var _ report.Renderer = (*Server)(nil)

// New makes a server.
func New(d Deps) *Server {
	return &Server{
		store: d.Store, surveys: d.Surveys, measures: d.Measures, sources: d.Sources, analyses: d.Analyses, performance: d.Performance, kpis: d.Kpis, others: d.Others, tokens: d.Tokens, zone: d.Zone, now: d.Now,
	}
}

// Register registers the service's RPCs.
func (s *Server) Register(r grpc.ServiceRegistrar) { reportingv1.RegisterReportServiceServer(r, s) }

// titleOf is what the reports of a kind are called.
func titleOf(kind report.Kind) phrase.Key {
	return map[report.Kind]phrase.Key{
		report.ExecutiveSummary: phrase.TitleExecutive, report.SurveyReport: phrase.TitleSurvey, report.StoreScorecard: phrase.TitleStore,
		report.AccountScorecard: phrase.TitleAccount, report.StaffScorecard: phrase.TitleStaff, report.DailyEvents: phrase.TitleDaily,
		report.StaffReview: phrase.TitleStaffReview, report.ClosedLoop: phrase.TitleClosedLoop, report.ProgrammeValue: phrase.TitleValue, report.PolicyReview: phrase.TitlePolicies,
	}[kind]
}

// ListReportKinds lists the kinds of reports.
func (s *Server) ListReportKinds(ctx context.Context, req *reportingv1.ListReportKindsRequest) (*reportingv1.ListReportKindsResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	profiles := report.Profiles()
	list, next, err := listing.After(s.tokens, reportingv1.ReportService_ListReportKinds_FullMethodName, organization, req, func(after string, size int) ([]report.Profile, error) {
		at := 0
		for at < len(profiles) && after != "" && string(profiles[at].Kind) != after {
			at++
		}
		if after != "" {
			at++
		}
		return profiles[min(at, len(profiles)):min(at+size, len(profiles))], nil
	}, func(p report.Profile) string { return string(p.Kind) })
	if err != nil {
		return nil, err
	}
	out := &reportingv1.ListReportKindsResponse{NextPageToken: next}
	for _, p := range list {
		out.Kinds = append(out.Kinds, profileToProto(p))
	}
	return out, nil
}

// reportPrefix begins the names of reports.
const reportPrefix = "reports/"

// notFound refuses a report that there is not.
func notFound(field, name string) error {
	return fault.Field(codes.NotFound, reportingv1.ErrorReason_ERROR_REASON_REPORT_NOT_FOUND, field, "there is no "+name+"; list the reports")
}

// split reads a name: its identifier, and its version behind an @.
func split(name string) (id, version string) {
	id, version, _ = strings.Cut(strings.TrimPrefix(name, reportPrefix), "@")
	return id, version
}

// words are those of a language for texts, and for numbers.
func words(language string) (phrase.Book, notation.Notation) {
	b := phrase.For(language)
	return b, notation.For(b.Language())
}

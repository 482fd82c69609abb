package client

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/cmd/otklik/internal/restconn"
	"github.com/otklik/otklik/libs/rpcclient"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// maxReceiveBytes bounds an answer: a batch of 1,000 responses with long comments fits.
const maxReceiveBytes = 64 << 20

// Connection is a connection to a server's public API.
type Connection struct {
	// Survey asks.
	Survey surveyv1.SurveyServiceClient
	// Scoring measures.
	Scoring scoringv1.ScoringServiceClient
	// Definitions says what numbers mean, Alerts when they change.
	Definitions scoringv1.MetricDefinitionServiceClient
	Alerts      scoringv1.AlertServiceClient
	// Access says who may do what.
	Access accessv1.AccessServiceClient
	// Audit tells who did what.
	Audit accessv1.AuditServiceClient
	// Privacy answers what persons may ask.
	Privacy accessv1.PrivacyServiceClient
	// Webhooks send what happens.
	Webhooks accessv1.WebhookServiceClient
	// Analysis understands texts.
	Analysis commentv1.AnalysisServiceClient
	// Comments are what customers wrote.
	Comments commentv1.CommentServiceClient
	// Insights are what comments say together.
	Insights commentv1.InsightServiceClient
	// Purchases are what customers bought, that they left, and that staff left; Retention is how scores go together with it.
	Purchases segmentationv1.PurchaseServiceClient
	Retention segmentationv1.RetentionServiceClient
	// Timeline is what happened with a customer.
	Timeline segmentationv1.TimelineServiceClient
	// Lights tell who needs attention.
	Lights segmentationv1.LightServiceClient
	// Segments are who belongs together.
	Segments segmentationv1.SegmentServiceClient

	// Cases are what has to be seen to; CaseRules open them.
	Cases     segmentationv1.CaseServiceClient
	CaseRules segmentationv1.CaseRuleServiceClient
	// Recoveries asks customers again whose cases were closed.
	Recoveries segmentationv1.RecoveryServiceClient

	// Interviews are talks with those whose lights are red; Digests are daily e-mails.
	Interviews segmentationv1.InterviewServiceClient
	Digests    segmentationv1.DigestServiceClient

	// Directory are companies, locations, regions, staff and touchpoints; Contacts are customers; Imports bring tables of them.
	Directory segmentationv1.DirectoryServiceClient
	Contacts  segmentationv1.ContactServiceClient
	Imports   segmentationv1.ImportServiceClient

	// Reporting explains scores; Reports say it to those who are to know.
	Reporting reportingv1.ReportingServiceClient
	Reports   reportingv1.ReportServiceClient
	// Schedules have reports made and sent by themselves.
	Schedules reportingv1.ScheduleServiceClient
	// Shares let others read reports without logging in.
	Shares reportingv1.ReportShareServiceClient
	// Overview tells at a glance how things stand.
	Overview reportingv1.OverviewServiceClient
	// Exports writes responses to files.
	Exports reportingv1.ExportServiceClient
	// Operations is what is recorded of stores beside answers.
	Operations reportingv1.OperationsServiceClient
	// Performance explains what stores do.
	Performance reportingv1.PerformanceServiceClient
	// Kpis are key figures of employees.
	Kpis reportingv1.KpiServiceClient
	// Benchmarks are numbers of others to compare own scores with.
	Benchmarks reportingv1.BenchmarkServiceClient

	closer io.Closer
}

// Close ends the connection.
func (c *Connection) Close() error { return c.closer.Close() }

// Over makes a Connection over conn, which closer ends.
func Over(conn grpc.ClientConnInterface, closer io.Closer) *Connection {
	return &Connection{
		Survey: surveyv1.NewSurveyServiceClient(conn), Scoring: scoringv1.NewScoringServiceClient(conn),
		Definitions: scoringv1.NewMetricDefinitionServiceClient(conn), Alerts: scoringv1.NewAlertServiceClient(conn),
		Access: accessv1.NewAccessServiceClient(conn), Audit: accessv1.NewAuditServiceClient(conn),
		Privacy: accessv1.NewPrivacyServiceClient(conn), Webhooks: accessv1.NewWebhookServiceClient(conn),
		Analysis: commentv1.NewAnalysisServiceClient(conn), Comments: commentv1.NewCommentServiceClient(conn),
		Insights:  commentv1.NewInsightServiceClient(conn),
		Purchases: segmentationv1.NewPurchaseServiceClient(conn), Retention: segmentationv1.NewRetentionServiceClient(conn),
		Timeline: segmentationv1.NewTimelineServiceClient(conn), Segments: segmentationv1.NewSegmentServiceClient(conn), Lights: segmentationv1.NewLightServiceClient(conn),
		Cases: segmentationv1.NewCaseServiceClient(conn), CaseRules: segmentationv1.NewCaseRuleServiceClient(conn), Recoveries: segmentationv1.NewRecoveryServiceClient(conn), Interviews: segmentationv1.NewInterviewServiceClient(conn),
		Digests: segmentationv1.NewDigestServiceClient(conn), Directory: segmentationv1.NewDirectoryServiceClient(conn), Contacts: segmentationv1.NewContactServiceClient(conn),
		Imports: segmentationv1.NewImportServiceClient(conn), Reporting: reportingv1.NewReportingServiceClient(conn), Reports: reportingv1.NewReportServiceClient(conn), Schedules: reportingv1.NewScheduleServiceClient(conn), Shares: reportingv1.NewReportShareServiceClient(conn), Overview: reportingv1.NewOverviewServiceClient(conn), Exports: reportingv1.NewExportServiceClient(conn),
		Operations: reportingv1.NewOperationsServiceClient(conn), Performance: reportingv1.NewPerformanceServiceClient(conn), Kpis: reportingv1.NewKpiServiceClient(conn),
		Benchmarks: reportingv1.NewBenchmarkServiceClient(conn), closer: closer,
	}
}

// Connect prepares a connection; the server is first spoken to by the first call. Errors have the exit code of wrong usage.
func Connect(e Endpoint) (*Connection, error) {
	var trust *tls.Config
	if e.Server.TLS {
		trust = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if e.CA != "" {
		if trust == nil {
			return nil, exit.Usagef("--ca needs a server with TLS: grpcs:// or https://")
		}
		pool, err := certificates(e.CA)
		if err != nil {
			return nil, err
		}
		trust.RootCAs = pool
	}
	if e.Server.REST {
		return connectREST(e, trust)
	}
	config := rpcclient.DefaultConfig()
	config.Deadline, config.MaxReceiveBytes = e.Timeout, maxReceiveBytes
	var creds credentials.TransportCredentials
	if trust != nil {
		creds = credentials.NewTLS(trust)
	}
	conn, err := rpcclient.Dial(rpcclient.Peer{Target: e.Server.Address, Key: e.Key}, config, creds)
	if err != nil {
		return nil, exit.Usagef("connect: %w", err)
	}
	return Over(conn, conn), nil
}

func connectREST(e Endpoint, trust *tls.Config) (*Connection, error) {
	var transport http.RoundTripper
	if trust != nil {
		transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: trust, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		}
	}
	conn, err := restconn.New(e.Server.Address, e.Key, e.Timeout, transport)
	if err != nil {
		return nil, exit.Usagef("connect: %w", err)
	}
	return Over(conn, conn), nil
}

func certificates(path string) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, exit.Usagef("read certificates: %w", err)
	}
	if !pool.AppendCertsFromPEM(raw) {
		return nil, &exit.Error{Code: exit.Usage, Err: fmt.Errorf("read certificates: %s holds no certificate in PEM form", path)}
	}
	return pool, nil
}

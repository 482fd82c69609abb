package suite

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/certtest"
	"github.com/otklik/otklik/libs/tlskit"
)

// servicesName is the name in the certificates of the services.
const servicesName = "services.otklik.internal"

// securedConfig is the configuration of processes apart that know each other by certificates alone, on files in a folder.
func securedConfig(t *testing.T, admin string) Config {
	t.Helper()
	address := func() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(testkit.FreePort(t))) }
	config := DefaultConfig()
	config.Data = filepath.Join(t.TempDir(), "data")
	config.Telemetry.LogLevel = "error"
	config.Peers.Survey, config.Peers.Scoring, config.Peers.Access = address(), address(), address()
	config.Peers.Comment, config.Peers.Segmentation, config.Peers.Reporting = address(), address(), address()
	config.Auth.Keys = []authn.Key{keyFor("admin", admin, "acme", "admin")}
	folder := t.TempDir()
	authority := certtest.NewAuthority(t, "otklik")
	file := func(name string, content []byte) string {
		path := filepath.Join(folder, name)
		certtest.Write(t, path, content)
		return path
	}
	pair := authority.Issue(t, servicesName)
	cert, key, ca := file("tls.crt", pair.Cert), file("tls.key", pair.Key), file("ca.crt", authority.PEM)
	config.TLS.Server = tlskit.ServerConfig{
		CertFile: cert, KeyFile: key, ClientCAFile: ca, ClientCertificates: tlskit.ClientCertificatesRequired, Services: []string{servicesName},
	}
	config.TLS.Client = tlskit.ClientConfig{CAFile: ca, CertFile: cert, KeyFile: key, ServerName: servicesName}
	return config
}

// launch runs a process until the test ends and returns its ready line.
func launch(t *testing.T, run func(context.Context, Config, func(Ready)) error, config Config) Ready {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	started, ended := make(chan Ready, 1), make(chan error, 1)
	go func() { ended <- run(ctx, config, func(r Ready) { started <- r }) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	select {
	case ready := <-started:
		return ready
	case err := <-ended:
		ended <- nil
		t.Fatalf("start: %v", err)
	case <-time.After(time.Minute):
		t.Fatal("not started within a minute")
	}
	return Ready{}
}

// TestProcessesKnowEachOtherByCertificates runs the suite apart without any key of the services: they start in the order that is worst, find each other,
// and nobody without a certificate gets as far as to be asked for a key.
func TestProcessesKnowEachOtherByCertificates(t *testing.T) {
	t.Parallel()
	const admin = "otk_admin"
	config := securedConfig(t, admin)
	at := func(grpc string) Config {
		c := config
		c.GRPC, c.HTTP = grpc, "127.0.0.1:0"
		return c
	}
	front := at("")
	// The gateway passes on the calls of others: its own certificate lets nobody in.
	front.TLS.Server = tlskit.DefaultServerConfig()
	ready := launch(t, Gateway, front)
	launch(t, Scoring, at(config.Peers.Scoring))
	launch(t, Comment, at(config.Peers.Comment))
	launch(t, Segmentation, at(config.Peers.Segmentation))
	launch(t, Reporting, at(config.Peers.Reporting))
	launch(t, Survey, at(config.Peers.Survey))
	launch(t, Access, at(config.Peers.Access))

	testkit.Eventually(t, 30*time.Second, func() error {
		return post(t, ready.HTTP+"/v1/apiKeys", admin, `{"apiKeyId": "k", "apiKey": {"displayName": "K", "kind": "KIND_SECRET", "roles": ["viewer"]}}`, http.StatusOK, `"secret"`)
	})
	if err := post(t, ready.HTTP+"/v1/auditEntries:verify", admin, `{}`, http.StatusOK, `"intact":true`); err != nil {
		t.Error(err)
	}
	if err := post(t, ready.HTTP+"/v1/apiKeys", "", `{"apiKey": {"displayName": "K", "kind": "KIND_SECRET", "roles": ["viewer"]}}`, http.StatusUnauthorized, "CREDENTIALS"); err != nil {
		t.Errorf("the gateway's certificate passes for its callers': %v", err)
	}
	// What the reporting service asks of the others it asks as its caller, not by its certificate.
	testkit.Eventually(t, 30*time.Second, func() error {
		return post(t, ready.HTTP+"/v1/matrix:query", admin, `{"query": {"survey": "surveys/none"}}`, http.StatusNotFound, `"SURVEY_NOT_FOUND"`)
	})
	if err := post(t, ready.HTTP+"/v1/matrix:query", "", `{"query": {"survey": "surveys/none"}}`, http.StatusUnauthorized, "CREDENTIALS"); err != nil {
		t.Error(err)
	}
	plain, err := grpc.NewClient(config.Peers.Access, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close() //nolint:errcheck // the test is over
	if _, err := healthpb.NewHealthClient(plain).Check(t.Context(), &healthpb.HealthCheckRequest{}); err == nil {
		t.Error("a connection without a certificate is taken")
	}
}

// post posts JSON and says how the answer differs from the one wanted.
func post(t *testing.T, address, key, body string, status int, holds string) error {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != status || !strings.Contains(string(raw), holds) {
		return &unexpected{response.Status, string(raw)}
	}
	return nil
}

// unexpected is an answer that nobody wanted.
type unexpected struct{ status, body string }

// Error tells the answer.
func (u *unexpected) Error() string { return u.status + ": " + u.body }

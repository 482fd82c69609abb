package rpcserver_test

import (
	"net"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/testkit/certtest"
	"github.com/otklik/otklik/libs/testkit/echo"
	"github.com/otklik/otklik/libs/tlskit"
)

// secured starts a server that takes certificates of clients, and returns its address.
func secured(t *testing.T, ca *certtest.Authority) string {
	t.Helper()
	dir := t.TempDir()
	pair := ca.Issue(t, "127.0.0.1")
	certtest.Write(t, filepath.Join(dir, "cert.pem"), pair.Cert)
	certtest.Write(t, filepath.Join(dir, "key.pem"), pair.Key)
	certtest.Write(t, filepath.Join(dir, "ca.pem"), ca.PEM)
	secure, err := tlskit.NewServer(tlskit.ServerConfig{
		CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem"), ClientCAFile: filepath.Join(dir, "ca.pem"),
		ClientCertificates: tlskit.ClientCertificatesOptional, Services: []string{"spiffe://otklik/scoring"},
	}, tlskit.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	d := deps(t, &logBuffer{})
	d.TLS, d.PeerIdentity = secure.Credentials(), secure.PeerIdentity
	server, err := rpcserver.New(testConfig(), d)
	if err != nil {
		t.Fatal(err)
	}
	(&echo.Server{Actions: actions()}).Register(server)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Drain(t.Context()) })
	return l.Addr().String()
}

// presenting makes the credentials of a client with a certificate for names; without one when there are none.
func presenting(t *testing.T, ca *certtest.Authority, names ...string) credentials.TransportCredentials {
	t.Helper()
	dir := t.TempDir()
	config := tlskit.ClientConfig{CAFile: filepath.Join(dir, "ca.pem")}
	certtest.Write(t, config.CAFile, ca.PEM)
	if len(names) > 0 {
		pair := ca.Issue(t, names...)
		config.CertFile, config.KeyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		certtest.Write(t, config.CertFile, pair.Cert)
		certtest.Write(t, config.KeyFile, pair.Key)
	}
	client, err := tlskit.NewClient(config, tlskit.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return client.Credentials()
}

func TestACertificateStandsForAServiceWithoutAKey(t *testing.T) {
	ca := certtest.NewAuthority(t, "ca")
	address := secured(t, ca)
	dial := func(creds credentials.TransportCredentials, key string, opts ...grpc.DialOption) *grpc.ClientConn {
		t.Helper()
		conn, err := rpcclient.Dial(rpcclient.Peer{Target: address, Key: key}, rpcclient.DefaultConfig(), creds, opts...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	// org is the organisation that a call acts for.
	org := func(conn *grpc.ClientConn, ask string) (string, error) {
		ctx := t.Context()
		if ask != "" {
			ctx = rpcclient.WithOrganization(ctx, ask)
		}
		out, err := echo.Call(ctx, conn, echo.New("a").WithAction("org"))
		if err != nil {
			return "", err
		}
		return out.Text(), nil
	}
	listed := presenting(t, ca, "spiffe://otklik/scoring")
	if got, err := org(dial(listed, "", tlskit.ByCertificate()), "org7"); err != nil || got != "org7" {
		t.Errorf("a service acts for %q, %v", got, err)
	}
	for name, conn := range map[string]*grpc.ClientConn{
		"a certificate that is not listed":        dial(presenting(t, ca, "spiffe://otklik/other"), "", tlskit.ByCertificate()),
		"no certificate":                          dial(presenting(t, ca), "", tlskit.ByCertificate()),
		"a call of others over the gateway's":     dial(listed, ""),
		"a wrong key beside a good certificate":   dial(listed, "wrong", tlskit.ByCertificate()),
		"a wrong key over a gateway's connection": dial(listed, "wrong"),
	} {
		if _, err := org(conn, ""); rpcerr.Code(err) != codes.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A key of somebody else wins over the certificate: what the gateway passes on acts for its caller.
	if got, err := org(dial(listed, appKey, tlskit.ByCertificate()), ""); err != nil || got != "org1" {
		t.Errorf("with a key: %q, %v", got, err)
	}
	if _, err := org(dial(listed, appKey, tlskit.ByCertificate()), "org7"); rpcerr.Code(err) != codes.PermissionDenied {
		t.Errorf("with a key for another organisation: %v", err)
	}
	if _, err := healthpb.NewHealthClient(dial(presenting(t, ca), "")).Check(t.Context(), &healthpb.HealthCheckRequest{Service: rpcserver.HealthLiveness}); err != nil {
		t.Errorf("a probe of health: %v", err)
	}
	if _, err := org(dial(insecure.NewCredentials(), serviceKey), "org7"); rpcerr.Code(err) != codes.Unavailable {
		t.Errorf("plain text: %v", err)
	}
}

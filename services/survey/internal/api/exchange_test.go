package api_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/api"
	"github.com/otklik/otklik/services/survey/internal/api/vaulttest"
	"github.com/otklik/otklik/services/survey/internal/store/sqlite"
)

// TestAnotherVault: with another vault than that by which persons were made unknown nothing untrue is said, and nothing is lost once the vault is back.
func TestAnotherVault(t *testing.T) {
	path, kept := filepath.Join(t.TempDir(), "survey.db"), vaulttest.New(t)
	// with runs a process of the service with a vault.
	with := func(name string, vault *vaulttest.Vault, run func(t *testing.T, f *fixture)) {
		t.Run(name, func(t *testing.T) {
			db, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			run(t, newFixtureOn(t, db, func(o *api.Options) { o.Vault = api.NewVault(vault.Conn) }))
		})
	}
	var survey string
	said := func(t *testing.T, f *fixture) {
		t.Helper()
		if all := f.exportedOf(t, respondentName); len(all) != 2 { // a response and a consent
			t.Errorf("exported %v", all)
		}
		if all := listAll(t, f.surveys, survey); all[0].GetRespondent() != respondentName {
			t.Errorf("%v", all)
		}
		if err := f.api.Ready(); err != nil {
			t.Error(err)
		}
	}
	with("new", kept, func(t *testing.T, f *fixture) {
		survey = f.published(t, visit())
		mustSubmit(t, f, survey, "a", outspoken())
		said(t, f)
	})
	with("another", vaulttest.New(t), func(t *testing.T, f *fixture) {
		anonymous := good()
		anonymous.Respondent = ""
		mustSubmit(t, f, survey, "b", anonymous) // needs no vault
		refusedAs := func(what string, err error) {
			t.Helper()
			t.Log(what)
			refused(t, err, codes.Unavailable, "VAULT_EXCHANGED")
		}
		_, err := f.submit(t.Context(), survey, "c", good())
		refusedAs("submit", err)
		_, err = f.surveys.BatchSubmitResponses(t.Context(), &surveyv1.BatchSubmitResponsesRequest{Parent: survey,
			Requests: []*surveyv1.SubmitResponseRequest{{ResponseId: "c", Response: good()}}})
		refusedAs("submit a batch", err)
		_, err = f.persons(acme).ErasePerson(t.Context(), &surveyv1.ErasePersonRequest{Respondent: respondentName, Erasure: "erasures/e"})
		refusedAs("erase", err)
		stream, err := f.persons(acme).ExportPerson(t.Context(), &surveyv1.ExportPersonRequest{Respondent: respondentName})
		if err == nil {
			_, err = stream.Recv()
		}
		refusedAs("export", err)
		_, err = f.surveys.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Parent: survey})
		refusedAs("list", err)
		_, err = f.surveys.QueryConsents(t.Context(), &surveyv1.QueryConsentsRequest{Respondent: respondentName})
		refusedAs("consents", err)
		refusedAs("ready", f.api.Ready())
	})
	with("restored", kept, said)
}

// exchangeable leads to a vault that can be replaced by another one.
type exchangeable struct {
	vault atomic.Pointer[vaulttest.Vault]
}

// Invoke implements grpc.ClientConnInterface.
func (e *exchangeable) Invoke(ctx context.Context, method string, in, out any, opts ...grpc.CallOption) error {
	return e.vault.Load().Conn.Invoke(ctx, method, in, out, opts...)
}

// NewStream implements grpc.ClientConnInterface.
func (e *exchangeable) NewStream(ctx context.Context, d *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return e.vault.Load().Conn.NewStream(ctx, d, method, opts...)
}

// TestAnotherVaultWhileRunning: what the service remembers of the vault does not keep it from noticing that it was exchanged, and that it is back.
func TestAnotherVaultWhileRunning(t *testing.T) {
	conn, kept := &exchangeable{}, vaulttest.New(t)
	conn.vault.Store(kept)
	f := newFixture(t, func(o *api.Options) { o.Vault = api.NewVault(conn) })
	survey := f.published(t, visit())
	look := func(vault *vaulttest.Vault) {
		t.Helper()
		conn.vault.Store(vault)
		if err := f.api.LookAtVault(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	mustSubmit(t, f, survey, "a", good())
	look(kept)
	mustSubmit(t, f, survey, "b", good())
	look(vaulttest.New(t))
	_, err := f.submit(t.Context(), survey, "c", good())
	refused(t, err, codes.Unavailable, "VAULT_EXCHANGED")
	refused(t, f.api.Ready(), codes.Unavailable, "VAULT_EXCHANGED")
	look(kept)
	mustSubmit(t, f, survey, "c", good())
	if err := f.api.Ready(); err != nil {
		t.Error(err)
	}
}

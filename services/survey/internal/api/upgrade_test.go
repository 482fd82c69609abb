package api_test

import (
	"slices"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/api"
	"github.com/otklik/otklik/services/survey/internal/store"
	"github.com/otklik/otklik/services/survey/internal/store/postgres"
)

// TestSchemaOfTheVersionBefore: until the database is brought up to date submissions are taken, sealed and read; what needs new tables waits. Afterwards
// what was stored meanwhile is found.
func TestSchemaOfTheVersionBefore(t *testing.T) {
	config, options := pgkit.DefaultConfig("survey"), pgkit.Options{Component: "survey"}
	config.DSN = pgtest.Database(t)
	if err := pgkit.MigrateTo(t.Context(), config, options, postgres.Schema(), 2); err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(t.Context(), config, postgres.Options{Options: options})
	if err != nil {
		t.Fatal(err)
	}
	before := newFixtureOn(t, db, func(o *api.Options) { o.Quota.Submissions = 1 })
	survey := before.published(t, visit())
	m := outspoken()
	m.Consents = nil
	mustSubmit(t, before, survey, "a", m)
	m = good()
	mustSubmit(t, before, survey, "b", m)
	if all := listAll(t, before.surveys, survey); len(all) != 2 || all[0].GetRespondent() != respondentName || all[0].GetAnswers()[3].GetFreeText() != secretWords {
		t.Fatalf("%v", all)
	}
	_, err = before.submit(t.Context(), survey, "c", outspoken())
	refused(t, err, codes.Unavailable, "SCHEMA_OUTDATED")
	_, err = before.persons(acme).ErasePerson(t.Context(), &surveyv1.ErasePersonRequest{Respondent: respondentName, Erasure: "erasures/e-1"})
	refused(t, err, codes.Unavailable, "SCHEMA_OUTDATED")
	_, err = before.surveys.GetUsage(t.Context(), &surveyv1.GetUsageRequest{})
	refused(t, err, codes.Unavailable, "SCHEMA_OUTDATED")

	after := newFixtureOn(t, openPostgres(t, config.DSN), func(o *api.Options) { o.Vault = api.NewVault(before.vault.Conn) })
	if err := after.api.MarkUnmarked(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, err := after.store.ListAllUnmarked(t.Context(), store.PersonQuery{Page: store.Page{Limit: 9}}); err != nil || len(left) != 0 {
		t.Fatalf("unmarked %v, %v", left, err)
	}
	if r := erase(t, after, respondentName, "e-1"); !slices.Equal(lines(r)[:3], []string{"responses 1", "refusals 0", "comments 2"}) {
		t.Errorf("%q", lines(r))
	}
	if names := namesOf(listAll(t, after.surveys, survey)); !slices.Equal(names, []string{"b"}) {
		t.Errorf("left %q", names)
	}
}

package api_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/api"
)

// TestEraseAmongReplicas: another replica goes on with the person's key for a while after it was destroyed. What it stores meanwhile is told of as
// unreadable, and removed when the erasure settles; what comes afterwards is kept and read.
func TestEraseAmongReplicas(t *testing.T) {
	dsn := pgtest.Database(t)
	one := newFixtureOn(t, openPostgres(t, dsn))
	clock := testkit.NewClock(start)
	two := newFixtureOn(t, openPostgres(t, dsn), func(o *api.Options) {
		o.Vault, o.Keeping = api.NewVault(one.vault.Conn), seal.KeeperOptions{Now: clock.Now}
	})
	survey := one.published(t, visit())
	mustSubmit(t, two, survey, "before", outspoken())
	first := erase(t, one, respondentName, "e-1")
	mustSubmit(t, two, survey, "stale", outspoken())
	decided := &surveyv1.RecordConsentRequest{
		Respondent: respondentName, Given: &surveyv1.ConsentGiven{Purpose: surveyv1.Purpose_PURPOSE_CONTACT, Granted: true, Evidence: "Yes."},
	}
	if _, err := two.surveys.RecordConsent(t.Context(), decided); err != nil {
		t.Fatal(err)
	}
	who, _ := seal.ParsePseudonym(pseudonymIn(t, one))
	if left, err := one.store.ListConsents(t.Context(), acme, who, 10); err != nil || len(left) != 2 {
		t.Fatalf("%d decisions, %v", len(left), err)
	}
	if all := listAll(t, one.surveys, survey); len(all) != 1 || all[0].GetRespondent() != "" || len(all[0].GetWithheldFields()) == 0 {
		t.Fatalf("%v", all)
	}
	if err := one.api.SettleErasures(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(listAll(t, one.surveys, survey)); n != 1 {
		t.Fatalf("settled at once: %d", n)
	}
	clock.Advance(seal.DefaultFresh)
	mustSubmit(t, two, survey, "after", outspoken())
	one.clock.Advance(time.Minute)
	if err := one.api.SettleErasures(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all := listAll(t, one.surveys, survey); !slices.Equal(namesOf(all), []string{"after"}) || all[0].GetRespondent() != respondentName {
		t.Fatalf("%v", all)
	}
	if left, err := one.store.ListConsents(t.Context(), acme, who, 10); err != nil || len(left) != 1 {
		t.Fatalf("%d decisions are left, %v", len(left), err)
	}
	events, _ := one.tail(t, first.GetPosition(), "").read(2)
	if events[1].GetRemoved().GetName() != survey+"/responses/stale" || events[1].GetRemoved().GetErasure() != "erasures/e-1" {
		t.Fatalf("%v", events)
	}
}

// pseudonymIn is the pseudonym of the respondent.
func pseudonymIn(t testing.TB, f *fixture) string {
	t.Helper()
	key, err := api.NewVault(f.vault.Conn).PseudonymKey(t.Context(), acme)
	if err != nil {
		t.Fatal(err)
	}
	return seal.Pseudonym(key, respondentName)
}

// slowVault lets something happen before keys are looked up for the first time.
type slowVault struct {
	seal.Vault
	meanwhile func()
}

// Get implements seal.Vault.
func (v *slowVault) Get(ctx context.Context, ids []string) ([]seal.Key, error) {
	if fn := v.meanwhile; fn != nil {
		v.meanwhile = nil
		fn()
	}
	return v.Vault.Get(ctx, ids)
}

// TestEraseSlowly: an erasure that takes for long is not settled before others can have noticed that the keys are gone.
func TestEraseSlowly(t *testing.T) {
	dsn := pgtest.Database(t)
	two := newFixtureOn(t, openPostgres(t, dsn))
	slow := &slowVault{Vault: api.NewVault(two.vault.Conn)}
	one := newFixtureOn(t, openPostgres(t, dsn), func(o *api.Options) { o.Vault = slow })
	survey := two.published(t, visit())
	mustSubmit(t, two, survey, "before", outspoken())
	slow.meanwhile = func() {
		one.clock.Advance(time.Hour)
		if err := one.api.SettleErasures(t.Context()); err != nil {
			t.Error(err)
		}
	}
	erase(t, one, respondentName, "e-1")
	mustSubmit(t, two, survey, "stale", outspoken())
	one.clock.Advance(time.Minute)
	if err := one.api.SettleErasures(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all := listAll(t, one.surveys, survey); len(all) != 0 {
		t.Fatalf("%v", all)
	}
}

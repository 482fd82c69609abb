package suite

import (
	"slices"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/authn"
)

func mustRoles(t *testing.T, configured map[string][]string) *roles {
	t.Helper()
	r, err := newRoles(configured)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// No built-in pattern means nothing, but for those about methods that are to come.
func TestPatternsOfRolesMeanPermissions(t *testing.T) {
	r := mustRoles(t, nil)
	coming := []string{"survey.responses.exclude"}
	for role, patterns := range r.grants {
		for _, pattern := range patterns {
			name := strings.TrimLeft(pattern, "!")
			if slices.Contains(coming, name) || name == "*" {
				continue
			}
			prefix, all := strings.CutSuffix(name, "*")
			if !slices.ContainsFunc(r.permissions, func(p string) bool { return p == name || all && strings.HasPrefix(p, prefix) }) {
				t.Errorf("role %s: the pattern %s fits no permission", role, pattern)
			}
		}
	}
}

func TestNoRoleOfPeopleGivesWhatServicesDoAmongThemselves(t *testing.T) {
	r := mustRoles(t, map[string][]string{"mighty": {"*"}, "surveyor": {"survey.*"}, "reader": {"survey.events.stream"}, "auditor": {"access.*"}})
	internal := []string{
		"survey.events.stream", "survey.persons.erase", "survey.persons.export", "scoring.persons.erase", "scoring.persons.export",
		"access.credentials.resolve", "access.credentials.report", "access.credentials.delegate", "access.vault.lease", "access.vault.get", "access.vault.destroy", "access.audit.append",
		"comment.events.stream", "scoring.events.stream", "comment.persons.erase", "comment.persons.export", "segmentation.events.stream",
		"segmentation.persons.erase", "segmentation.persons.export", "segmentation.regions.resolve", "reporting.events.stream",
	}
	for role := range r.grants {
		if role == authn.RoleService {
			continue
		}
		for _, p := range r.Permissions([]string{role}) {
			if slices.Contains(internal, p) {
				t.Errorf("the role %s gives %s", role, p)
			}
		}
	}
	if got := r.Permissions([]string{"admin"}); len(got) != len(r.permissions)-len(internal) {
		t.Errorf("an administrator holds %d of %d permissions that are not internal", len(got), len(r.permissions)-len(internal))
	}
}

// Whoever owns targets cannot change what they are measured by, not even by other roles or by the configuration.
func TestTargetOwnersDefineNothing(t *testing.T) {
	r := mustRoles(t, map[string][]string{"target_owner": {"*"}, "mighty": {"*"}})
	for _, held := range [][]string{{"target_owner"}, {"target_owner", "mighty"}, {"definition_editor", "target_owner"}, {"target_owner", "admin"}} {
		got := r.Permissions(held)
		for _, p := range []string{"survey.surveys.update", "survey.surveys.publish", "scoring.rebuilds.create", "scoring.deadletters.replay",
			"segmentation.lightpolicy.update", "segmentation.segments.create", "segmentation.caserules.update", "segmentation.contacts.merge", "segmentation.imports.create",
			"segmentation.deadletters.replay"} {
			if slices.Contains(got, p) {
				t.Errorf("%v may %s", held, p)
			}
		}
		if !slices.Contains(got, "scoring.scores.query") {
			t.Errorf("%v may not look at scores", held)
		}
	}
	for _, conflict := range [][]string{{"target_owner", "admin"}, {"target_owner", "definition_editor"}} {
		if err := r.checkKeys([]authn.Key{{ID: "k", Roles: conflict}}); err == nil {
			t.Errorf("a key may have the roles %v", conflict)
		}
	}
}

func TestWhoSeesWhoAnswered(t *testing.T) {
	r := mustRoles(t, nil)
	for role, want := range map[string]bool{
		"manager": true, "target_owner": true, "admin": true, "analyst": false, "viewer": false, "staff": false, "app": false, "auditor": false,
		"definition_editor": false,
	} {
		for _, p := range []string{personsView, contactsView} {
			if got := slices.Contains(r.Permissions([]string{role}), p); got != want {
				t.Errorf("%s holds %s: %v", role, p, got)
			}
		}
	}
}

func TestConfiguredRoles(t *testing.T) {
	r := mustRoles(t, map[string][]string{"kiosk": {"survey.responses.submit"}, "viewer": {"scoring.scores.query"}})
	if got := r.Permissions([]string{"kiosk"}); !slices.Equal(got, []string{"survey.responses.submit"}) {
		t.Errorf("kiosk: %v", got)
	}
	if got := r.Permissions([]string{"viewer"}); !slices.Equal(got, []string{"scoring.scores.query"}) {
		t.Errorf("viewer: %v", got)
	}
	if !r.Known("manager") || r.Known("boss") {
		t.Error("the built-in roles stay, and there are no others")
	}
	for name, configured := range map[string]map[string][]string{
		"malformed": {"kiosk": {"survey..x"}}, "service": {authn.RoleService: {"survey.*"}},
	} {
		if _, err := newRoles(configured); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := r.checkKeys([]authn.Key{{ID: "k", Roles: []string{"boss"}}}); err == nil || !strings.Contains(err.Error(), "kiosk") {
		t.Errorf("an unknown role: %v", err)
	}
}

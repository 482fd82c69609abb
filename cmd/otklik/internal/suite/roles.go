package suite

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"

	// Their permissions are those of the suite, whichever service runs in this process.
	_ "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	_ "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	_ "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	_ "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	_ "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	_ "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Permissions to see who answered and what they wrote, and who is behind a contact. They belong to no method: they widen what others return.
const (
	personsView  = "survey.persons.view"
	contactsView = "segmentation.persons.view"
	// reportsOutside is to have reports sent to addresses of nobody who logs in.
	reportsOutside = "reporting.addresses.send"
)

// builtInRoles are what the roles of the suite give. What follows `!` is taken away from the role, what follows `!!` from whoever holds it.
func builtInRoles() authz.Roles {
	viewer := []string{
		"survey.surveys.get", "survey.surveys.list", "survey.revisions.*", "scoring.scores.query", "scoring.definitions.get", "scoring.definitions.list",
		"access.caller.get", "access.sessions.*", "comment.texts.analyze", "comment.models.*", "comment.insights.query", "comment.aspects.get", "comment.aspects.list",
		"scoring.alerts.*", "scoring.alertrules.get", "scoring.alertrules.list", "segmentation.units.get", "segmentation.units.list", "segmentation.lights.*",
		"segmentation.lightpolicy.get", "segmentation.workorder.list", "segmentation.segments.get", "segmentation.segments.list", "segmentation.attributes.get",
		"segmentation.attributes.list", "segmentation.workcalendar.get", "segmentation.events.watch", "reporting.overview.get", "reporting.map.query",
		"reporting.reports.get", "reporting.reports.list", "reporting.reports.render", "reporting.kpis.get", "reporting.kpis.list",
	}
	// What whoever looks after cases sees of them and of those who are behind, without names.
	handler := []string{
		"segmentation.cases.get", "segmentation.cases.list", "segmentation.cases.history", "segmentation.contacts.get", "segmentation.contacts.list",
		"segmentation.timeline.list", "segmentation.interviews.get", "segmentation.interviews.list", "segmentation.interviews.guide", "segmentation.interviews.codes",
		"segmentation.calendar.query",
	}
	reader := with(viewer, "reporting.*", "!reporting.addresses.send", "!reporting.schedules.unsubscribe", "!reporting.sharedreports.*", "!reporting.events.*", "scoring.facts.stream", "scoring.moments.stream", "survey.responses.get", "survey.responses.list", "survey.refusals.get", "survey.refusals.list",
		"comment.comments.get", "comment.comments.list", "comment.corrections.*", "comment.register.get", "comment.register.list", "comment.testimonials.get",
		"comment.testimonials.list", "comment.reanalyses.get", "comment.reanalyses.list", "segmentation.caserules.get", "segmentation.caserules.list",
		"segmentation.segments.explain", "segmentation.segments.compare", "segmentation.segments.preview", "segmentation.segments.list_members",
		"segmentation.lightpolicy.preview", "segmentation.purchases.list", "segmentation.churns.list", "segmentation.turnovers.list", "segmentation.turnovers.query",
		"segmentation.retention.query", "segmentation.recoveries.list", "segmentation.recoveries.rate", "segmentation.recoveries.policy", "segmentation.imports.get",
		"segmentation.imports.list", "segmentation.digests.get", "segmentation.digests.list", "segmentation.digests.deliveries")
	reader = with(reader, handler...)
	manager := with(reader, personsView, "survey.consents.query", "survey.consents.record", "comment.originals.get", "comment.comments.correct", "comment.register.*",
		"comment.testimonials.*", "scoring.alertrules.*", "segmentation.*", "!segmentation.deadletters.*", "!segmentation.persons.erase", "!segmentation.persons.export",
		"!segmentation.events.stream", "!segmentation.regions.resolve", "!reporting.kpis.create", "!reporting.kpis.update")
	return authz.Roles{
		// Apps and pages, whose keys everybody can read.
		"app": {"survey.responses.submit", "survey.refusals.record", "survey.revisions.get", "access.caller.get", "reporting.experiments.assign"},
		// Who was invited by a one-time token.
		"respondent": {"survey.responses.submit", "survey.refusals.record", "survey.revisions.get", "access.caller.get"},
		"viewer":     viewer,
		// Who works on cases: names are withheld, as from viewers.
		"staff": with(with(viewer, handler...), "segmentation.cases.create", "segmentation.cases.claim", "segmentation.cases.note", "segmentation.cases.change",
			"segmentation.cases.move", "segmentation.cases.update", "segmentation.interviews.update", "segmentation.interviews.complete", "segmentation.calendar.feeds",
			"segmentation.calendar.create", "segmentation.calendar.delete"),
		"manager": manager,
		// Without personsView: who answered and what they wrote is withheld.
		"analyst": with(reader, "scoring.rebuilds.get", "scoring.rebuilds.list", "comment.comments.correct", "comment.aspects.*", "comment.register.*",
			"scoring.alertrules.*", "segmentation.segments.create", "segmentation.segments.update", "segmentation.segments.delete", "segmentation.interviews.write_codes",
			"!reporting.operations.upsert", "!reporting.operations.delete", "!reporting.benchmarks.upsert", "!reporting.benchmarks.delete",
			"!reporting.kpis.create", "!reporting.kpis.update", "!reporting.staff.query", "!reporting.shares.*"),
		// Who is measured by a target does not define how it is measured.
		"target_owner": with(manager, targetOwnerForbidden()...),
		"definition_editor": with(viewer, "survey.surveys.*", "scoring.definitions.*", "comment.aspects.*", "segmentation.lightpolicy.*",
			"segmentation.segments.create", "segmentation.segments.update", "segmentation.segments.delete", "segmentation.segments.preview", "segmentation.segments.compare",
			"segmentation.attributes.*", "segmentation.caserules.*", "segmentation.workcalendar.*", "reporting.kpis.*"),
		// The addresses of a calendar and of what ends a digest are keys of these.
		"calendar":         {"segmentation.calendar.export"},
		"digest_recipient": {"segmentation.digests.unsubscribe"},
		"report_recipient": {"reporting.schedules.unsubscribe"},
		// The secret of a link that shows a report to whoever has it.
		"report_reader": {"reporting.sharedreports.get"},
		// Everything but what the services do among themselves.
		"admin":           with([]string{"*"}, withoutServices()...),
		"auditor":         {"access.audit.list", "access.audit.verify", "access.caller.get", "access.sessions.*", "access.erasures.get", "access.erasures.list"},
		authn.RoleService: {"*"},
	}
}

// targetOwnerForbidden is what nobody may do who owns targets, whatever other roles give and whatever the configuration says.
func targetOwnerForbidden() []string {
	return []string{
		"!!survey.surveys.create", "!!survey.surveys.update", "!!survey.surveys.publish", "!!survey.surveys.close", "!!survey.surveys.archive",
		"!!survey.surveys.delete", "!!scoring.definitions.create", "!!scoring.definitions.update", "!!scoring.definitions.delete",
		"!!scoring.rebuilds.create", "!!scoring.deadletters.*", "!!survey.responses.exclude", "!!comment.comments.correct", "!!comment.aspects.create",
		"!!comment.aspects.update", "!!comment.aspects.delete", "!!comment.reanalyses.create", "!!comment.deadletters.*", "!!scoring.alertrules.create",
		"!!scoring.alertrules.update", "!!scoring.alertrules.delete", "!!scoring.alertrules.silence", "!!segmentation.lightpolicy.update",
		"!!segmentation.segments.create", "!!segmentation.segments.update", "!!segmentation.segments.delete", "!!segmentation.attributes.create",
		"!!segmentation.attributes.update", "!!segmentation.attributes.delete", "!!segmentation.caserules.create", "!!segmentation.caserules.update",
		"!!segmentation.caserules.delete", "!!segmentation.workcalendar.update", "!!segmentation.recoveries.write_policy", "!!segmentation.contacts.merge",
		"!!segmentation.contacts.split", "!!segmentation.purchases.upsert", "!!segmentation.purchases.delete", "!!segmentation.churns.upsert",
		"!!segmentation.churns.delete", "!!segmentation.turnovers.upsert", "!!segmentation.turnovers.delete", "!!segmentation.imports.create",
		"!!segmentation.deadletters.*", "!!reporting.kpis.create", "!!reporting.kpis.update", "!!reporting.operations.upsert", "!!reporting.operations.delete",
		"!!reporting.benchmarks.upsert", "!!reporting.benchmarks.delete",
	}
}

// withoutServices takes away what the services do among themselves: there nobody looks at whose data it is.
func withoutServices() []string {
	return []string{
		"!survey.events.*", "!survey.persons.erase", "!survey.persons.export", "!scoring.persons.*", "!access.credentials.*", "!access.vault.*",
		"!access.audit.append", "!comment.events.*", "!comment.persons.*", "!scoring.events.*", "!reporting.events.*", "!segmentation.events.stream", "!segmentation.persons.erase",
		"!segmentation.persons.export", "!segmentation.regions.resolve",
	}
}

func with(patterns []string, more ...string) []string { return append(slices.Clone(patterns), more...) }

// roles knows the roles of this installation, and all permissions of the suite.
type roles struct {
	grants      authz.Roles
	permissions []string
}

// newRoles completes the roles of the configuration by those that are built in. A role of the configuration replaces the built-in one of its name,
// but for what that one forbids. None gives what the services do among themselves, whatever its patterns.
func newRoles(configured map[string][]string) (*roles, error) {
	grants := builtInRoles()
	for name, patterns := range configured {
		if name == authn.RoleService {
			return nil, fmt.Errorf("check auth.roles: the services of the suite need all that the role %s gives", name)
		}
		kept := slices.DeleteFunc(slices.Clone(grants[name]), func(p string) bool { return !strings.HasPrefix(p, "!!") })
		grants[name] = with(with(patterns, kept...), withoutServices()...)
	}
	if err := grants.Validate(); err != nil {
		return nil, fmt.Errorf("check auth.roles: %w", err)
	}
	permissions, err := allPermissions()
	if err != nil {
		return nil, err
	}
	return &roles{grants: grants, permissions: permissions}, nil
}

// allPermissions lists the permissions of all services of the suite, in order.
func allPermissions() ([]string, error) {
	found := map[string]bool{personsView: true, contactsView: true, reportsOutside: true}
	var errs []error
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "otklik.") {
			return true
		}
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				rule, err := authz.ReadRule(methods.Get(j))
				if err != nil {
					errs = append(errs, fmt.Errorf("read the rule of %s: %w", methods.Get(j).FullName(), err))
				}
				found[rule.Permission] = true
			}
		}
		return true
	})
	return slices.Sorted(maps.Keys(found)), errors.Join(errs...)
}

// Known tells whether there is such a role.
func (r *roles) Known(role string) bool {
	_, ok := r.grants[role]
	return ok
}

// Permissions lists what the roles give together, of all services, in order.
func (r *roles) Permissions(held []string) []string {
	caller := authn.Principal{Roles: held}
	return slices.DeleteFunc(slices.Clone(r.permissions), func(p string) bool { return !r.grants.Holds(caller, p) })
}

// checkKeys says which static key has a role that there is not, or roles that nobody has together.
func (r *roles) checkKeys(keys []authn.Key) error {
	known := strings.Join(slices.Sorted(maps.Keys(r.grants)), ", ")
	var errs []error
	for _, k := range keys {
		for _, role := range k.Roles {
			if !r.Known(role) {
				errs = append(errs, fmt.Errorf("check key %q: there is no role %q; the roles are %s", k.ID, role, known))
			}
		}
		if slices.Contains(k.Roles, "target_owner") && (slices.Contains(k.Roles, "definition_editor") || slices.Contains(k.Roles, "admin")) {
			errs = append(errs, fmt.Errorf("check key %q: nobody has the role target_owner together with definition_editor or admin", k.ID))
		}
	}
	return errors.Join(errs...)
}

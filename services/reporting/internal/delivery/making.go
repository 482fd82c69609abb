package delivery

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/schedule"
)

// making makes reports, those of one run for the same principal once: addresses of nobody who logs in all get what the owner may see.
type making struct {
	deliverer *Deliverer
	last      made
}

// made are the files of a run that were made last, and for whom.
type made struct {
	organization, schedule, run, principal string
	// outside tells that they may go to addresses of nobody who logs in.
	outside bool
	files   []report.Rendered
	// as is the context of calls on behalf of the principal.
	as context.Context //nolint:containedctx // of what was made by it, as long as that is remembered
}

// of are the files of a run for a recipient. Errors: ErrGone, *RefusedError; others pass away.
func (m *making) of(ctx context.Context, s schedule.Schedule, run schedule.Run, recipient schedule.Recipient) (made, error) {
	principal, permissions := s.Owner, []string{PermissionRender}
	if recipient.Member != "" {
		principal = recipient.Member
	} else if recipient.Key != "" {
		permissions = append(permissions, PermissionAddresses)
	}
	key := made{organization: s.Organization, schedule: s.ID, run: run.ID, principal: principal, outside: recipient.Member == "" && recipient.Key != ""}
	if last := m.last; last.organization == key.organization && last.schedule == key.schedule && last.run == key.run && last.principal == key.principal && last.outside == key.outside {
		return last, nil
	}
	as, rights, err := m.deliverer.Behalf(ctx, s.Organization, principal, nameOf(s))
	if err != nil {
		return made{}, err
	}
	for _, p := range permissions {
		if !rights.May(p) {
			return made{}, &RefusedError{Permanent: true, Reason: "the one for whom it would be made does not have the permission " + p}
		}
	}
	zone, err := time.LoadLocation(s.Recurrence.Zone)
	if err != nil {
		return made{}, &RefusedError{Permanent: true, Reason: "the time zone of the schedule is not known"}
	}
	key.as = as
	formats := s.Formats
	if s.Way == schedule.ByLink {
		// Its readers take the others away where they want them.
		formats = formats[:1]
	}
	for _, format := range formats {
		file, err := m.deliverer.Renderer.Render(as, report.Request{
			Report: s.Report, Language: s.Language, Format: format, At: run.Time, Zone: zone, AsOf: run.BeginTime,
			Slice: report.Slice{Survey: s.Survey, Subject: s.Subject, Filter: s.Filter},
		})
		if err != nil {
			return made{}, err
		}
		key.files = append(key.files, file)
	}
	m.last = key
	return key, nil
}

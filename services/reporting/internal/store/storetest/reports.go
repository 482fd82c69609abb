package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

// reportCases are about definitions of reports, and what reports were made of.
func reportCases() []testCase {
	return []testCase{
		{"ReportVersions", reportVersions}, {"ReportsAreListed", reportsAreListed}, {"ReportDeleted", reportDeleted}, {"Renditions", renditions},
	}
}

// versionOf is a version of a report.
func versionOf(id, name string, version int) report.Definition {
	c := report.Content{DisplayName: name, Kind: report.ClosedLoop}
	c.Complete()
	return report.Definition{ID: id, Content: c, Version: version, Author: "members/m1", Time: noon}
}

func reportVersions(t *testing.T, open Open) {
	ctx, s := t.Context(), opened(t, open)
	equal(t, "first version", create(t, s, versionOf("w", "first", 0)), 1)
	_, err := s.CreateReport(ctx, acme, versionOf("w", "again", 0))
	want(t, "create again", err, store.ErrExists)
	want(t, "update what another has", s.UpdateReport(ctx, other, versionOf("w", "second", 2)), store.ErrNotFound)
	must(t, "update", s.UpdateReport(ctx, acme, versionOf("w", "second", 2)))
	want(t, "update what changed", s.UpdateReport(ctx, acme, versionOf("w", "other second", 2)), store.ErrChanged)
	must(t, "update", s.UpdateReport(ctx, acme, versionOf("w", "third", 3)))

	newest, err := s.Report(ctx, acme, "w", 0)
	equal(t, "newest", got(t, newest, err), versionOf("w", "third", 3))
	first, err := s.Report(ctx, acme, "w", 1)
	equal(t, "first", got(t, first, err), versionOf("w", "first", 1))
	for _, c := range []struct {
		organization, id string
		version          int
	}{{acme, "w", 4}, {acme, "x", 0}, {other, "w", 1}} {
		_, err := s.Report(ctx, c.organization, c.id, c.version)
		want(t, fmt.Sprint("read ", c), err, store.ErrNotFound)
	}
	versions, err := s.ReportVersions(ctx, acme, "w", 0, 2)
	equal(t, "versions", got(t, versions, err), []report.Definition{versionOf("w", "third", 3), versionOf("w", "second", 2)})
	versions, err = s.ReportVersions(ctx, acme, "w", 2, 2)
	equal(t, "versions before", got(t, versions, err), []report.Definition{versionOf("w", "first", 1)})
	_, err = s.ReportVersions(ctx, other, "w", 0, 2)
	want(t, "versions of another", err, store.ErrNotFound)
}

// create stores a report of acme and returns its version.
func create(t *testing.T, s store.Store, d report.Definition) int {
	t.Helper()
	version, err := s.CreateReport(t.Context(), acme, d)
	return got(t, version, err)
}

func reportsAreListed(t *testing.T, open Open) {
	ctx, s := t.Context(), opened(t, open)
	for _, id := range []string{"c", "a", "b"} {
		create(t, s, versionOf(id, id, 0))
	}
	must(t, "update", s.UpdateReport(ctx, acme, versionOf("b", "new", 2)))
	list, err := s.ListReports(ctx, acme, "", 2)
	equal(t, "first page", got(t, list, err), []report.Definition{versionOf("a", "a", 1), versionOf("b", "new", 2)})
	list, err = s.ListReports(ctx, acme, "b", 2)
	equal(t, "second page", got(t, list, err), []report.Definition{versionOf("c", "c", 1)})
	list, err = s.ListReports(ctx, other, "", 2)
	equal(t, "those of another", got(t, list, err), nil)
}

func reportDeleted(t *testing.T, open Open) {
	ctx, s := t.Context(), opened(t, open)
	create(t, s, versionOf("w", "first", 0))
	must(t, "update", s.UpdateReport(ctx, acme, versionOf("w", "second", 2)))
	want(t, "delete what changed", s.DeleteReport(ctx, acme, "w", 1), store.ErrChanged)
	want(t, "delete what another has", s.DeleteReport(ctx, other, "w", 0), store.ErrNotFound)
	must(t, "delete", s.DeleteReport(ctx, acme, "w", 2))
	want(t, "delete again", s.DeleteReport(ctx, acme, "w", 0), store.ErrNotFound)
	_, err := s.Report(ctx, acme, "w", 1)
	want(t, "read a version", err, store.ErrNotFound)
	// A version never says two things, not even of a report that was deleted between.
	equal(t, "version made anew", create(t, s, versionOf("w", "anew", 0)), 3)
	must(t, "delete any version", s.DeleteReport(ctx, acme, "w", 0))
}

func renditions(t *testing.T, open Open) {
	ctx, s := t.Context(), opened(t, open)
	made := func(survey string, at time.Time) report.Rendition {
		r := report.Rendition{Report: "w", Version: 1, Content: versionOf("w", "", 1).Content, Survey: survey, Start: noon, Watermark: noon, Time: at, Sections: []report.Print{{ID: "cases", Digest: "d"}}}
		must(t, "seal", r.Seal())
		return r
	}
	first, second := made("surveys/a", noon), made("surveys/b", noon.Add(time.Hour))
	must(t, "put", s.PutRendition(ctx, acme, first))
	must(t, "put", s.PutRendition(ctx, acme, second))
	later := first
	later.Time = noon.Add(time.Minute)
	must(t, "put again", s.PutRendition(ctx, acme, later))
	r, err := s.Rendition(ctx, acme, first.Fingerprint)
	equal(t, "the first", got(t, r, err), first)
	_, err = s.Rendition(ctx, other, first.Fingerprint)
	want(t, "that of another", err, store.ErrNotFound)
	n, err := s.ForgetRenditions(ctx, noon.Add(time.Second), 10)
	equal(t, "forgotten", got(t, n, err), 1)
	_, err = s.Rendition(ctx, acme, first.Fingerprint)
	want(t, "what was forgotten", err, store.ErrNotFound)
	r, err = s.Rendition(ctx, acme, second.Fingerprint)
	equal(t, "the second", got(t, r, err), second)
}

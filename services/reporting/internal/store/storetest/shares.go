package storetest

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/share"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

// shareCases are about links.
func shareCases() []testCase {
	return []testCase{{"SharesAreKept", sharesAreKept}, {"SharesAreListed", sharesAreListed}, {"SharesAreViewed", sharesAreViewed}, {"SharesEnd", sharesEnd}, {"SharesAreMailed", sharesAreMailed}}
}

// aShare is a link made some hours after noon.
func aShare(id, creator string, hours int) share.Share {
	made := noon.Add(time.Duration(hours) * time.Hour)
	return share.Share{
		Organization: acme, ID: id, DisplayName: "For the board", Key: "apiKeys/" + id, Hint: "x7Qa", Creator: creator, Behalf: "members/b", Schedule: "reportSchedules/s", Recipient: "apiKeys/r",
		Report: "reports/executive-summary", Survey: "surveys/s", Subject: "locations/osh", Filter: `channel = "app"`, Language: "ky", Start: noon.AddDate(0, -1, 0), End: noon,
		Formats: []report.Format{report.PDF, report.XLSX}, CreateTime: made, ExpireTime: made.Add(24 * time.Hour),
	}
}

func sharesAreKept(t *testing.T, open Open) {
	s := open(t)
	one := aShare("one", "members/a", 0)
	must(t, "create", s.CreateShare(t.Context(), one, 2))
	want(t, "create again", s.CreateShare(t.Context(), one, 2), store.ErrExists)
	must(t, "create another", s.CreateShare(t.Context(), aShare("two", "members/a", 1), 2))
	want(t, "create too many", s.CreateShare(t.Context(), aShare("three", "members/a", 2), 2), store.ErrTooMany)
	must(t, "close", s.Close())
	s = opened(t, open)
	equal(t, "link", theShare(t, s), one)
	found, err := s.ShareOf(t.Context(), acme, "apiKeys/one")
	equal(t, "link of its credential", got(t, found, err), one)
	for _, at := range [][2]string{{acme, "none"}, {acme, "three"}, {other, "one"}} {
		_, err := s.GetShare(t.Context(), at[0], at[1])
		want(t, "get "+at[0]+" "+at[1], err, store.ErrNotFound)
		_, err = s.ShareOf(t.Context(), at[0], "apiKeys/"+at[1])
		want(t, "get by credential "+at[0]+" "+at[1], err, store.ErrNotFound)
	}
	must(t, "delete another's", s.DeleteShare(t.Context(), other, "one"))
	equal(t, "link after another organisation deleted it", theShare(t, s).ID, "one")
	must(t, "delete", s.DeleteShare(t.Context(), acme, "one"))
	must(t, "delete again", s.DeleteShare(t.Context(), acme, "one"))
	_, err = s.ShareOf(t.Context(), acme, "apiKeys/one")
	want(t, "get the deleted", err, store.ErrNotFound)
}

// theShare is the link "one".
func theShare(t *testing.T, s store.Store) share.Share {
	t.Helper()
	out, err := s.GetShare(t.Context(), acme, "one")
	return got(t, out, err)
}

// listedShares are the identifiers of a page of links, endedShares those of links whose time is over.
func listedShares(t *testing.T, s store.Store, creator string, after store.ShareMark, limit int) []string {
	t.Helper()
	out, err := s.ListShares(t.Context(), acme, creator, after, limit)
	return idsOf(got(t, out, err))
}

func endedShares(t *testing.T, s store.Store, before time.Time, limit int) []string {
	t.Helper()
	out, err := s.EndedShares(t.Context(), before, limit)
	return idsOf(got(t, out, err))
}

// idsOf are the identifiers of links, in order.
func idsOf(list []share.Share) (out []string) {
	for _, s := range list {
		out = append(out, s.ID)
	}
	return out
}

func sharesAreListed(t *testing.T, open Open) {
	s := opened(t, open)
	for n, id := range []string{"a", "b", "c", "d"} {
		creator := "members/a"
		if id == "c" {
			creator = "members/c"
		}
		// Two of the same moment.
		must(t, "create", s.CreateShare(t.Context(), aShare(id, creator, n/2), 10))
	}
	elsewhere := aShare("e", "members/a", 9)
	elsewhere.Organization = other
	must(t, "create elsewhere", s.CreateShare(t.Context(), elsewhere, 10))
	equal(t, "all", listedShares(t, s, "", store.ShareMark{}, 10), []string{"d", "c", "b", "a"})
	equal(t, "of one", listedShares(t, s, "members/a", store.ShareMark{}, 10), []string{"d", "b", "a"})
	equal(t, "first page", listedShares(t, s, "", store.ShareMark{}, 1), []string{"d"})
	equal(t, "after it", listedShares(t, s, "", store.ShareMark{Create: noon.Add(time.Hour), ID: "d"}, 2), []string{"c", "b"})
}

func sharesAreViewed(t *testing.T, open Open) {
	s := opened(t, open)
	must(t, "create", s.CreateShare(t.Context(), aShare("one", "members/a", 0), 10))
	must(t, "view", s.NoteView(t.Context(), acme, "one", noon.Add(2*time.Hour)))
	must(t, "view noted late", s.NoteView(t.Context(), acme, "one", noon.Add(time.Hour)))
	must(t, "view of none", s.NoteView(t.Context(), acme, "none", noon))
	must(t, "view elsewhere", s.NoteView(t.Context(), other, "one", noon.Add(9*time.Hour)))
	is := theShare(t, s)
	equal(t, "views", is.Views, 2)
	equal(t, "time of the last view", is.ViewTime, noon.Add(2*time.Hour))
}

func sharesEnd(t *testing.T, open Open) {
	s := opened(t, open)
	for n, id := range []string{"late", "early"} {
		must(t, "create", s.CreateShare(t.Context(), aShare(id, "members/a", -n), 10))
	}
	elsewhere := aShare("far", "members/a", -2)
	elsewhere.Organization = other
	must(t, "create elsewhere", s.CreateShare(t.Context(), elsewhere, 10))
	equal(t, "none over", endedShares(t, s, noon.Add(22*time.Hour), 10), nil)
	equal(t, "over", endedShares(t, s, noon.Add(24*time.Hour), 10), []string{"far", "early"})
	equal(t, "over, one", endedShares(t, s, noon.Add(48*time.Hour), 1), []string{"far"})
}

func sharesAreMailed(t *testing.T, open Open) {
	s := opened(t, open)
	for n, id := range []string{"b", "a", "made", "another"} {
		one := aShare(id, "members/a", n)
		switch id {
		case "made":
			one.Recipient = ""
		case "another":
			one.Recipient = "apiKeys/q"
		}
		must(t, "create", s.CreateShare(t.Context(), one, 10))
	}
	elsewhere := aShare("far", "members/a", 9)
	elsewhere.Organization = other
	must(t, "create elsewhere", s.CreateShare(t.Context(), elsewhere, 10))
	for recipient, links := range map[string][]string{"apiKeys/r": {"a", "b"}, "apiKeys/q": {"another"}, "apiKeys/none": nil, "": nil} {
		out, err := s.MailedShares(t.Context(), acme, recipient)
		equal(t, "links mailed to "+recipient, idsOf(got(t, out, err)), links)
	}
}

package storetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// unitCases are about what callers see who are restricted to units.
func unitCases() []testCase {
	return []testCase{{"ContactsOfUnits", contactsOfUnits}, {"ContactsOfManyUnits", contactsOfManyUnits}, {"UnitsOfUnits", unitsOfUnits}, {"LightsOfUnits", lightsOfUnits},
		{"InsideRegions", insideRegions}, {"UnitsOfChains", unitsOfChains}}
}

// answeredAt has a contact that is known by its name answer somewhere.
func answeredAt(a *answering, response, contact string, at store.Place) {
	change := lightAnswer(acme, response, 0, at.Company, noon, 9)
	change.Person, change.Row.Location, change.Row.Region, change.Row.Employee = personOf(contact), at.Location, at.Region, at.Employee
	a.apply(change)
}

// seenBy are the contacts that a caller sees, page by page and one by one, those that are its own marked.
func seenBy(t testing.TB, s store.Store, units store.Units, all []string) []string {
	t.Helper()
	one, err := s.SeeContacts(t.Context(), acme, units, all)
	must(t, "see", err)
	var listed, out []string
	for q := (store.ContactQuery{Organization: acme, Units: units, Limit: 2}); ; {
		page, more, err := s.ListContacts(t.Context(), q)
		must(t, "list", err)
		if more && len(page) < q.Limit {
			t.Errorf("a page of %d is not the last one", len(page))
		}
		for _, c := range page {
			listed = append(listed, c.ID)
			q.After = c.ID
		}
		if !more {
			break
		}
	}
	merged := func(id string) bool { return one[id].MergedInto != "" }
	equal(t, "listed", listed, slices.DeleteFunc(slices.Sorted(maps.Keys(one)), merged))
	for _, id := range slices.Sorted(maps.Keys(one)) {
		if one[id].Own {
			id += " own"
		}
		out = append(out, id)
	}
	return out
}

func contactsOfUnits(t *testing.T, open Open) {
	s := opened(t, open)
	a := &answering{t: t, s: s, now: noon}
	put(t, s, region("south", ""), unit(attribute.Location, "osh", directory.Ref{Kind: attribute.Region, ID: "south"}), unit(attribute.Location, "talas", directory.Ref{}),
		unit(attribute.Company, "firm", directory.Ref{}))
	putContacts(t, s, contact("local", "", "osh"), contact("staff-of-firm", "firm", ""), contact("guest", "", "talas"), contact("stranger", "", "talas"),
		contact("troubled", "", ""), contact("rated", "", ""), contact("merged", "", "osh"))
	all := []string{"local", "staff-of-firm", "guest", "stranger", "troubled", "rated", "merged", "none"}
	answeredAt(a, "r1", "guest", store.Place{Location: "osh"})
	answeredAt(a, "r2", "guest", store.Place{Location: "talas"})
	answeredAt(a, "r3", "rated", store.Place{Employee: "ann"})
	answeredAt(a, "r4", "stranger", store.Place{Region: "north", Company: "other"})
	openCase(t, s, aCase(acme, "delivery", func(c *cases.Case) {
		c.About = cases.About{Contact: "troubled", Location: "osh"}
	}))
	_, err := s.MergeContacts(t.Context(), acme, move("merged", "local"))
	must(t, "merge", err)
	for _, c := range []struct {
		units store.Units
		want  []string
	}{
		{store.Units{"location": {"osh"}}, []string{"guest", "local own", "merged own", "troubled"}},
		{store.Units{"region": {"south"}}, []string{"guest", "local own", "merged own", "troubled"}},
		{store.Units{"region": {"north"}}, []string{"stranger"}},
		{store.Units{"company": {"firm", "other"}}, []string{"staff-of-firm own", "stranger"}},
		{store.Units{"company": {"firm"}, "location": {"talas"}}, []string{"guest own", "staff-of-firm own", "stranger own"}},
		{store.Units{"location": {"none"}}, nil},
		// Who rated an employee is nothing for the employee to know.
		{store.Units{"employee": {"ann"}}, nil},
	} {
		equal(t, fmt.Sprint("seen by ", c.units), seenBy(t, s, c.units, all), c.want)
	}
	equal(t, "seen by all", len(seenBy(t, s, nil, all)), 7)
	of, _, err := s.ListContacts(t.Context(), store.ContactQuery{Organization: acme, Company: "firm", Units: store.Units{"location": {"osh"}}, Limit: 5})
	equal(t, "of a company, before", len(got(t, of, err)), 0)
	answeredAt(a, "r5", "staff-of-firm", store.Place{Location: "osh"})
	of, _, err = s.ListContacts(t.Context(), store.ContactQuery{Organization: acme, Company: "firm", Units: store.Units{"location": {"osh"}}, Limit: 5})
	equal(t, "of a company", got(t, of, err)[0].ID, "staff-of-firm")
	now, err := s.StandingContact(t.Context(), acme, store.Units{"location": {"osh"}}, "merged")
	equal(t, "stands for the merged one", fmt.Sprint(got(t, now, err).ID, now.Own), "localtrue")
	now, err = s.StandingContact(t.Context(), acme, store.Units{"location": {"osh"}}, "guest")
	equal(t, "of others", got(t, now, err).Own, false)
	_, err = s.StandingContact(t.Context(), acme, nil, "none")
	want(t, "find nobody", err, store.ErrNotFound)
	seen, err := s.SeeContacts(t.Context(), other, store.Units{"location": {"osh"}}, all)
	equal(t, "seen elsewhere", len(got(t, seen, err)), 0)

	// Who has nothing here any more is not seen any more.
	a.apply(lightRemoval(acme, "r1", ""))
	equal(t, "after the answer went", seenBy(t, s, store.Units{"location": {"osh"}}, all), []string{"local own", "merged own", "staff-of-firm", "troubled"})
}

// Units of any number are looked for, some at a time, and what is found in several is there once.
func contactsOfManyUnits(t *testing.T, open Open) {
	s := opened(t, open)
	a := &answering{t: t, s: s, now: noon}
	var shops, everybody []string
	for i := range 40 {
		shop, who := fmt.Sprintf("shop-%02d", i), fmt.Sprintf("c-%02d", 39-i)
		shops, everybody = append(shops, shop), append(everybody, who)
		putContacts(t, s, contact(who, "", ""))
		answeredAt(a, "a-"+who, who, store.Place{Location: shop})
		answeredAt(a, "b-"+who, who, store.Place{Location: "shop-00"})
	}
	slices.Sort(everybody)
	equal(t, "seen", seenBy(t, s, store.Units{"location": shops}, everybody), everybody)
	equal(t, "seen of one", seenBy(t, s, store.Units{"location": shops[3:4]}, everybody), []string{"c-36"})
}

func unitsOfUnits(t *testing.T, open Open) {
	s := opened(t, open)
	south := directory.Ref{Kind: attribute.Region, ID: "south"}
	put(t, s, region("kyrgyzstan", ""), region("south", "kyrgyzstan"), unit(attribute.Location, "osh", south), unit(attribute.Location, "talas", directory.Ref{}),
		unit(attribute.Company, "firm", directory.Ref{}), unit(attribute.Employee, "ann", directory.Ref{Kind: attribute.Location, ID: "osh"}),
		unit(attribute.Employee, "bob", south), unit(attribute.Employee, "cleo", directory.Ref{}), unit(attribute.Touchpoint, "till", directory.Ref{}))
	every := []string{"company/firm", "location/osh", "location/talas", "region/kyrgyzstan", "region/south", "employee/ann", "employee/bob", "employee/cleo", "touchpoint/till"}
	kinds := []attribute.Kind{attribute.Company, attribute.Location, attribute.Region, attribute.Employee, attribute.Touchpoint}
	for _, c := range []struct {
		units store.Units
		want  []string
	}{
		{nil, every},
		{store.Units{"location": {"osh"}}, []string{"location/osh", "employee/ann", "touchpoint/till"}},
		{store.Units{"region": {"south"}}, []string{"location/osh", "region/south", "employee/ann", "employee/bob", "touchpoint/till"}},
		{store.Units{"region": {"kyrgyzstan"}}, []string{"location/osh", "region/kyrgyzstan", "region/south", "employee/ann", "employee/bob", "touchpoint/till"}},
		{store.Units{"company": {"firm"}, "employee": {"cleo"}}, []string{"company/firm", "employee/cleo", "touchpoint/till"}},
	} {
		var listed, seen []string
		for _, kind := range kinds {
			list, _, err := s.ListUnits(t.Context(), store.UnitQuery{Organization: acme, Kind: kind, Units: c.units, Limit: 9})
			for _, u := range got(t, list, err) {
				listed = append(listed, kind.String()+"/"+u.ID)
			}
		}
		for _, name := range every {
			kind, id, _ := strings.Cut(name, "/")
			at := slices.IndexFunc(kinds, func(k attribute.Kind) bool { return k.String() == kind })
			if u, err := s.SeeUnit(t.Context(), acme, c.units, directory.Ref{Kind: kinds[at], ID: id}); err == nil {
				seen = append(seen, kind+"/"+u.ID)
			} else {
				want(t, "see "+name, err, store.ErrNotFound)
			}
		}
		equal(t, fmt.Sprint("listed by ", c.units), listed, c.want)
		equal(t, fmt.Sprint("seen by ", c.units), seen, c.want)
	}
}

// What lies in regions is found at any depth, once, of one organisation.
func insideRegions(t *testing.T, open Open) {
	s := opened(t, open)
	in := func(id string) directory.Ref { return directory.Ref{Kind: attribute.Region, ID: id} }
	put(t, s, region("kyrgyzstan", ""), region("south", "kyrgyzstan"), region("alai", "south"), region("north", "kyrgyzstan"), unit(attribute.Location, "osh", in("south")),
		unit(attribute.Location, "gulcha", in("alai")), unit(attribute.Location, "talas", in("north")), unit(attribute.Location, "head", in("kyrgyzstan")),
		unit(attribute.Location, "kiosk", directory.Ref{}), unit(attribute.Employee, "ann", in("south")))
	for _, c := range []struct{ of, regions, locations []string }{
		{[]string{"kyrgyzstan"}, []string{"alai", "north", "south"}, []string{"gulcha", "head", "osh", "talas"}},
		{[]string{"south"}, []string{"alai"}, []string{"gulcha", "osh"}},
		{[]string{"south", "alai", "kyrgyzstan", "south"}, []string{"north"}, []string{"gulcha", "head", "osh", "talas"}},
		{[]string{"north", "alai"}, nil, []string{"gulcha", "talas"}},
		{[]string{"nowhere"}, nil, nil},
		{nil, nil, nil},
	} {
		regions, locations, err := s.Inside(t.Context(), acme, c.of)
		must(t, "look inside", err)
		equal(t, fmt.Sprint("regions in ", c.of), regions, c.regions)
		equal(t, fmt.Sprint("locations in ", c.of), locations, c.locations)
	}
	_, locations, err := s.Inside(t.Context(), other, []string{"kyrgyzstan"})
	equal(t, "elsewhere", got(t, locations, err), nil)
	reach, err := s.Reach(t.Context(), acme, store.Units{"region": {"south"}, "location": {"kiosk", "osh"}, "company": {"firm"}})
	equal(t, "reach", got(t, reach, err)["location"], []string{"gulcha", "kiosk", "osh"})
	equal(t, "reach of regions", reach["region"], []string{"alai", "south"})
	equal(t, "reach of companies", reach["company"], []string{"firm"})

	// A location that moves is followed.
	put(t, s, unit(attribute.Location, "gulcha", in("north")))
	_, locations, err = s.Inside(t.Context(), acme, []string{"south"})
	equal(t, "after a move", got(t, locations, err), []string{"osh"})
}

// A statement has no more parameters than it may, whatever number of locations a caller has.
func unitsOfChains(t *testing.T, open Open) {
	s := opened(t, open)
	shops := make([]string, 20_000)
	for i := range shops {
		shops[i] = fmt.Sprintf("shop-%05d", i)
	}
	a := &answering{t: t, s: s, now: noon}
	put(t, s, unit(attribute.Company, "firm", directory.Ref{}))
	putContacts(t, s, contact("local", "firm", ""), contact("stranger", "firm", ""))
	answeredAt(a, "r1", "local", store.Place{Location: shops[19_999]})
	answeredAt(a, "r2", "stranger", store.Place{Location: "kiosk"})
	units := store.Units{"location": shops, "region": {"north"}}
	of, _, err := s.ListContacts(t.Context(), store.ContactQuery{Organization: acme, Company: "firm", Units: units, Limit: 5})
	equal(t, "of a company", len(got(t, of, err)), 1)
	seen, err := s.SeeContacts(t.Context(), acme, units, []string{"local", "stranger"})
	equal(t, "seen", slices.Collect(maps.Keys(got(t, seen, err))), []string{"local"})
}

// lightsSeenBy are the contacts whose lights a caller sees, in order, page by page and one by one.
func lightsSeenBy(t testing.TB, s store.Store, units store.Units, all []string) (out []string) {
	t.Helper()
	for q := (store.LightQuery{Organization: acme, Kind: light.Contact, Units: units, Limit: 2}); ; {
		page, more, err := s.ListLights(t.Context(), q)
		must(t, "list", err)
		for _, l := range page {
			out = append(out, l.Unit.ID)
			key := l.Key()
			q.After = &key
		}
		if !more {
			break
		}
	}
	counts, err := s.CountLightColours(t.Context(), store.LightQuery{Organization: acme, Kind: light.Contact, Units: units})
	must(t, "count", err)
	counted, single := 0, []string(nil)
	for _, n := range counts {
		counted += int(n)
	}
	for _, id := range all {
		if _, err := s.GetLight(t.Context(), acme, units, light.Unit{Kind: light.Contact, ID: id}); err == nil {
			single = append(single, id)
		} else {
			want(t, "get "+id, err, store.ErrNotFound)
		}
	}
	equal(t, "counted", counted, len(out))
	equal(t, "one by one", single, slices.Sorted(slices.Values(out)))
	return out
}

// A light tells what was said in all units together: it belongs to those whom the contact belongs to, or who see all that it rests on.
func lightsOfUnits(t *testing.T, open Open) {
	s := opened(t, open)
	a := &answering{t: t, s: s, now: noon}
	put(t, s, region("south", ""), unit(attribute.Location, "osh", directory.Ref{Kind: attribute.Region, ID: "south"}), unit(attribute.Location, "talas", directory.Ref{}))
	all := []string{"both", "guest", "local", "merged", "nowhere", "visitor"}
	putContacts(t, s, contact("local", "", "osh"), contact("guest", "", ""), contact("both", "", ""), contact("nowhere", "", ""), contact("visitor", "", ""), contact("merged", "", ""))
	says := func(response, contact, location, region string, score float64) {
		change := lightAnswer(acme, response, 0, "", noon, score)
		change.Person, change.Row.Location, change.Row.Region = personOf(contact), location, region
		a.apply(change)
	}
	says("1", "local", "talas", "north", 2)
	says("2", "guest", "osh", "", 1)
	says("3", "both", "osh", "", 3)
	says("4", "both", "talas", "north", 3)
	says("5", "nowhere", "osh", "", 9)
	says("6", "nowhere", "", "", 9)
	says("7", "visitor", "talas", "north", 4)
	says("8", "visitor", "naryn", "north", 4)
	says("9", "merged", "osh", "", 9)
	osh, south, north := store.Units{"location": {"osh"}}, store.Units{"region": {"south"}}, store.Units{"region": {"north"}}
	equal(t, "of Osh", lightsSeenBy(t, s, osh, all), []string{"guest", "local", "merged"})
	equal(t, "of the south", lightsSeenBy(t, s, south, all), []string{"guest", "local", "merged"})
	equal(t, "of the north", lightsSeenBy(t, s, north, all), []string{"visitor"})
	equal(t, "of Osh and the north", lightsSeenBy(t, s, store.Units{"location": {"osh"}, "region": {"north"}}, all), []string{"guest", "local", "visitor", "merged"})
	equal(t, "of many", lightsSeenBy(t, s, store.Units{"location": slices.Repeat([]string{"osh"}, 30)}, all), []string{"guest", "local", "merged"})
	equal(t, "of nobody", lightsSeenBy(t, s, store.Units{"employee": {"ann"}}, all), nil)

	// What was said elsewhere takes a light away, what goes brings it back, and the directory decides.
	says("10", "guest", "talas", "north", 1)
	equal(t, "said elsewhere", lightsSeenBy(t, s, osh, all), []string{"local", "merged"})
	a.apply(lightRemoval(acme, "10", ""), lightRemoval(acme, "6", ""))
	equal(t, "removed", lightsSeenBy(t, s, osh, all), []string{"guest", "local", "merged", "nowhere"})
	putContacts(t, s, contact("both", "", "osh"), contact("local", "", ""), contact("nowhere", "", "talas"))
	equal(t, "moved", lightsSeenBy(t, s, osh, all), []string{"guest", "both", "merged"})
	_, err := s.MergeContacts(t.Context(), acme, move("merged", "visitor"))
	must(t, "merge", err)
	equal(t, "merged", lightsSeenBy(t, s, osh, all), []string{"guest", "both"})
	must(t, "settle", s.SettleContacts(t.Context(), acme, noon))
	a.count()
	equal(t, "counted anew", lightsSeenBy(t, s, osh, all), []string{"guest", "both"})
	equal(t, "of the north, counted anew", lightsSeenBy(t, s, north, all), []string{"local"})
}

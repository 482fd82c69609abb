package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/interview"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// interviewCases are about interviews, guides and codes.
func interviewCases() []testCase {
	return []testCase{
		{"Interviews", interviewsAreKept}, {"InterviewsOneAContact", oneInterviewAContact}, {"InterviewsInOrder", interviewsInOrder}, {"InterviewsOfUnits", interviewsOfUnits},
		{"RedList", redListOpensOnce}, {"RedListOfMerged", redListGoesBack}, {"Guides", guidesAreKept}, {"CodeBook", codeBookIsChecked}, {"InterviewsOfPersons", interviewsArePersons},
	}
}

// task is an interview that is to be arranged.
func task(id, contact string) interview.Interview {
	i := interview.Interview{Organization: acme, ID: id, Contact: contact, Origin: interview.Manual}
	if err := i.Begin(noon); err != nil {
		panic(err)
	}
	return i
}

func interviewsAreKept(t *testing.T, open Open) {
	s := opened(t, open)
	score := 3.25
	i := task("a", "anna")
	i.Company, i.Region, i.Score, i.Stake, i.Codes, i.Person = "alpha", "north", &score, 10, []string{"price", "a_b"}, []byte("0123456789abcdef")
	i.Findings = []interview.Finding{{Survey: "s", Question: "q", Kind: interview.Weakness}}
	created, err := s.CreateInterview(t.Context(), i)
	must(t, "create", err)
	there, err := s.GetInterview(t.Context(), acme, nil, "a")
	equal(t, "interview", got(t, there, err), created)
	_, err = s.GetInterview(t.Context(), other, nil, "a")
	want(t, "another organisation's", err, store.ErrNotFound)
	there.State, there.Interviewer, there.ScheduleTime, there.Codes = interview.Scheduled, "members/b", noon.Add(time.Hour), []string{"axb"}
	changed, err := s.UpdateInterview(t.Context(), there)
	must(t, "update", err)
	equal(t, "version", changed.Version, 2)
	_, err = s.UpdateInterview(t.Context(), there)
	want(t, "update an old version", err, store.ErrChanged)
	there, err = s.GetInterview(t.Context(), acme, nil, "a")
	equal(t, "changed", got(t, there, err), changed)
	for code, n := range map[string]int{"axb": 1, "a_b": 0, "a": 0, "price": 0} {
		list, _, err := s.ListInterviews(t.Context(), store.InterviewQuery{Organization: acme, Code: code, Limit: 9})
		equal(t, "with "+code, len(got(t, list, err)), n)
	}
	scheduled, err := s.ScheduledInterviews(t.Context(), store.DateQuery{Organization: acme, From: noon, To: noon.Add(2 * time.Hour), Limit: 9})
	equal(t, "scheduled", got(t, scheduled, err), []interview.Interview{changed})
	scheduled, err = s.ScheduledInterviews(t.Context(), store.DateQuery{Organization: acme, From: noon, To: noon.Add(time.Hour), Limit: 9})
	equal(t, "before", len(got(t, scheduled, err)), 0)
	scheduled, err = s.ScheduledInterviews(t.Context(), store.DateQuery{Organization: acme, Owner: "nobody", From: noon, To: noon.Add(2 * time.Hour), Limit: 9})
	equal(t, "another's", len(got(t, scheduled, err)), 0)
}

func oneInterviewAContact(t *testing.T, open Open) {
	s := opened(t, open)
	first, err := s.CreateInterview(t.Context(), task("a", "anna"))
	must(t, "create", err)
	_, err = s.CreateInterview(t.Context(), task("a", "boris"))
	want(t, "the same identifier", err, store.ErrExists)
	_, err = s.CreateInterview(t.Context(), task("b", "anna"))
	want(t, "another of the contact", err, store.ErrInterviewed)
	first.State = interview.Cancelled
	first, err = s.UpdateInterview(t.Context(), first)
	must(t, "cancel", err)
	_, err = s.CreateInterview(t.Context(), task("b", "anna"))
	must(t, "another after that", err)
	first.State = interview.Open
	_, err = s.UpdateInterview(t.Context(), first)
	want(t, "open the first again", err, store.ErrInterviewed)
}

func interviewsInOrder(t *testing.T, open Open) {
	s := opened(t, open)
	low, high := 2.0, 4.0
	for n, c := range []struct {
		stake float64
		score *float64
	}{{0, nil}, {5, &high}, {5, &low}, {9, &high}} {
		i := task(fmt.Sprint("i", n), fmt.Sprint("c", n))
		i.Stake, i.Score = c.stake, c.score
		_, err := s.CreateInterview(t.Context(), i)
		must(t, "create", err)
	}
	var order []string
	for offset := 0; ; offset++ {
		list, more, err := s.ListInterviews(t.Context(), store.InterviewQuery{Organization: acme, States: []interview.State{interview.Open}, Offset: offset, Limit: 1})
		order = append(order, got(t, list, err)[0].ID)
		if !more {
			break
		}
	}
	equal(t, "order", order, []string{"i3", "i2", "i1", "i0"})
}

func interviewsOfUnits(t *testing.T, open Open) {
	s := opened(t, open)
	put(t, s, region("south", ""), unit(attribute.Location, "osh", directory.Ref{Kind: attribute.Region, ID: "south"}), unit(attribute.Location, "talas", directory.Ref{}))
	for id, at := range map[string]store.Place{"a": {Company: "alpha"}, "b": {Company: "beta"}, "c": {}, "o": {Location: "osh"}, "s": {Region: "south"}, "t": {Location: "talas"}} {
		i := task(id, "contact-"+id)
		i.Company, i.Location, i.Region, i.State, i.ScheduleTime = at.Company, at.Location, at.Region, interview.Scheduled, noon
		_, err := s.CreateInterview(t.Context(), i)
		must(t, "create", err)
	}
	all := []string{"a", "b", "c", "o", "s", "t"}
	for name, c := range map[string]struct {
		units store.Units
		seen  []string
	}{
		"all": {nil, all}, "a company": {store.Units{"company": {"alpha"}}, []string{"a"}}, "an employee": {store.Units{"employee": {"e"}}, nil},
		"a location": {store.Units{"location": {"osh"}}, []string{"o"}},
		// What says its location alone lies in the region where the directory has the location.
		"a region": {store.Units{"region": {"south"}}, []string{"o", "s"}},
	} {
		list, _, err := s.ListInterviews(t.Context(), store.InterviewQuery{Organization: acme, Units: c.units, Limit: 9})
		equal(t, "listed of "+name, interviewIDs(got(t, list, err)), c.seen)
		list, err = s.ScheduledInterviews(t.Context(), store.DateQuery{Organization: acme, Units: c.units, From: noon, To: noon.Add(time.Hour), Limit: 9})
		equal(t, "scheduled of "+name, interviewIDs(got(t, list, err)), c.seen)
		for _, id := range all {
			_, err := s.GetInterview(t.Context(), acme, c.units, id)
			if slices.Contains(c.seen, id) {
				must(t, "get", err)
			} else {
				want(t, id+" of "+name, err, store.ErrNotFound)
			}
		}
	}
}

func interviewIDs(list []interview.Interview) (out []string) {
	for _, i := range list {
		out = append(out, i.ID)
	}
	slices.Sort(out)
	return out
}

func redListOpensOnce(t *testing.T, open Open) {
	s := opened(t, open)
	putContacts(t, s, contact("anna", "", ""))
	red := store.LightTurn{Organization: acme, Contact: "anna", Company: "alpha", Red: true, Score: 2.5, Stake: 7, Position: 3, Time: noon}
	again := red
	again.Position = 4
	must(t, "apply", s.ApplyRedList(t.Context(), "interviews", 0, 4, []store.LightTurn{red, again}))
	want(t, "apply again", s.ApplyRedList(t.Context(), "interviews", 0, 4, []store.LightTurn{red}), store.ErrLost)
	must(t, "replay", s.ApplyRedList(t.Context(), "interviews", store.Unmoved, store.Unmoved, []store.LightTurn{red}))
	list := func() []interview.Interview {
		list, _, err := s.ListInterviews(t.Context(), store.InterviewQuery{Organization: acme, Limit: 9})
		return got(t, list, err)
	}
	tasks := list()
	if len(tasks) != 1 || tasks[0].Contact != "anna" || tasks[0].Origin != interview.RedList || tasks[0].Score == nil || *tasks[0].Score != 2.5 {
		t.Fatalf("tasks %+v", tasks)
	}
	green := red
	green.Red, green.Position = false, 5
	must(t, "apply", s.ApplyRedList(t.Context(), "interviews", 4, 5, []store.LightTurn{green}))
	equal(t, "state", list()[0].State, interview.Lapsed)
	red.Position = 6
	must(t, "apply", s.ApplyRedList(t.Context(), "interviews", 5, 6, []store.LightTurn{red}))
	for _, i := range list() {
		if i.State == interview.Open {
			i.State, i.Interviewer, i.ScheduleTime = interview.Scheduled, "members/b", noon
			_, err := s.UpdateInterview(t.Context(), i)
			must(t, "arrange", err)
		}
	}
	green.Position = 7
	must(t, "apply", s.ApplyRedList(t.Context(), "interviews", 6, 7, []store.LightTurn{green}))
	states := map[interview.State]int{}
	for _, i := range list() {
		states[i.State]++
	}
	equal(t, "what is arranged stays", states, map[interview.State]int{interview.Lapsed: 1, interview.Scheduled: 1})
}

// redListGoesBack: an interview that an answer opened goes with who answered, also when a merge is undone that was there before.
func redListGoesBack(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	anna, boris := contact("anna", "", ""), contact("boris", "", "")
	anna.Identities[0].Person, boris.Identities[0].Person = lightPerson(1), lightPerson(2)
	putContacts(t, s, anna, boris)
	m, err := s.MergeContacts(ctx, acme, move("boris", "anna"))
	must(t, "merge", err)
	a := &answering{t: t, s: s, now: noon}
	a.apply(lightAnswer(acme, "r1", 2, "", noon, 1, 1, 2))
	applyRedList(t, s)
	_, err = s.UndoMerge(ctx, acme, m.ID, move("anna", ""))
	must(t, "undo", err)
	for _, of := range []struct {
		contact string
		n       int
	}{{"anna", 0}, {"boris", 1}} {
		list, _, err := s.ListInterviews(ctx, store.InterviewQuery{Organization: acme, Contact: of.contact, Limit: 9})
		equal(t, "interviews with "+of.contact, len(got(t, list, err)), of.n)
	}
	told, _, err := s.OutboxEvents(ctx, acme, 0, 100)
	must(t, "read outbox", err)
	reds := map[string]int{}
	for _, e := range told {
		var body store.LightChange
		must(t, "decode", store.DecodeBody(e, &body))
		if body.Of == light.Contact.String() && body.Colour == light.Red.String() {
			reds[e.Contact]++
		}
	}
	if reds["anna"] > 0 || reds["boris"] == 0 {
		t.Errorf("told of red lights of %v, want boris's", reds)
	}
}

// applyRedList applies what was told of lights of contacts, as the follower does.
func applyRedList(t *testing.T, s store.Store) {
	t.Helper()
	events, _, err := s.OutboxEvents(t.Context(), acme, 0, 1000)
	must(t, "read outbox", err)
	var turns []store.LightTurn
	for _, e := range events {
		if e.Kind != store.LightChanged || e.Contact == "" {
			continue
		}
		var body store.LightChange
		must(t, "decode", store.DecodeBody(e, &body))
		turns = append(turns, store.LightTurn{
			Organization: e.Organization, Contact: body.Unit, Person: e.Person, Red: body.Colour == light.Red.String(), Score: body.Mean, Position: e.Position, Time: e.Time,
		})
	}
	must(t, "apply", s.ApplyRedList(t.Context(), "interviews", store.Unmoved, store.Unmoved, turns))
}

func guidesAreKept(t *testing.T, open Open) {
	s := opened(t, open)
	_, err := s.GetGuide(t.Context(), acme, "s")
	want(t, "no guide", err, store.ErrNotFound)
	g := interview.Guide{Organization: acme, Survey: "s", Questions: interview.BuiltIn().Questions, CreateTime: noon, UpdateTime: noon}
	g, err = s.PutGuide(t.Context(), g)
	must(t, "put", err)
	there, err := s.GetGuide(t.Context(), acme, "s")
	equal(t, "guide", got(t, there, err), g)
	g.Version = 0
	_, err = s.PutGuide(t.Context(), g)
	want(t, "put a new one", err, store.ErrChanged)
	g.Version = 1
	g, err = s.PutGuide(t.Context(), g)
	must(t, "put over it", err)
	equal(t, "version", g.Version, 2)
	_, err = s.GetGuide(t.Context(), other, "s")
	want(t, "another organisation's", err, store.ErrNotFound)
}

func codeBookIsChecked(t *testing.T, open Open) {
	s := opened(t, open)
	i := task("a", "anna")
	i.Codes = []string{"price"}
	_, err := s.CreateInterview(t.Context(), i)
	must(t, "create", err)
	refusal := errors.New("no")
	_, err = s.PutCodeBook(t.Context(), interview.Book{Organization: acme}, func(_ interview.Book, used map[string]bool) error {
		equal(t, "used", used, map[string]bool{"price": true})
		return refusal
	})
	want(t, "put what is refused", err, refusal)
	book, err := s.PutCodeBook(t.Context(), interview.Book{Organization: acme, Codes: []interview.Code{{ID: "price", Names: map[string]string{"en": "Price"}}}},
		func(interview.Book, map[string]bool) error { return nil })
	must(t, "put", err)
	there, err := s.GetCodeBook(t.Context(), acme)
	equal(t, "book", got(t, there, err), book)
}

func interviewsArePersons(t *testing.T, open Open) {
	s := opened(t, open)
	putContacts(t, s, contact("anna", "", ""))
	person := personOf("anna")
	i := task("a", "anna")
	i.Person = person
	_, err := s.CreateInterview(t.Context(), i)
	must(t, "create", err)
	records, err := s.ListPerson(t.Context(), acme, person)
	names := map[string]string{}
	for _, r := range got(t, records, err) {
		names[r.Kind] = r.Name
	}
	equal(t, "name", names["interviews"], "interviews/a")
	must(t, "erase", s.ErasePerson(t.Context(), acme, "e", person))
	_, err = s.GetInterview(t.Context(), acme, nil, "a")
	want(t, "get", err, store.ErrNotFound)
}

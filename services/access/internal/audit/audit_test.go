package audit

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// chainOf puts entries in a chain.
func chainOf(entries []Entry) ([]Entry, Head) {
	var head Head
	out := make([]Entry, len(entries))
	for i, e := range entries {
		out[i], head = head.Next(e)
	}
	return out, head
}

func verify(entries []Entry, recorded Head, known *Hash) Fault {
	v := NewVerifier("acme", known)
	for _, e := range entries {
		if !v.Add(e) {
			break
		}
	}
	return v.Finish(recorded)
}

// anyEntry draws an entry of few different texts, so that entries often resemble each other.
func anyEntry(t *rapid.T) Entry {
	text := rapid.SampledFrom([]string{"", "a", "ab", "b", "surveys/s1", "ключ"})
	draw := func(name string) string { return text.Draw(t, name) }
	return Entry{
		Organization: "acme", Time: noon.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "time"))),
		Actor: draw("actor"), ActorName: draw("actor name"), Method: draw("method"), Permission: draw("permission"), Resource: draw("resource"),
		ClientAddress: draw("address"), RequestID: draw("request"), Outcome: Outcome(rapid.IntRange(1, 4).Draw(t, "outcome")), Code: draw("code"),
		Start: int64(rapid.IntRange(0, 2).Draw(t, "start")),
	}
}

func TestIntactChains(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries, head := chainOf(rapid.SliceOfN(rapid.Custom(anyEntry), 0, 20).Draw(t, "entries"))
		if fault := verify(entries, head, nil); fault.Sequence != 0 {
			t.Fatal(fault)
		}
		for _, e := range entries {
			if fault := verify(entries, head, &e.Hash); fault.Sequence != 0 {
				t.Fatalf("the hash of entry %d was noted: %v", e.Sequence, fault)
			}
		}
		if fault := verify(entries, head, &Hash{}); fault.Sequence != 0 {
			t.Fatalf("the hash of the empty log was noted: %v", fault)
		}
	})
}

// TestTamperingIsFound: any change, removal, reordering or insertion, also by somebody who leaves the recorded head alone or makes it fit.
func TestTamperingIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries, head := chainOf(rapid.SliceOfN(rapid.Custom(anyEntry), 2, 12).Draw(t, "entries"))
		at := rapid.IntRange(0, len(entries)-1).Draw(t, "at")
		changed := slices.Clone(entries)
		what := rapid.SampledFrom([]string{"change", "remove", "swap", "insert", "repeat"}).Draw(t, "what")
		switch what {
		case "change":
			changed[at] = change(t, changed[at])
		case "remove":
			changed = slices.Delete(changed, at, at+1)
		case "swap":
			other := rapid.IntRange(0, len(entries)-1).Filter(func(i int) bool { return i != at }).Draw(t, "other")
			changed[at], changed[other] = changed[other], changed[at]
		case "insert":
			forged := anyEntry(t)
			forged.Sequence, forged.Previous = entries[at].Sequence, entries[at].Previous
			forged.Hash = forged.Sum()
			changed = slices.Insert(changed, at, forged)
		case "repeat":
			changed = slices.Insert(changed, at, changed[at])
		}
		if fault := verify(changed, head, nil); fault.Sequence == 0 {
			t.Fatalf("%s at %d was not found", what, at)
		}
	})
}

// change changes one field of an entry, without its hash.
func change(t *rapid.T, e Entry) Entry {
	texts := []*string{&e.Organization, &e.Actor, &e.ActorName, &e.Method, &e.Permission, &e.Resource, &e.ClientAddress, &e.RequestID, &e.Code}
	switch n := rapid.IntRange(0, len(texts)+5).Draw(t, "field"); {
	case n < len(texts):
		*texts[n] += "x"
	case n == len(texts):
		e.Time = e.Time.Add(1)
	case n == len(texts)+1:
		e.Outcome = e.Outcome%4 + 1
	case n == len(texts)+2:
		e.Start++
	case n == len(texts)+3:
		e.Sequence++
	case n == len(texts)+4:
		e.Previous[31] ^= 1
	default:
		e.Hash[0] ^= 1
	}
	return e
}

// TestMovedBytesAreFound: what one field loses another cannot win.
func TestMovedBytesAreFound(t *testing.T) {
	a := Entry{Organization: "acme", Actor: "ab", ActorName: "c", Time: noon}
	b := Entry{Organization: "acme", Actor: "a", ActorName: "bc", Time: noon}
	if a.Sum() == b.Sum() {
		t.Error("two entries have one hash")
	}
}

// TestForgedWholeIsFoundByKnownHash: somebody who can write the database can make a new chain that fits; the hash that was noted outside tells.
func TestForgedWholeIsFoundByKnownHash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		drafts := rapid.SliceOfN(rapid.Custom(anyEntry), 2, 10).Draw(t, "entries")
		entries, _ := chainOf(drafts)
		noted := rapid.IntRange(0, len(entries)-1).Draw(t, "noted")
		known := entries[noted].Hash
		forged := slices.Clone(drafts)
		at := rapid.IntRange(0, noted).Draw(t, "at")
		forged[at].Actor += "x"
		again, head := chainOf(forged)
		if fault := verify(again, head, nil); fault.Sequence != 0 {
			t.Fatalf("the forged chain does not fit: %v", fault)
		}
		if fault := verify(again, head, &known); fault.Sequence == 0 {
			t.Fatal("the forged chain was taken for the true one")
		}
		// The end cut off, together with the recorded head.
		cut, head := chainOf(drafts[:noted])
		if fault := verify(cut, head, &known); fault.Sequence != int64(noted)+1 {
			t.Fatalf("cut after %d: %v", noted, fault)
		}
	})
}

func TestCutEnd(t *testing.T) {
	entries, head := chainOf([]Entry{{Organization: "acme", Time: noon}, {Organization: "acme", Time: noon}, {Organization: "acme", Time: noon}})
	if fault := verify(entries[:1], head, nil); fault.Sequence != 2 || !strings.Contains(fault.Text, "2 to 3") {
		t.Errorf("%+v", fault)
	}
	if fault := verify(nil, head, nil); fault.Sequence != 1 {
		t.Errorf("all removed: %+v", fault)
	}
}

// TestEncodingNeverChanges: hashes of years ago have to be computed as they were.
func TestEncodingNeverChanges(t *testing.T) {
	e := Entry{
		Organization: "acme", Sequence: 7, Time: noon, Actor: "key-1", ActorName: "Till", Method: "otklik.survey.v1.SurveyService/GetResponse",
		Permission: "survey.responses.get", Resource: "surveys/s1/responses/r1", ClientAddress: "192.0.2.1", RequestID: "r-1", Outcome: Failed,
		Code: "NOT_FOUND", Start: 6, Previous: Hash{1, 2, 3},
	}
	const want = "94700f53768ff0f8227ca3efebcb2f7107d637835c813d803c53f0273a330146"
	if sum := e.Sum(); hex.EncodeToString(sum[:]) != want {
		t.Errorf("%x, want %s", sum, want)
	}
}

func TestClean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text"))
		e := Entry{Actor: text, Resource: strings.Repeat("ж", rapid.IntRange(0, 2000).Draw(t, "length"))}.Clean()
		if !utf8.ValidString(e.Actor) || !utf8.ValidString(e.Resource) || strings.ContainsRune(e.Actor, 0) || len(e.Resource) > maxText || len(e.Actor) > maxText {
			t.Fatalf("%q, %d bytes", e.Actor, len(e.Resource))
		}
		if again := e.Clean(); again != e {
			t.Fatal("a clean entry was changed")
		}
	})
}

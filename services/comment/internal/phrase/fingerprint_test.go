package phrase

import (
	"os"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/redaction"
	"github.com/otklik/otklik/services/comment/internal/text"
)

func printsOf(source string) (exact, similar uint64) {
	var d text.Document
	var x Extractor
	d.Read(source)
	label := language.Ru
	if strings.ContainsAny(source, "өүңӨҮҢ") {
		label = language.Ky
	}
	x.Find(&d, label, redaction.Find(&d, label, nil), nil)
	return x.Fingerprints()
}

func TestFingerprintsOfTheSameWords(t *testing.T) {
	exact, similar := printsOf("Доставка опоздала на час, суп остыл, курьер нагрубил")
	for _, s := range []string{"ДОСТАВКА опоздала на час!!! Суп остыл; курьер нагрубил...", "доставка  опоздала на час суп остыл курьер нагрубил 😡"} {
		if e, k := printsOf(s); e != exact || k != similar {
			t.Errorf("%q differs", s)
		}
	}
	if e, k := printsOf("Суп остыл, доставка очень опоздала, на час, а курьер всем нагрубил"); e == exact || k != similar {
		t.Error("the order of the words and stop words make a difference, or the exact key is the same")
	}
	if e, k := printsOf("Доставка опоздала на час, суп остыл, курьер Бакыт нагрубил, звоните 0555123456"); e == exact || !Similar(k, similar) {
		t.Error("a name and a number make a difference")
	}
	for _, s := range []string{"", "!!!", "👍"} {
		if e, k := printsOf(s); e != 0 || k != 0 {
			t.Errorf("%q has fingerprints", s)
		}
	}
	if _, k := printsOf("Спасибо большое"); k != 0 || Similar(0, 0) {
		t.Error("a text of few words is like another")
	}
}

// A short comment is like its copies, and like nothing else.
func TestFingerprintsOfShortComments(t *testing.T) {
	for source, copies := range map[string][]string{
		"Приложение постоянно вылетает": {"приложение постоянно вылетает!!!", "ПРИЛОЖЕНИЕ ПОСТОЯННО ВЫЛЕТАЕТ 😡"},
		"Nice staff":      {"nice staff.", "Nice  staff 👍"},
		"Баасы кымбат":    {"баасы кымбат", "Баасы кымбат!"},
		"Кассир нагрубил": {"Кассир нагрубил..."},
	} {
		_, key := printsOf(source)
		if key == 0 {
			t.Errorf("%q has no key", source)
		}
		for _, s := range copies {
			if _, k := printsOf(s); k != key {
				t.Errorf("%q is no copy of %q", s, source)
			}
		}
	}
	keys := map[uint64]string{}
	for _, s := range []string{"Приложение постоянно вылетает", "Приложение вылетает", "Nice staff", "Staff nice", "Rude staff", "Баасы кымбат", "Кассир нагрубил", "Курьер нагрубил", "Не работает приложение"} {
		_, k := printsOf(s)
		for other, of := range keys {
			if Similar(k, other) {
				t.Errorf("%q is like %q", s, of)
			}
		}
		keys[k] = s
	}
	for _, s := range []string{"Приложение", "Всё хорошо", "спасибо", "да"} {
		if _, k := printsOf(s); k != 0 {
			t.Errorf("%q has a key", s)
		}
	}
}

// edits are how copies differ, from words of their own.
func edits(source string) (trivial, slight []string) {
	words := strings.Fields(source)
	n := len(words)
	half := append(append([]string(nil), words[n/2:]...), words[:n/2]...)
	trivial = []string{strings.ToUpper(source), source + "!!!", "Очень " + source, strings.Join(half, " "), strings.ReplaceAll(source, ",", "")}
	other := append([]string(nil), words...)
	other[n/2] = "бегемот"
	slight = []string{source + " панорама", strings.Join(append(append([]string(nil), words[:n/2]...), words[n/2+1:]...), " "), strings.Join(other, " ")}
	return trivial, slight
}

// Copies are found, and different comments are told apart: measured on the comments of gold/dev_comments.tsv of ten words or more.
func TestSimilarOnEditedCopies(t *testing.T) {
	data, err := os.ReadFile("../../gold/dev_comments.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var all []uint64
	var texts []string
	var trivial, trivialEqual, slight, slightFound, slightEqual int
	for line := range strings.Lines(string(data)) {
		source, _, _ := strings.Cut(line, "\t")
		if len(strings.Fields(source)) < 10 {
			continue
		}
		_, key := printsOf(source)
		if key == 0 {
			continue
		}
		all, texts = append(all, key), append(texts, source)
		small, larger := edits(source)
		for _, s := range small {
			trivial++
			if _, k := printsOf(s); k == key {
				trivialEqual++
			}
		}
		for _, s := range larger {
			slight++
			_, k := printsOf(s)
			if k == key {
				slightEqual++
			}
			if Similar(k, key) {
				slightFound++
			}
		}
	}
	wrong := 0
	for i := range all {
		for j := range i {
			if Similar(all[i], all[j]) {
				wrong++
				t.Logf("like each other: %q, %q", texts[i], texts[j])
			}
		}
	}
	t.Logf("%d comments; trivial edits: %d of %d equal; one word added, dropped or replaced: %d of %d equal, %d similar; different comments similar: %d of %d",
		len(all), trivialEqual, trivial, slightEqual, slight, slightFound, wrong, len(all)*(len(all)-1)/2)
	if float64(trivialEqual) < 0.95*float64(trivial) || float64(slightFound) < 0.75*float64(slight) || wrong*10_000 > len(all)*len(all)/2 {
		t.Error("too few copies are found, or too many others")
	}
}

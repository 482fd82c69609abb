package language

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/linear"
	"github.com/otklik/otklik/services/comment/internal/text"
	"github.com/otklik/otklik/services/comment/train/dataset"
)

// TestTargets trains without the tuning part and asks for what the suite promises of the rest: the part that is held out is for the model
// card alone.
func TestTargets(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for some seconds")
	}
	rows, err := Rows(filepath.Dir(testkit.SharedData(t, "../train/A_langid.tsv.gz")))
	if err != nil {
		t.Fatal(err)
	}
	own, err := Own()
	if err != nil {
		t.Fatal(err)
	}
	var train, tune []Row
	for _, r := range rows {
		switch dataset.PartOf(r.Text) {
		case dataset.Train:
			train = append(train, r)
		case dataset.Dev:
			tune = append(tune, r)
		}
	}
	f := linear.NewFile()
	Store(f, append(train, own...))
	m, err := language.Load(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name        string
		least, most int // words
		want        float64
	}{
		{"sentences", 8, 1 << 20, 0.997},
		{"four words", 4, 4, 0.985},
		{"two words", 2, 2, 0.93},
	} {
		var d text.Document
		var r language.Result
		all, right := 0, 0
		for _, row := range tune {
			if n := len(strings.Fields(row.Text)); n < c.least || n > c.most {
				continue
			}
			d.Read(row.Text)
			m.Identify(&d, &r)
			all++
			if r.Label == row.Label {
				right++
			}
		}
		if got := share(right, all); got < c.want {
			t.Errorf("accuracy on %s is %.4f of %d, not %.3f", c.name, got, all, c.want)
		}
	}
	customers(t, m)
}

// customers asks for the languages of our customers where the words stand in Kazakh reviews too, and for Kazakh where it shows.
func customers(t *testing.T, m *language.Model) {
	t.Helper()
	var d text.Document
	var r language.Result
	for source, want := range map[string]string{
		"Ужас 😡": "ru",
		"Супер":  "ru",
		"Кредит одобрили за 5 минут":            "ru",
		"Приложение постоянно вылетает":         "ru",
		"Навигатор завёл в гаражи.":             "ru",
		"Доставка тез келди, спасибо курьерге":  "ky",
		"Приложение ыңгайлуу":                   "ky",
		"Жаман":                                 "ky",
		"Тез келди":                             "ky",
		"Nice staff":                            "en",
		"Uzhas":                                 "ru",
		"Бәрі жақсы":                            "other",
		"қызмет жақсы":                          "other",
		"кызмет жаксы, рахмет":                  "other",
		"Bardzo dobra obsługa":                  "other",
		"Замовлення не привезли вчасно":         "other",
		"Je suis très content de votre service": "other",
	} {
		d.Read(source)
		m.Identify(&d, &r)
		if got := r.Label.Coarse(); got != want {
			t.Errorf("%q is %q (%s %.2f), not %q", source, got, r.Label, r.Probability, want)
		}
	}
}

func TestTrainingIsRepeatable(t *testing.T) {
	own, err := Own()
	if err != nil {
		t.Fatal(err)
	}
	one, two := linear.NewFile(), linear.NewFile()
	Store(one, own)
	Store(two, own)
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("the same rows gave other weights")
	}
}

func TestReadNamesTheLineWithoutLabel(t *testing.T) {
	if _, err := Read("да\tru\nнет\tmarsian\n"); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("the error is %v", err)
	}
}

func TestCommentsAreOfOneLanguage(t *testing.T) {
	rows := Comments("Жакты\tpositive\t-\tky_plain\nJakty\tpositive\t-\tky_lat\nЖакты, но дорого\tmixed\t-\tmix\nок\tneutral\t-\tru_tweet\nда\tru\nДорого\tnegative\t-\tru\n")
	if len(rows) != 3 || rows[0].Label != language.Ky || rows[1].Label != language.KyLat || rows[2].Label != language.Ru {
		t.Errorf("the rows are %v", rows)
	}
}

func TestReport(t *testing.T) {
	own, err := Own()
	if err != nil {
		t.Fatal(err)
	}
	f := linear.NewFile()
	Store(f, own)
	m, err := language.Load(f)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := Report(&out, m, own[:200]); err != nil || !strings.Contains(out.String(), "language: 200 texts, accuracy ") {
		t.Errorf("the report is %v\n%s", err, out.String())
	}
}

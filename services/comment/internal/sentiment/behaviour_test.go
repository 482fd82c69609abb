package sentiment_test

import (
	"testing"

	"github.com/otklik/otklik/services/comment/internal/feature"
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/model"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// scratch reads comments as the service does.
type scratch struct {
	model    *model.Model
	document text.Document
	found    language.Result
	hits     lexicon.Hits
	features feature.Buffer
	reader   *sentiment.Reader
}

func newScratch(tb testing.TB) *scratch {
	tb.Helper()
	m, err := model.Load()
	if err != nil {
		tb.Fatal(err)
	}
	return &scratch{model: m, reader: m.Sentiment.NewReader()}
}

func (s *scratch) read(comment string) sentiment.Result {
	d := &s.document
	d.Read(comment)
	s.model.Language.Identify(d, &s.found)
	label := sentiment.Label(&s.found)
	s.model.Lexicon.Find(d, sentiment.Languages(label), &s.hits)
	sentiment.Negate(d, s.hits.Polarity)
	s.features.Read(d)
	return s.reader.Read(d, label, &s.features, s.hits.Polarity)
}

const (
	bad   = sentiment.Negative
	plain = sentiment.Neutral
	good  = sentiment.Positive
	both  = sentiment.Mixed
)

func TestClass(t *testing.T) {
	t.Parallel()
	s := newScratch(t)
	for _, c := range []struct {
		is      sentiment.Class
		comment string
	}{
		// Plain words.
		{good, "Отличный магазин, продавцы вежливые, всем советую"},
		{bad, "Ужасное обслуживание, больше сюда не приду"},
		{good, "Абдан жакшы тейлешти, чоң рахмат"},
		{bad, "Тамагы муздак, даамсыз, кызматкерлери орой"},
		{good, "Excellent service and very friendly staff"},
		{bad, "Rude staff, dirty tables and the food was cold"},
		// Negation, once and twice.
		{bad, "Мне не понравилось"},
		{bad, "Не рекомендую этот магазин"},
		{good, "Ни разу не подвели"},
		{good, "Совсем не дорого и очень вкусно"},
		{bad, "Not good at all"},
		{bad, "I would not recommend this place"},
		{good, "Never had a problem with them"},
		{bad, "Мага такыр жаккан жок"},
		{bad, "Сапаты жакшы эмес"},
		{good, "Эч кандай көйгөй болгон жок, баары жакты"},
		// No complaints are praise.
		{good, "Претензий нет"},
		{good, "No complaints"},
		{good, "Даттанбайм, баары жакшы"},
		{good, "Претензиям жок"},
		// Contrast.
		{both, "Еда вкусная, но обслуживание ужасное"},
		{both, "Цены высокие, зато качество отличное"},
		{both, "Тамагы даамдуу, бирок тейлөө начар"},
		{both, "Кымбат экен, бирок сапаты мыкты"},
		{both, "Great food but terrible service"},
		{both, "The room was small, however the view was amazing"},
		{both, "Персонал вежливый, бирок кезек узун"},
		// Questions and wishes.
		{plain, "Во сколько вы открываетесь?"},
		{plain, "Подскажите, есть ли у вас доставка?"},
		{plain, "Жеткирүү барбы?"},
		{plain, "Саат канчада ачыласыздар?"},
		{plain, "Do you have a branch in Osh?"},
		{plain, "Хотелось бы больше касс"},
		{plain, "Дагы бир касса ачылса жакшы болмок"},
		{plain, "It would be nice to have more parking"},
		// Tweets.
		{good, "@anna спасибо огромное, ты лучшая <3"},
		{bad, "опять два часа в очереди, как же вы достали :("},
		{bad, "worst update ever, the app keeps crashing #fail"},
		{good, "can't wait for the concert tonight!! :D"},
		// Without letters of its own, and in Latin letters.
		{good, "Абдан жакшы дукон, сатуучулары сылык"},
		{bad, "Ушундай начар кызмат корсотууну биринчи корушум"},
		{good, "Abdan jakshy, rahmat chon"},
		{bad, "Uzhasnoe obsluzhivanie, ne sovetuyu"},
	} {
		if r := s.read(c.comment); r.Class != c.is {
			t.Errorf("%q: %v %.2f, want %v", c.comment, r.Class, r.Probabilities, c.is)
		}
	}
}

// TestAbstain gives nothing that could be judged: no class but neutral may be probable.
func TestAbstain(t *testing.T) {
	t.Parallel()
	s := newScratch(t)
	for _, c := range []string{
		"", " ", "\n\t", ".", "...", "?!", "а", "x", "12345", "+996", "----", "\x00\x01", "\xff\xfe", "\u202e\u200f", "<p></p>", "&nbsp;",
		"Das Zimmer war leider nicht sauber und das Frühstück war kalt", "这家店的服务很好", "خدمة ممتازة", "asdfgh qwerty zxcv", "фыва олдж пролд",
	} {
		if r := s.read(c); r.Class != sentiment.Neutral && r.Probabilities[r.Class] > 0.6 {
			t.Errorf("%q: %v %.2f", c, r.Class, r.Probabilities)
		}
	}
}

// TestEmoji lets emoji speak where nothing else does.
func TestEmoji(t *testing.T) {
	t.Parallel()
	s := newScratch(t)
	for comment, against := range map[string]sentiment.Class{"👍": bad, "❤️❤️❤️": bad, "😡": good, "👎👎": good, ":)": bad, ":(": good} {
		r := s.read(comment)
		other := good
		if against == good {
			other = bad
		}
		if r.Probabilities[against] >= r.Probabilities[other] {
			t.Errorf("%s: %v", comment, r.Probabilities)
		}
	}
}

// TestSpan tells the parts of a comment apart.
func TestSpan(t *testing.T) {
	t.Parallel()
	s := newScratch(t)
	for _, c := range []string{
		"Еда вкусная, но обслуживание ужасное", "Тамагы даамдуу, бирок тейлөө начар", "The food was delicious, but the waiter was rude",
	} {
		s.read(c)
		d := &s.document
		if len(d.Clauses) != 2 {
			t.Fatalf("%q: %d clauses", c, len(d.Clauses))
		}
		for i, is := range []sentiment.Class{good, bad} {
			if r := s.reader.Span(int(d.Clauses[i].First), int(d.Clauses[i].Last)); r.Class != is {
				t.Errorf("%q, clause %d: %v %.2f, want %v", c, i, r.Class, r.Probabilities, is)
			}
		}
	}
}

// Package compare measures the comment service beside libraries that do a part of its work.
package compare

import (
	"testing"

	"github.com/pemistahl/lingua-go"

	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/model"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// comments are as long as those of customers are on average.
var comments = []string{
	"Персонал вежливый, но доставка опоздала на полчаса, и никто не предупредил.",
	"Кызматкерлер сылык экен, бирок кезек узун, жарым саат күтүп калдык.",
	"Nice staff and tasty food, but the app keeps crashing when I try to pay for the order, please fix it soon.",
	"Jakshy magazin, baalary arzan, birok kassada kezek kop bolot eken, dagy kassa achylsa jakshy bolmok.",
	"Тиркеме жакшы, но после обновления зависает, төлөм өтпөй калат.",
}

func BenchmarkLanguage(b *testing.B) {
	m, err := model.Load()
	if err != nil {
		b.Fatal(err)
	}
	var d text.Document
	var r language.Result
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		d.Read(comments[i%len(comments)])
		m.Language.Identify(&d, &r)
		i++
	}
}

func BenchmarkLingua(b *testing.B) {
	// Lingua has no Kyrgyz; these are the languages of its own that the suite tells from ours.
	detector := lingua.NewLanguageDetectorBuilder().FromLanguages(lingua.Russian, lingua.English, lingua.Kazakh, lingua.Ukrainian,
		lingua.Bulgarian, lingua.Belarusian, lingua.Mongolian, lingua.Turkish, lingua.German, lingua.Azerbaijani).WithPreloadedLanguageModels().Build()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		detector.DetectLanguageOf(comments[i%len(comments)])
		i++
	}
}

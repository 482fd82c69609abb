package phrase

import (
	"bytes"
	"embed"
	"sync"

	"github.com/otklik/otklik/services/comment/internal/text"
)

//go:embed lists/*.txt
var lists embed.FS

// words are the stop words and the endings.
type words struct {
	stops                    []uint64
	shift                    int
	russian, kyrgyz, english *endings
}

// vocabulary is built at the first comment.
var vocabulary = sync.OnceValue(build)

func build() *words {
	w := &words{russian: newEndings(russian), kyrgyz: newEndings(kyrgyz), english: newEndings(english)}
	var all []uint64
	var d text.Document
	for _, file := range []string{"lists/stop_ru.txt", "lists/stop_ky.txt", "lists/stop_en.txt"} {
		data, err := lists.ReadFile(file)
		if err != nil {
			panic(err) // the file is part of the program
		}
		for line := range bytes.Lines(data) {
			if line[0] == '#' {
				continue
			}
			for word := range bytes.FieldsSeq(line) {
				d.Read(string(word))
				if len(d.Tokens) == 1 {
					all = append(all, sum(d.Word(0)))
				}
			}
		}
	}
	size, shift := 1, 64
	for size < 4*len(all) {
		size, shift = 2*size, shift-1
	}
	w.stops, w.shift = make([]uint64, size), shift
	for _, h := range all {
		i := h >> shift
		for w.stops[i] != 0 && w.stops[i] != h {
			i = (i + 1) & uint64(size-1)
		}
		w.stops[i] = h
	}
	return w
}

// stopped says whether a word, by its hash, is a stop word.
func (w *words) stopped(h uint64) bool {
	for i := h >> w.shift; ; i = (i + 1) & uint64(len(w.stops)-1) {
		if s := w.stops[i]; s == h || s == 0 {
			return s == h
		}
	}
}

func fields(s string) [][]byte { return bytes.Fields([]byte(s)) }

package gateway

import "strings"

// jsonPath turns a proto field path into the path that a REST client sees: names become lowerCamelCase, what stands in brackets (indexes and
// quoted map keys) stays. `response.answers[2].free_text` becomes `response.answers[2].freeText`.
func jsonPath(path string) string {
	if !strings.Contains(path, "_") {
		return path
	}
	var b strings.Builder
	b.Grow(len(path))
	var quote byte
	brackets, upper := false, false
	for i := 0; i < len(path); i++ {
		c := path[i]
		switch {
		case quote != 0:
			if c == '\\' && i+1 < len(path) {
				b.WriteByte(c)
				i++
				c = path[i]
			} else if c == quote {
				quote = 0
			}
		case brackets:
			switch c {
			case '"', '\'':
				quote = c
			case ']':
				brackets = false
			}
		case c == '[':
			brackets = true
		case c == '_':
			upper = true
			continue
		case upper && 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		}
		upper = false
		b.WriteByte(c)
	}
	return b.String()
}

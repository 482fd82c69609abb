package text

import "unicode/utf8"

// mark reads punctuation and other symbols that begin with r, of n bytes.
func (d *Document) mark(i int, r rune, n int) int {
	s := d.Source
	switch r {
	case '.', '!', '?', '…', '‼', '⁉', '⁇', '⁈', '。', '！', '？':
		if s[i] != '&' {
			return d.stop(i)
		}
	case '(':
		d.depth++
	case ')':
		if d.depth > 0 {
			d.depth--
		}
	}
	form, kind := shape(r)
	if form == "" {
		form = s[i : i+n]
		if r < utf8.RuneSelf && n > 1 { // it came as an entity
			form = ascii[r : r+1]
		}
	}
	d.plain(kind, i, i+n, form)
	return i + n
}

// ascii holds the symbols of one byte at their own places.
var ascii = func() string {
	b := make([]byte, utf8.RuneSelf)
	for i := range b {
		b[i] = byte(i)
	}
	return string(b)
}()

// stop reads a run of full stops, exclamation and question marks.
func (d *Document) stop(start int) int {
	s := d.Source
	first, from := len(d.Lower), len(d.Folded)
	i, count := start, 0
	asks := false
	for i < len(s) {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		var form string
		switch r {
		case '.', '。':
			form = "."
		case '!', '！':
			form = "!"
		case '?', '？':
			form = "?"
		case '…':
			form = "..."
		case '‼':
			form = "!!"
		case '⁉', '⁈':
			form = "?!"
		case '⁇':
			form = "??"
		}
		if form == "" {
			break
		}
		for k := range len(form) {
			if form[k] == '?' {
				asks = true
			}
			if count++; count <= 3 {
				d.Folded = append(d.Folded, form[k])
			}
		}
		i += n
	}
	if asks { // the mark must show it, however long the run
		d.Folded[from] = '?'
	}
	d.Lower = append(d.Lower, d.Folded[from:]...)
	var flags Flags
	if count >= 3 && d.Folded[from] != '.' {
		flags = Elongated
	}
	d.add(Mark, start, i, first, from, flags, Other)
	return i
}

// shape is the plain form of a symbol, "" if it is its own, and its kind.
func shape(r rune) (string, Kind) {
	switch r {
	case '“', '”', '„', '«', '»', '‟', '″', '"', '‹', '›':
		return `"`, Mark
	case '‘', '’', '‚', '′', '`', '\'', 'ʼ':
		return `'`, Mark
	case '–', '—', '−', '‐', '‑', '‒', '―', '-':
		return "-", Mark
	case ',', ';', ':', '(', ')', '[', ']', '{', '}', '·', '•':
		return "", Mark
	case '、', '，', '،':
		return ",", Mark
	case '.', '!', '?': // as entities
		return "", Mark
	case '…':
		return "...", Mark
	case '；', '؛':
		return ";", Mark
	case '：':
		return ":", Mark
	}
	return "", Symbol
}

// emoticon reads an emoticon of plain characters at i and gives its form; end is 0 if there is none.
// Brackets alone are emoticons where they close nothing: Russian writes ")))" for a smile.
func (d *Document) emoticon(i int) (form string, end int) {
	s := d.Source
	switch s[i] {
	case ')':
		if d.depth > 0 { // looked at first: counting the rest of a long row for each of its brackets would cost its square
			return "", 0
		}
		return ":)", i + span(s, i, ')')
	case '(':
		n := span(s, i, '(')
		if n == 1 && i+1 < len(s) && sort1(s[i+1]) {
			return "", 0
		}
		if n == 1 && i == 0 {
			return "", 0
		}
		return ":(", i + n
	case ':', ';', '=':
		return eyes(s, i)
	case '<':
		if i+1 < len(s) && s[i+1] == '3' && !alnum(s, i+2) {
			return "<3", i + 2
		}
	case '^':
		if i+1 < len(s) && s[i+1] == '^' {
			return ":)", i + 2
		}
		if i+2 < len(s) && (s[i+1] == '_' || s[i+1] == '-' || s[i+1] == '.') && s[i+2] == '^' {
			return ":)", i + 3
		}
	case '-':
		if i+2 < len(s) && s[i+1] == '_' && s[i+2] == '-' {
			return ":|", i + 3
		}
	}
	return "", 0
}

// sort1 says whether what begins with c can stand right behind an opening bracket.
func sort1(c byte) bool {
	return c >= utf8.RuneSelf || bytesOf[c] == letter || bytesOf[c] == digit || c == '"' || c == '\'' || c == '+' || c == '-' || c == '#' || c == '@' || c == '*'
}

func span(s string, i int, c byte) int {
	n := 0
	for i+n < len(s) && s[i+n] == c {
		n++
	}
	return n
}

func alnum(s string, i int) bool {
	return i < len(s) && (s[i] >= utf8.RuneSelf || bytesOf[s[i]] == letter || bytesOf[s[i]] == digit)
}

// eyes reads an emoticon that begins with : ; or =.
func eyes(s string, i int) (string, int) {
	j := i + 1
	tear := false
	for j < len(s) && j < i+3 && (s[j] == '-' || s[j] == '\'' || s[j] == '^') {
		tear = tear || s[j] == '\''
		j++
	}
	if j >= len(s) {
		return "", 0
	}
	nose := j > i+1
	switch c := s[j]; c {
	case ')', ']', '}':
		if s[i] == '=' && c != ')' {
			return "", 0
		}
		return ":)", j + span(s, j, c)
	case '(', '[', '{':
		if c != '(' && alnum(s, j+1) || s[i] == '=' && c != '(' || !nose && c == '(' && alnum(s, j+1) {
			return "", 0
		}
		return ":(", j + span(s, j, c)
	case '*':
		if s[i] != ':' || alnum(s, j+1) {
			return "", 0
		}
		return ":*", j + 1
	case 'D':
		n := span(s, j, c)
		if alnum(s, j+n) {
			return "", 0
		}
		return ":D", j + n
	case 'P', 'p':
		if s[i] == '=' || alnum(s, j+1) {
			return "", 0
		}
		return ":)", j + 1
	case '/', '\\', '|':
		if s[i] != ':' || j+1 < len(s) && (s[j+1] == '/' || s[j+1] == '\\') || alnum(s, j+1) || i > 0 && alnum(s, i-1) && !nose {
			return "", 0
		}
		return ":|", j + 1
	}
	return "", 0
}

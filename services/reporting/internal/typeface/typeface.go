// Package typeface is the font of reports: Liberation Sans, which has the letters of Russian, Kyrgyz and English and the widths of Arial, so that text set by its
// measures fits on a page as well. It says how wide a text is, breaks it into lines, and finds the characters that the font has no sign for.
package typeface

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"unicode"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/norm"
)

// Face is a weight of the font.
type Face struct {
	// TTF is the font file; it is not to be changed.
	TTF []byte
	// advances are in thousandths of the size, by character; lacking where the font has no sign. Nothing beyond the first plane is in this font.
	advances []int16
	parsed   *sfnt.Font
}

// Regular is the weight of running text.
var Regular = sync.OnceValue(func() *Face { return load(liberationsansregular.TTF) })

// Bold is the weight of headings.
var Bold = sync.OnceValue(func() *Face { return load(liberationsansbold.TTF) })

// written are signs of currencies that the font lacks, and their codes.
var written = strings.NewReplacer("₽", "RUB", "₸", "KZT", "⃀", "KGS", "₼", "AZN", "₺", "TRY", "₾", "GEL")

const (
	lacking = -1
	// foreign is the advance of a character of another font, which a page takes where this one lacks a sign.
	foreign = 700
)

// load reads the advances once, since each chart asks for thousands. The font is part of the program: that it cannot be read is seen by any test.
func load(ttf []byte) *Face {
	f := &Face{TTF: ttf, advances: slices.Repeat([]int16{lacking}, 1<<16)}
	parsed, err := sfnt.Parse(ttf)
	if err != nil {
		panic(fmt.Sprintf("the font that is built in cannot be read: %v", err))
	}
	f.parsed = parsed
	var buffer sfnt.Buffer
	for r := rune(0x20); r < 1<<16; r++ {
		glyph, err := parsed.GlyphIndex(&buffer, r)
		if err != nil || glyph == 0 || rightToLeft(r) {
			continue
		}
		advance, err := parsed.GlyphAdvance(&buffer, glyph, fixed.I(1000), font.HintingNone)
		if err == nil {
			f.advances[r] = int16(advance.Round())
		}
	}
	return f
}

// rightToLeft are scripts whose signs the font may have, but whose order nothing here knows: they would be written backwards.
func rightToLeft(r rune) bool {
	return unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko)
}

// Has tells whether the font has a sign for r.
func (f *Face) Has(r rune) bool {
	return r > 0 && int(r) < len(f.advances) && f.advances[r] != lacking
}

// Width is how wide text is at a size, in its units.
func (f *Face) Width(text string, size float64) float64 {
	total := 0
	for _, r := range text {
		if f.Has(r) {
			total += int(f.advances[r])
		} else {
			total += foreign
		}
	}
	return float64(total) * size / 1000
}

// Outline is the outline of a character at a size in pixels, from its origin, with y downwards; one that the font lacks has the outline of the sign for that. The
// segments are valid until buffer is used again.
func (f *Face) Outline(buffer *sfnt.Buffer, r rune, size float64) (sfnt.Segments, error) {
	glyph, err := f.parsed.GlyphIndex(buffer, r)
	if err != nil {
		return nil, fmt.Errorf("find the glyph of %U: %w", r, err)
	}
	segments, err := f.parsed.LoadGlyph(buffer, glyph, fixed.Int26_6(size*64), nil)
	if err != nil {
		return nil, fmt.Errorf("load the glyph of %U: %w", r, err)
	}
	return segments, nil
}

// Fit is text where it fits into a width, otherwise as much of it as does with an ellipsis.
func (f *Face) Fit(text string, size, width float64) string {
	if f.Width(text, size) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 1 {
		runes = runes[:len(runes)-1]
		short := strings.TrimRight(string(runes), " ,.;:–-") + "…"
		if f.Width(short, size) <= width {
			return short
		}
	}
	return "…"
}

// Wrap breaks text into lines of a width, at blanks; a word that is wider alone is broken within. Lines of text stay lines.
func (f *Face) Wrap(text string, size, width float64) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := ""
		for word := range Words(paragraph) {
			joined := word
			if line != "" {
				joined = line + " " + word
			}
			if f.Width(joined, size) <= width {
				line = joined
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			pieces := f.split(word, size, width)
			lines = append(lines, pieces[:len(pieces)-1]...)
			line = pieces[len(pieces)-1]
		}
		lines = append(lines, line)
	}
	return lines
}

// Words are the parts of a text between which lines may break.
func Words(text string) iter.Seq[string] {
	return strings.FieldsFuncSeq(text, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' })
}

// split breaks a word into pieces that are not wider than width, at least a character each; it prefers to break behind signs that join words.
func (f *Face) split(word string, size, width float64) []string {
	var pieces []string
	for f.Width(word, size) > width {
		cut, good, used := 0, 0, 0.0
		for i, r := range word {
			end := i + len(string(r))
			used += f.Width(string(r), size)
			if used > width && i > 0 {
				break
			}
			cut = end
			if strings.ContainsRune("-–/_.,;@&=+", r) {
				good = end
			}
		}
		if good > cut/2 && good < len(word) {
			cut = good
		}
		if cut == 0 || cut >= len(word) {
			break
		}
		pieces = append(pieces, word[:cut])
		word = word[cut:]
	}
	return append(pieces, word)
}

// Cleaner makes text that the font can show, and remembers what it could not.
type Cleaner struct {
	lacking map[rune]bool
}

// Clean composes letters and accents, drops what has no looks, writes signs of currencies out that the font lacks, and puts the code of each other such character
// in its place. Lines stay lines.
func (c *Cleaner) Clean(text string) string {
	if plain(text) {
		return text
	}
	regular, bold := Regular(), Bold()
	var out strings.Builder
	for _, r := range norm.NFC.String(strings.ToValidUTF8(written.Replace(text), "\ufffd")) {
		switch {
		case r == '\n':
			out.WriteRune(r)
		case r == '\u2028' || r == '\u2029':
			out.WriteByte('\n')
		case r == '\u200b' || r == '\u200c' || r == '\u200d' || r == '\u00ad' || r == '\ufeff' || unicode.Is(unicode.Variation_Selector, r) || unicode.Is(unicode.Bidi_Control, r):
		case r == '\u202f' || r == '\u2007':
			out.WriteRune('\u00a0')
		case unicode.IsControl(r) || unicode.IsSpace(r) && r != '\u00a0':
			out.WriteByte(' ')
		case regular.Has(r) && bold.Has(r):
			out.WriteRune(r)
		default:
			if c.lacking == nil {
				c.lacking = map[rune]bool{}
			}
			c.lacking[r] = true
			fmt.Fprintf(&out, "[%U]", r)
		}
	}
	return out.String()
}

// plain tells that there is nothing to do, as for most text.
func plain(text string) bool {
	for i := range len(text) {
		if b := text[i]; b < 0x20 && b != '\n' || b >= 0x7f {
			return false
		}
	}
	return true
}

// Lacking are the characters that the font had no sign for, by code.
func (c *Cleaner) Lacking() []rune {
	out := make([]rune, 0, len(c.lacking))
	for r := range c.lacking {
		out = append(out, r)
	}
	slices.Sort(out)
	return out
}

// Codes writes characters by their codes, at most so many of them.
func Codes(runes []rune, most int) string {
	var out []string
	for i, r := range runes {
		if i == most {
			out = append(out, fmt.Sprintf("+%d", len(runes)-most))
			break
		}
		out = append(out, fmt.Sprintf("%U", r))
	}
	return strings.Join(out, ", ")
}

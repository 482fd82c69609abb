package importer

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxMappingBytes bounds a mapping file: the largest questionnaire (300 questions with 500 options) in a few languages fits.
const maxMappingBytes = 4 << 20

// maxNodes bounds how many YAML nodes are visited, aliases counted at each use, so that a small file cannot unfold into a huge one.
const maxNodes = 1_000_000

// maxProblems bounds how many problems of a mapping file are listed.
const maxProblems = 50

// Problem is one thing wrong with a mapping file.
type Problem struct {
	// Line counts from 1; 0 when the problem belongs to the file as a whole.
	Line int
	// Path leads to the place in the document, for example `questions[2].scale`.
	Path string
	// Text says what is wrong.
	Text string
}

// MappingError lists what is wrong with a mapping file.
type MappingError struct {
	// Problems is never empty and is ordered by line.
	Problems []Problem
}

// Error lists the problems, one a line.
func (e *MappingError) Error() string {
	var b strings.Builder
	b.WriteString("the mapping file is not valid:")
	for _, p := range e.Problems {
		b.WriteString("\n  ")
		if p.Line > 0 {
			fmt.Fprintf(&b, "line %d: ", p.Line)
		}
		if p.Path != "" {
			fmt.Fprintf(&b, "%s: ", p.Path)
		}
		b.WriteString(p.Text)
	}
	return b.String()
}

// strictReader walks YAML nodes by a fixed schema and collects every problem with its line. It exists beside yaml's own decoding because
// that stops being strict below custom types, speaks of Go types in its messages, and turns codes such as 007 or 1.0 into numbers.
type strictReader struct {
	problems []Problem
	visits   int
}

// node is a YAML node together with the path that led to it.
type node struct {
	*yaml.Node
	path string
}

func (r *strictReader) fail(n node, format string, args ...any) {
	line := 0
	if n.Node != nil {
		line = n.Line
	}
	r.problems = append(r.problems, Problem{Line: line, Path: n.path, Text: fmt.Sprintf(format, args...)})
}

// err returns the collected problems as one error, or nil.
func (r *strictReader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(a.Line-b.Line, strings.Compare(a.Path, b.Path), strings.Compare(a.Text, b.Text))
	})
	if len(r.problems) > maxProblems {
		rest := len(r.problems) - maxProblems
		r.problems = append(r.problems[:maxProblems:maxProblems], Problem{Text: fmt.Sprintf("and %d more", rest)})
	}
	return &MappingError{Problems: r.problems}
}

var yamlLine = regexp.MustCompile(`^yaml: (?:unmarshal errors:\s*)?line (\d+): `)

// document reads the only document of a file and returns its root.
func (r *strictReader) document(in io.Reader) (node, bool) {
	limited := &io.LimitedReader{R: in, N: maxMappingBytes + 1}
	decoder := yaml.NewDecoder(limited)
	var doc, rest yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		r.syntax(err)
		return node{}, false
	}
	switch err := decoder.Decode(&rest); {
	case limited.N <= 0:
		r.fail(node{}, "it is larger than %d MiB", maxMappingBytes>>20)
		return node{}, false
	case err == nil:
		r.fail(node{Node: &rest}, "only one YAML document is allowed")
		return node{}, false
	case !errors.Is(err, io.EOF):
		r.syntax(err)
		return node{}, false
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		r.fail(node{}, "it holds no document")
		return node{}, false
	}
	return node{Node: doc.Content[0]}, true
}

func (r *strictReader) syntax(err error) {
	if errors.Is(err, io.EOF) {
		r.fail(node{}, "it is empty")
		return
	}
	text, line := err.Error(), 0
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	r.problems = append(r.problems, Problem{Line: line, Text: strings.TrimPrefix(text, "yaml: ")})
}

// enter resolves an alias and counts the visit; false once the budget is spent.
func (r *strictReader) enter(n node) (node, bool) {
	if r.visits++; r.visits >= maxNodes {
		if r.visits == maxNodes {
			r.fail(n, "the document unfolds into more than %d nodes", maxNodes)
		}
		return n, false
	}
	if n.Kind == yaml.AliasNode {
		n.Node = n.Alias
	}
	return n, true
}

// fields names the keys that an object may have and what reads each.
type fields map[string]func(node)

// object reads a mapping with known keys; every other key is a problem, and so is a key that comes twice.
func (r *strictReader) object(n node, known fields) {
	r.pairs(n, func(key string, keyNode, value node) {
		read, ok := known[key]
		if !ok {
			r.fail(keyNode, "unknown key %q; known are %s", key, strings.Join(sortedKeys(known), ", "))
			return
		}
		read(value)
	})
}

// pairs calls visit for each pair of a mapping in the order of the file.
func (r *strictReader) pairs(n node, visit func(key string, keyNode, value node)) {
	n, ok := r.enter(n)
	if !ok {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.fail(n, "must be a mapping of keys to values, not %s", kindName(n))
		return
	}
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		keyNode, ok := r.enter(node{Node: n.Content[i], path: n.path})
		if !ok {
			return
		}
		switch {
		case keyNode.Kind != yaml.ScalarNode:
			r.fail(keyNode, "a key must be a plain value")
			continue
		case keyNode.Tag == "!!merge":
			r.fail(keyNode, "merge keys (<<) are not supported; repeat the keys or use an alias for a value")
			continue
		case seen[keyNode.Value]:
			r.fail(keyNode, "the key %q comes twice", keyNode.Value)
			continue
		}
		seen[keyNode.Value] = true
		path := keyNode.Value
		if n.path != "" {
			path = n.path + "." + path
		}
		visit(keyNode.Value, keyNode, node{Node: n.Content[i+1], path: path})
	}
}

// list calls visit for each item of a sequence.
func (r *strictReader) list(n node, visit func(node)) {
	n, ok := r.enter(n)
	if !ok {
		return
	}
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "must be a list, not %s", kindName(n))
		return
	}
	for i, item := range n.Content {
		visit(node{Node: item, path: fmt.Sprintf("%s[%d]", n.path, i)})
	}
}

// text reads a plain value as it is written: 0, "0" and '0' are the text 0.
func (r *strictReader) text(n node) (string, bool) {
	n, ok := r.enter(n)
	if !ok {
		return "", false
	}
	if n.Kind != yaml.ScalarNode {
		r.fail(n, "must be a plain value, not %s", kindName(n))
		return "", false
	}
	if n.Tag == "!!null" {
		r.fail(n, `is empty; write "" for the empty text`)
		return "", false
	}
	return n.Value, true
}

// set returns a reader of a text into dst.
func (r *strictReader) set(dst *string) func(node) {
	return func(n node) {
		if s, ok := r.text(n); ok {
			*dst = s
		}
	}
}

// setBool returns a reader of true or false into dst.
func (r *strictReader) setBool(dst *bool) func(node) {
	return func(n node) {
		switch s, ok := r.text(n); {
		case !ok:
		case s == "true":
			*dst = true
		case s == "false":
			*dst = false
		default:
			r.fail(n, "must be true or false, not %q", s)
		}
	}
}

// setInt returns a reader of a whole number from low to high into dst.
func (r *strictReader) setInt(dst *int32, low, high int32) func(node) {
	return func(n node) {
		s, ok := r.text(n)
		if !ok {
			return
		}
		v, err := strconv.ParseInt(s, 10, 32)
		if err != nil || int32(v) < low || int32(v) > high {
			r.fail(n, "must be a whole number from %d to %d, not %q", low, high, s)
			return
		}
		*dst = int32(v)
	}
}

// texts reads a list of texts, or one text as a list of one.
func (r *strictReader) texts(n node) []string {
	resolved, ok := r.enter(n)
	if !ok {
		return nil
	}
	if resolved.Kind == yaml.ScalarNode {
		if s, ok := r.text(n); ok {
			return []string{s}
		}
		return nil
	}
	var out []string
	r.list(n, func(item node) {
		if s, ok := r.text(item); ok {
			out = append(out, s)
		}
	})
	return out
}

func kindName(n node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		return fmt.Sprintf("the value %q", shorten(n.Value))
	default:
		return "nothing"
	}
}

// shorten cuts a value for messages.
func shorten(s string) string {
	const limit = 40
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	return string(runes[:limit]) + "…"
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

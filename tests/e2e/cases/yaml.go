package cases

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// expand replaces, in a tree, `!times {of: …, count: N}` by a string, or a list where `of` is not a string, of so many copies. In a list's
// copies `#` stands for the number of the copy, from 1. `!join [a, b]` is one list of the elements of a and b.
func expand(node *yaml.Node) error {
	for _, child := range node.Content {
		if err := expand(child); err != nil {
			return err
		}
	}
	switch node.Tag {
	case "!times":
		return expandTimes(node)
	case "!join":
		joined := yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, list := range node.Content {
			joined.Content = append(joined.Content, list.Content...)
		}
		*node = joined
	}
	return nil
}

func expandTimes(node *yaml.Node) error {
	var spec struct {
		Of    yaml.Node `yaml:"of"`
		Count int       `yaml:"count"`
	}
	node.Tag = "!!map"
	if err := node.Decode(&spec); err != nil {
		return fmt.Errorf("read !times: %w", err)
	}
	if spec.Of.Kind == yaml.ScalarNode {
		*node = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: strings.Repeat(spec.Of.Value, spec.Count)}
		return nil
	}
	list := yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for i := range spec.Count {
		list.Content = append(list.Content, numbered(&spec.Of, i+1))
	}
	*node = list
	return nil
}

// numbered is a copy of a tree in which `#` in scalars is the number.
func numbered(node *yaml.Node, number int) *yaml.Node {
	c := clone(node)
	replace(c, strconv.Itoa(number))
	return c
}

func replace(node *yaml.Node, number string) {
	node.Value = strings.ReplaceAll(node.Value, "#", number)
	for _, child := range node.Content {
		replace(child, number)
	}
}

// clone is a copy of a tree without aliases.
func clone(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return clone(node.Alias)
	}
	c := *node
	c.Anchor = ""
	c.Content = make([]*yaml.Node, len(node.Content))
	for i, child := range node.Content {
		c.Content[i] = clone(child)
	}
	return &c
}

var variable = regexp.MustCompile(`\$\{([a-z_]+)\}`)

// document is a node as JSON values, with its variables filled in; nil for a node that is not there.
func document(node yaml.Node, variables map[string]string) (any, error) {
	if node.IsZero() {
		return nil, nil
	}
	// A copy, since a case is played several times.
	expanded := *clone(&node)
	if err := expand(&expanded); err != nil {
		return nil, err
	}
	var v any
	if err := expanded.Decode(&v); err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	return fill(v, variables)
}

func fill(v any, variables map[string]string) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			filled, err := fill(inner, variables)
			if err != nil {
				return nil, err
			}
			v[k] = filled
		}
	case []any:
		for i, inner := range v {
			filled, err := fill(inner, variables)
			if err != nil {
				return nil, err
			}
			v[i] = filled
		}
	case string:
		return fillString(v, variables)
	case time.Time:
		// YAML reads times; the JSON form of messages holds them as strings.
		return v.Format(time.RFC3339Nano), nil
	}
	return v, nil
}

func fillString(s string, variables map[string]string) (string, error) {
	var missing string
	out := variable.ReplaceAllStringFunc(s, func(ref string) string {
		name := ref[2 : len(ref)-1]
		value, ok := variables[name]
		if !ok {
			missing = name
		}
		return value
	})
	if missing != "" {
		return "", fmt.Errorf("no earlier step saved %q", missing)
	}
	return out, nil
}

// lookUp follows a dotted path into JSON values; numbers index lists.
func lookUp(v any, path string) (string, error) {
	for name := range strings.SplitSeq(path, ".") {
		switch inner := v.(type) {
		case map[string]any:
			v = inner[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i < 0 || i >= len(inner) {
				return "", fmt.Errorf("look up %s: no element %s", path, name)
			}
			v = inner[i]
		default:
			v = nil
		}
	}
	switch v := v.(type) {
	case nil:
		return "", fmt.Errorf("look up %s: not there", path)
	case string:
		return v, nil
	default:
		raw, err := json.Marshal(v)
		return string(raw), err
	}
}

package config

import (
	"bytes"
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// redacted stands for a secret that is set.
const redacted = "REDACTED"

// Redacted prints a configuration as YAML in the order of the struct, with secrets replaced by REDACTED; secrets that are not set stay empty.
func Redacted(cfg any) ([]byte, error) {
	if _, err := schemaOf(cfg); err != nil {
		return nil, err
	}
	v := reflect.ValueOf(cfg)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	node, err := toNode(v, false)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(node); err != nil {
		return nil, fmt.Errorf("print configuration: %w", err)
	}
	return b.Bytes(), nil
}

// toNode turns a value into YAML, keeping the order of struct fields.
func toNode(v reflect.Value, secret bool) (*yaml.Node, error) {
	if secret && !v.IsZero() {
		return &yaml.Node{Kind: yaml.ScalarNode, Value: redacted}, nil
	}
	switch {
	case v.Kind() == reflect.Struct && isGroup(v.Type()):
		node := &yaml.Node{Kind: yaml.MappingNode}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() {
				continue
			}
			child, err := toNode(v.Field(i), f.Tag.Get(tagSecret) == "true")
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: f.Tag.Get(tagKey)}, child)
		}
		return node, nil
	case v.Kind() == reflect.Slice:
		node := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.Len() {
			child, err := toNode(v.Index(i), false)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, child)
		}
		if v.Len() == 0 {
			node.Style = yaml.FlowStyle
		}
		return node, nil
	case v.Kind() == reflect.Map:
		node := &yaml.Node{Kind: yaml.MappingNode}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		for _, key := range keys {
			child, err := toNode(v.MapIndex(key), false)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: fmt.Sprint(key)}, child)
		}
		if v.Len() == 0 {
			node.Style = yaml.FlowStyle
		}
		return node, nil
	}
	value := v.Interface()
	if v.Type() == durationType {
		value = fmt.Sprint(value)
	} else if m, ok := value.(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		if err != nil {
			return nil, fmt.Errorf("print configuration: %w", err)
		}
		value = string(text)
	}
	node := &yaml.Node{}
	if err := node.Encode(value); err != nil {
		return nil, fmt.Errorf("print configuration: %w", err)
	}
	return node, nil
}

// Document describes every key of a configuration, a struct that holds the defaults, as a Markdown table: key, environment variable,
// default and meaning. A field without a doc tag is an error, so that nothing stays undocumented.
func Document(cfg any) ([]byte, error) {
	s, err := schemaOf(cfg)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("| Key | Environment variable | Default | Meaning |\n|---|---|---|---|\n")
	for _, l := range s.leaves {
		if l.doc == "" {
			return nil, fmt.Errorf("document configuration: %s has no doc tag", l.key())
		}
		value, err := defaultText(l)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", l.key(), l.env(), value, escapeCell(l.doc+elementDoc(l.typ)))
	}
	return b.Bytes(), nil
}

func defaultText(l leaf) (string, error) {
	// Zero says something of a number or a switch; an empty text or list says nothing.
	number := l.typ.Kind() >= reflect.Bool && l.typ.Kind() <= reflect.Float64
	if l.value.IsZero() && !number {
		return "", nil
	}
	node, err := toNode(l.value, l.secret)
	if err != nil {
		return "", err
	}
	setFlow(node)
	text, err := yaml.Marshal(node)
	if err != nil {
		return "", fmt.Errorf("document configuration: %w", err)
	}
	return "`" + escapeCell(strings.TrimSpace(string(text))) + "`", nil
}

// setFlow makes a value print on one line.
func setFlow(n *yaml.Node) {
	if n.Kind == yaml.SequenceNode || n.Kind == yaml.MappingNode {
		n.Style = yaml.FlowStyle
	}
	for _, c := range n.Content {
		setFlow(c)
	}
}

// elementDoc documents the fields of the elements of a list.
func elementDoc(t reflect.Type) string {
	if t.Kind() != reflect.Slice || !isGroup(t.Elem()) {
		return ""
	}
	var b strings.Builder
	b.WriteString(" Each element:")
	for i := range t.Elem().NumField() {
		if f := t.Elem().Field(i); f.IsExported() {
			fmt.Fprintf(&b, " `%s`: %s", f.Tag.Get(tagKey), f.Tag.Get(tagDoc))
		}
	}
	return b.String()
}

// escapeCell keeps a text inside of its table cell.
func escapeCell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s)
}

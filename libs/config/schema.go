package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/near"
)

// The struct tags.
const (
	tagKey    = "koanf"
	tagDoc    = "doc"
	tagSecret = "secret"
)

// schema is what a configuration struct may hold.
type schema struct {
	root reflect.Type
	// leaves in the order of the struct.
	leaves []leaf
	byKey  map[string]leaf
	byEnv  map[string]leaf
}

// leaf is a field that holds a value rather than further fields.
type leaf struct {
	path   []string
	typ    reflect.Type
	doc    string
	secret bool
	// value is the field in the struct that the schema was made of.
	value reflect.Value
}

func (l leaf) key() string { return strings.Join(l.path, ".") }

func (l leaf) env() string { return EnvPrefix + strings.ToUpper(strings.Join(l.path, "_")) }

var (
	durationType        = reflect.TypeFor[time.Duration]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// schemaOf reads a struct's type. Every exported field needs a key; two fields must not share a key or an environment variable.
func schemaOf(cfg any) (*schema, error) {
	v := reflect.ValueOf(cfg)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return nil, fmt.Errorf("read configuration struct: %T is no struct", cfg)
	}
	s := &schema{root: v.Type(), byKey: make(map[string]leaf), byEnv: make(map[string]leaf)}
	if err := s.add(v, nil); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *schema) add(v reflect.Value, path []string) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		name := f.Tag.Get(tagKey)
		if name == "" || strings.ContainsAny(name, ",.") {
			return fmt.Errorf("read configuration struct: %s.%s needs a plain koanf tag", v.Type(), f.Name)
		}
		p := append(slices.Clone(path), name)
		if isGroup(f.Type) {
			if err := s.add(v.Field(i), p); err != nil {
				return err
			}
			continue
		}
		l := leaf{path: p, typ: f.Type, doc: f.Tag.Get(tagDoc), secret: f.Tag.Get(tagSecret) == "true", value: v.Field(i)}
		if other, ok := s.byKey[l.key()]; ok {
			return fmt.Errorf("read configuration struct: the key %s occurs twice", other.key())
		}
		if other, ok := s.byEnv[l.env()]; ok {
			return fmt.Errorf("read configuration struct: %s and %s have the same environment variable %s", other.key(), l.key(), l.env())
		}
		s.leaves = append(s.leaves, l)
		s.byKey[l.key()], s.byEnv[l.env()] = l, l
	}
	return nil
}

// isGroup tells whether a field holds further fields rather than a value.
func isGroup(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(textUnmarshalerType)
}

// unknownKeys describes every key in values that the schema does not have, also inside of lists of structs.
func (s *schema) unknownKeys(values map[string]any) []string {
	var unknown []string
	walkKeys(s.root, values, nil, func(path []string, siblings []string) {
		key := strings.Join(path, ".")
		text := "unknown key " + key
		prefix := strings.Join(path[:len(path)-1], ".")
		candidates := s.keys()
		for _, sibling := range siblings {
			candidates = append(candidates, strings.TrimPrefix(prefix+"."+sibling, "."))
		}
		if meant := nearest(key, candidates); meant != "" {
			text += ", did you mean " + meant + "?"
		}
		unknown = append(unknown, text)
	})
	slices.Sort(unknown)
	return unknown
}

func (s *schema) keys() []string {
	keys := make([]string, 0, len(s.leaves))
	for _, l := range s.leaves {
		keys = append(keys, l.key())
	}
	return keys
}

// walkKeys compares values with a type and reports the keys that the type does not have, each with the keys that it could have been.
func walkKeys(t reflect.Type, value any, path []string, report func(path, siblings []string)) {
	switch {
	case isGroup(t):
		m, ok := value.(map[string]any)
		if !ok {
			// A value where a group belongs; the decoder says so with the types.
			return
		}
		fields := fieldsOf(t)
		for name, v := range m {
			p := append(slices.Clone(path), name)
			if ft, ok := fields[name]; ok {
				walkKeys(ft, v, p, report)
				continue
			}
			siblings := make([]string, 0, len(fields))
			for sibling := range fields {
				siblings = append(siblings, sibling)
			}
			report(p, siblings)
		}
	case t.Kind() == reflect.Slice && isGroup(t.Elem()):
		list, _ := value.([]any)
		for i, v := range list {
			p := slices.Clone(path)
			p[len(p)-1] = fmt.Sprintf("%s[%d]", p[len(p)-1], i)
			walkKeys(t.Elem(), v, p, report)
		}
	case t.Kind() == reflect.Map && isGroup(t.Elem()):
		m, _ := value.(map[string]any)
		for name, v := range m {
			walkKeys(t.Elem(), v, append(slices.Clone(path), name), report)
		}
	}
}

func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := make(map[string]reflect.Type, t.NumField())
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() {
			fields[f.Tag.Get(tagKey)] = f.Type
		}
	}
	return fields
}

// nearest returns the candidate that needs the fewest single-letter edits to become key, or "" when even that is far.
func nearest(key string, candidates []string) string {
	best, bestDistance := "", max(2, len(key)/4)+1
	for _, c := range candidates {
		if d := near.Distance([]byte(key), []byte(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

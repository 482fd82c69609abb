package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// object is a JSON object that keeps the order of its names: properties are documented in the order of the protos.
type object struct {
	names  []string
	values map[string]any
}

func newObject() *object { return &object{values: map[string]any{}} }

func (o *object) get(name string) any { return o.values[name] }

// object returns the object of that name, nil when there is none.
func (o *object) object(name string) *object {
	v, _ := o.values[name].(*object)
	return v
}

// text returns the string of that name, "" when there is none.
func (o *object) text(name string) string {
	v, _ := o.values[name].(string)
	return v
}

// list returns the array of that name, nil when there is none.
func (o *object) list(name string) []any {
	v, _ := o.values[name].([]any)
	return v
}

// set replaces a value in its place or adds it at the end.
func (o *object) set(name string, value any) {
	if _, ok := o.values[name]; !ok {
		o.names = append(o.names, name)
	}
	o.values[name] = value
}

func (o *object) delete(name string) {
	if _, ok := o.values[name]; ok {
		delete(o.values, name)
		o.names = slices.DeleteFunc(o.names, func(n string) bool { return n == name })
	}
}

// clone copies the object with all that is in it.
func (o *object) clone() *object {
	c := newObject()
	for _, name := range o.names {
		c.set(name, cloneValue(o.values[name]))
	}
	return c
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case *object:
		return v.clone()
	case []any:
		c := make([]any, len(v))
		for i := range v {
			c[i] = cloneValue(v[i])
		}
		return c
	}
	return v
}

// UnmarshalJSON reads an object.
func (o *object) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	v, err := decodeValue(decoder)
	if err != nil {
		return err
	}
	read, ok := v.(*object)
	if !ok {
		return fmt.Errorf("decode object: it is %T", v)
	}
	*o = *read
	return nil
}

func decodeValue(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		o := newObject()
		for decoder.More() {
			name, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			value, err := decodeValue(decoder)
			if err != nil {
				return nil, err
			}
			o.set(name.(string), value)
		}
		_, err := decoder.Token()
		return o, err
	case json.Delim('['):
		list := []any{}
		for decoder.More() {
			value, err := decodeValue(decoder)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err := decoder.Token()
		return list, err
	}
	return token, nil
}

// MarshalJSON writes the object in its order.
func (o *object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, name := range o.names {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, part := range []any{name, o.values[name]} {
			if j > 0 {
				b.WriteByte(':')
			}
			encoder := json.NewEncoder(&b)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(part); err != nil {
				return nil, err
			}
			b.Truncate(b.Len() - 1)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// walk calls visit for each object in v, the outer before the inner.
func walk(v any, visit func(*object)) {
	switch v := v.(type) {
	case *object:
		visit(v)
		for _, name := range slices.Clone(v.names) {
			walk(v.values[name], visit)
		}
	case []any:
		for _, item := range v {
			walk(item, visit)
		}
	}
}

// texts makes a JSON array of strings.
func texts(items ...string) []any {
	list := make([]any, len(items))
	for i, item := range items {
		list[i] = item
	}
	return list
}

// pairs makes an object of names and values by turns.
func pairs(namesAndValues ...any) *object {
	o := newObject()
	for i := 0; i < len(namesAndValues); i += 2 {
		o.set(namesAndValues[i].(string), namesAndValues[i+1])
	}
	return o
}

package gateway

import (
	"bytes"
	"encoding/json"
	"strconv"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// locator walks through JSON along a message descriptor.
type locator struct {
	decoder *json.Decoder
	data    []byte
	target  int
	found   *place
}

// locate finds the place of the token that begins at or after the byte at target. data is valid JSON.
func locate(data []byte, message protoreflect.MessageDescriptor, target int) place {
	l := &locator{decoder: json.NewDecoder(bytes.NewReader(data)), data: data, target: target}
	l.decoder.UseNumber()
	l.value(place{message: message})
	if l.found == nil {
		return place{message: message}
	}
	return *l.found
}

// next reads a token; false when the walk is over because the target is reached at p or the input ended.
func (l *locator) next(p place) (json.Token, bool) {
	start := int(l.decoder.InputOffset())
	for start < len(l.data) && bytes.IndexByte([]byte(" \t\r\n,:"), l.data[start]) >= 0 {
		start++
	}
	token, err := l.decoder.Token()
	if err != nil {
		return nil, false
	}
	if start >= l.target {
		if name, ok := token.(string); ok && p.isName {
			p.name, p.path = name, join(p.path, name, p.message == nil)
		}
		l.found = &p
		return token, false
	}
	return token, true
}

// value walks through the value that stands at p; false ends the walk.
func (l *locator) value(p place) bool {
	token, ok := l.next(p)
	if !ok {
		return false
	}
	switch token {
	case json.Delim('{'):
		return l.object(p)
	case json.Delim('['):
		return l.list(p)
	}
	return true
}

func (l *locator) object(p place) bool {
	// Fields are named in messages; names of maps and of values without fields are data.
	message := p.message
	if p.field != nil {
		message = messageOf(p.field, p.item)
	}
	seen := map[string]bool{}
	for l.decoder.More() {
		at := place{path: p.path, message: message, isName: true}
		token, ok := l.nextName(at, seen)
		if !ok {
			return false
		}
		name, _ := token.(string)
		inner := place{path: join(p.path, name, message == nil), message: nil, field: p.field, item: true}
		if message != nil {
			inner.item, inner.field = false, fieldOf(message, name)
			if inner.field != nil {
				seen[inner.field.JSONName()] = true
			}
		} else {
			seen[name] = true
		}
		if !l.value(inner) {
			return false
		}
	}
	_, ok := l.next(p)
	return ok
}

// nextName reads the name of a field and tells whether it stood there before.
func (l *locator) nextName(p place, seen map[string]bool) (json.Token, bool) {
	token, ok := l.next(p)
	if !ok && l.found != nil && l.found.isName {
		key := l.found.name
		if p.message != nil {
			if field := fieldOf(p.message, key); field != nil {
				key = field.JSONName()
			}
		}
		l.found.taken = seen[key]
	}
	return token, ok
}

func (l *locator) list(p place) bool {
	for i := 0; l.decoder.More(); i++ {
		if !l.value(place{path: p.path + "[" + strconv.Itoa(i) + "]", field: p.field, item: true}) {
			return false
		}
	}
	_, ok := l.next(p)
	return ok
}

// messageOf returns the message that an object in the place of the field's value, or of an item of it, has to be; nil where its names are data.
func messageOf(field protoreflect.FieldDescriptor, item bool) protoreflect.MessageDescriptor {
	if field.IsMap() {
		if !item {
			return nil
		}
		return plainMessage(field.MapValue().Message())
	}
	return plainMessage(field.Message())
}

func plainMessage(m protoreflect.MessageDescriptor) protoreflect.MessageDescriptor {
	if m == nil || scalarMessage(m) {
		return nil
	}
	return m
}

// join adds a name to a path; names of maps are quoted in brackets.
func join(path, name string, data bool) string {
	name = clip(name)
	switch {
	case data:
		return path + "[" + strconv.Quote(name) + "]"
	case path == "":
		return name
	}
	return path + "." + name
}

package main

import (
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const refPrefix = "#/components/schemas/"

// mender mends a document along the descriptors that it was made from.
type mender struct {
	schemas  *object
	services []protoreflect.ServiceDescriptor
	// messages are all that requests and responses consist of, by full name.
	messages map[string]protoreflect.MessageDescriptor
}

// mendSchemas makes the schemas of messages say what protojson reads and writes.
func (m *mender) mendSchemas(components *object) {
	m.messages = map[string]protoreflect.MessageDescriptor{}
	for _, service := range m.services {
		for i := range service.Methods().Len() {
			m.collect(service.Methods().Get(i).Input())
			m.collect(service.Methods().Get(i).Output())
		}
	}
	for _, name := range m.schemas.names {
		if message, ok := m.messages[name]; ok {
			mendMessage(m.schemas.object(name), message)
		}
	}
	m.schemas.set("google.protobuf.Any", pairs(
		"type", "object", "title", "Any", "description", "A message of the type that `@type` names, with its fields beside it.",
		"required", texts("@type"), "properties", pairs("@type", pairs("type", "string")), "additionalProperties", true))
	if status := m.schemas.object("google.rpc.Status"); status != nil {
		status.set("description", "The error of one item of a batch.")
		status.object("properties").object("code").set("description", "The canonical code as a number, for example 3 for INVALID_ARGUMENT and 6 for ALREADY_EXISTS.")
		status.object("properties").object("message").set("description", "What went wrong, for developers, in English.")
		status.object("properties").object("details").set("items", pairs("$ref", refPrefix+"ErrorDetail"))
	}
	if mask := m.schemas.object("google.protobuf.FieldMask"); mask != nil {
		mask.set("description", "Names of fields, separated by commas, for example `displayName,draft`.")
	}
	if duration := m.schemas.object("google.protobuf.Duration"); duration != nil {
		// The format of that name is another one, ISO 8601.
		duration.delete("format")
		duration.set("pattern", `^-?[0-9]+(\.[0-9]{1,9})?s$`)
		duration.set("description", "A length of time in seconds, for example `86400s`.")
	}
	m.addPartials()
	// Requests without a value are as good as those with null, but no answer holds null: clients need not be ready for it.
	walk(components, func(o *object) {
		if types := o.list("type"); types != nil {
			o.set("type", withoutNull(types))
		}
	})
}

func (m *mender) collect(message protoreflect.MessageDescriptor) {
	if _, known := m.messages[string(message.FullName())]; known {
		return
	}
	m.messages[string(message.FullName())] = message
	for i := range message.Fields().Len() {
		if inner := message.Fields().Get(i).Message(); inner != nil {
			m.collect(inner)
		}
	}
}

func withoutNull(types []any) any {
	kept := make([]any, 0, len(types))
	for _, t := range types {
		if t != "null" {
			kept = append(kept, t)
		}
	}
	if len(kept) == 1 {
		return kept[0]
	}
	return kept
}

// mendMessage rewrites the schema of a message.
func mendMessage(schema *object, message protoreflect.MessageDescriptor) {
	flatten(schema, message)
	properties := schema.object("properties")
	if properties == nil {
		return
	}
	for _, name := range properties.names {
		property := properties.object(name)
		field := message.Fields().ByJSONName(name)
		if property == nil || field == nil {
			continue
		}
		// The generator's titles are the proto names, which REST never shows.
		property.delete("title")
		// `Output only in other calls` is not meant.
		if text := property.text("description"); strings.Contains(text, "Output only.") || strings.Contains(text, "Output only;") {
			property.set("readOnly", true)
		}
		if field.IsMap() {
			mendMap(property, field)
		}
	}
}

// flatten replaces `allOf` of plain fields and alternatives, which together with `additionalProperties: false` allows no field at all, by one list of
// properties and the rule of which alternatives go together.
func flatten(schema *object, message protoreflect.MessageDescriptor) {
	if schema.list("allOf") == nil {
		return
	}
	properties := newObject()
	for i := range message.Fields().Len() {
		name := message.Fields().Get(i).JSONName()
		for _, part := range schema.list("allOf") {
			if found := findProperty(part.(*object), name); found != nil {
				properties.set(name, found)
			}
		}
	}
	var rules []any
	for i := range message.Oneofs().Len() {
		if oneof := message.Oneofs().Get(i); !oneof.IsSynthetic() {
			rules = append(rules, pairs("oneOf", alternatives(oneof)))
		}
	}
	schema.delete("allOf")
	schema.set("properties", properties)
	if len(rules) == 1 {
		schema.set("oneOf", rules[0].(*object).get("oneOf"))
	} else if len(rules) > 1 {
		schema.set("allOf", rules)
	}
}

func findProperty(part *object, name string) *object {
	if properties := part.object("properties"); properties != nil && properties.object(name) != nil {
		return properties.object(name)
	}
	for _, alternative := range part.list("oneOf") {
		if found := findProperty(alternative.(*object), name); found != nil {
			return found
		}
	}
	return nil
}

// alternatives says that exactly one field of the oneof is there, or at most one where none is needed.
func alternatives(oneof protoreflect.OneofDescriptor) []any {
	var one []any
	for i := range oneof.Fields().Len() {
		name := oneof.Fields().Get(i).JSONName()
		one = append(one, pairs("title", name, "required", texts(name)))
	}
	rules, _ := proto.GetExtension(oneof.Options(), validate.E_Oneof).(*validate.OneofRules)
	if rules.GetRequired() {
		return one
	}
	return orNone(one)
}

// orNone adds to the alternatives of a oneof that there is none.
func orNone(one []any) []any {
	const none = "none"
	if len(one) > 0 && one[len(one)-1].(*object).text("title") == none {
		return one
	}
	return append(one, pairs("title", none, "not", pairs("anyOf", cloneValue(one))))
}

// mendMap adds the rule of the names of a map, which the generator leaves out.
func mendMap(property *object, field protoreflect.FieldDescriptor) {
	if values := property.object("additionalProperties"); values != nil {
		values.delete("title")
	}
	rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	if pattern := rules.GetMap().GetKeys().GetString().GetPattern(); pattern != "" {
		property.set("propertyNames", pairs("pattern", pattern))
	}
}

// addPartials gives fields of requests whose rules are not checked as a whole (IGNORE_ALWAYS, as in updates by mask) a schema of their own in which
// everything may be missing.
func (m *mender) addPartials() {
	for _, service := range m.services {
		for i := range service.Methods().Len() {
			input := service.Methods().Get(i).Input()
			for j := range input.Fields().Len() {
				field := input.Fields().Get(j)
				rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
				if field.Message() == nil || rules.GetIgnore() != validate.Ignore_IGNORE_ALWAYS {
					continue
				}
				name := string(field.Message().FullName())
				partial := m.schemas.object(name).clone()
				partial.delete("required")
				if one := partial.list("oneOf"); one != nil {
					partial.set("oneOf", orNone(one))
				}
				for _, rule := range partial.list("allOf") {
					rule.(*object).set("oneOf", orNone(rule.(*object).list("oneOf")))
				}
				partial.set("title", partial.text("title")+"Changes")
				partial.set("description", partial.text("description")+" In an update only what changes need be there.")
				m.schemas.set(name+"Changes", partial)
			}
		}
	}
}

// prune leaves out schemas that nothing refers to.
func prune(document *object) {
	schemas := document.object("components").object("schemas")
	used := map[string]bool{}
	var follow func(v any)
	follow = func(v any) {
		walk(v, func(o *object) {
			name, isRef := strings.CutPrefix(o.text("$ref"), refPrefix)
			if isRef && !used[name] {
				used[name] = true
				follow(schemas.object(name))
			}
		})
	}
	follow(document.object("paths"))
	for _, section := range document.object("components").names {
		if section != "schemas" {
			follow(document.object("components").get(section))
		}
	}
	for _, name := range append([]string{}, schemas.names...) {
		if !used[name] {
			schemas.delete(name)
		}
	}
}

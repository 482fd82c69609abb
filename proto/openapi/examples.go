package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// examples are values that read like real ones, in place of those that viewers make up of patterns.
//
//go:embed examples.json
var examples []byte

// addExamples puts the examples into the document. One that nothing takes, or a body without one, is an error.
func addExamples(document *object, services []protoreflect.ServiceDescriptor) error {
	var given object
	if err := json.Unmarshal(examples, &given); err != nil {
		return fmt.Errorf("decode examples: %w", err)
	}
	bodies := given.object("bodies")
	used, methods := map[string]bool{}, map[string]string{}
	for _, b := range bindings(services) {
		methods[b.operation()] = methodID(b.rpc)
	}
	for _, path := range document.object("paths").names {
		item := document.object("paths").object(path)
		for _, verb := range item.names {
			operation := item.object(verb)
			for _, p := range operation.list("parameters") {
				parameter := p.(*object)
				if example := given.object("parameters").get(parameter.text("name")); example != nil && parameter.text("in") == "path" {
					parameter.set("example", example)
				}
			}
			body := operation.object("requestBody")
			if body == nil {
				continue
			}
			// All routes of a method take the same, unless one has a body of its own here.
			id := operation.text("operationId")
			if bodies.get(id) == nil {
				id = methods[id]
			}
			example := bodies.get(id)
			if example == nil {
				return fmt.Errorf("examples.json lacks a body for %s", id)
			}
			used[id] = true
			body.object("content").object("application/json").set("example", example)
		}
	}
	for _, id := range bodies.names {
		if !used[id] {
			return fmt.Errorf("examples.json has a body for %s, which is no operation with one", id)
		}
	}
	walk(document, func(o *object) {
		properties := o.object("properties")
		if properties == nil {
			return
		}
		for _, name := range properties.names {
			property, example := properties.object(name), given.object("properties").get(name)
			if property != nil && example != nil && property.text("pattern") != "" && !slices.Contains(property.names, "examples") {
				property.set("examples", []any{example})
			}
		}
	})
	return nil
}

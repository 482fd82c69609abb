package kube

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// address is where the schemas are known to the compiler; nothing is fetched from it.
const address = "kubernetes.json"

// Schemas know every kind of a Kubernetes release.
type Schemas struct {
	compiler *jsonschema.Compiler
	names    map[groupKind]string
	compiled map[string]*jsonschema.Schema
}

// New makes schemas of an OpenAPI document, version 2, as the API server publishes it.
func New(openAPI []byte) (*Schemas, error) {
	var d document
	if err := json.Unmarshal(openAPI, &d); err != nil {
		return nil, fmt.Errorf("decode OpenAPI document: %w", err)
	}
	if len(d.Definitions) == 0 {
		return nil, errors.New("decode OpenAPI document: it has no definitions")
	}
	s := &Schemas{compiler: jsonschema.NewCompiler(), names: map[groupKind]string{}, compiled: map[string]*jsonschema.Schema{}}
	definitions := make(map[string]any, len(d.Definitions))
	for name, definition := range d.Definitions {
		kinds, err := kindsOf(definition)
		if err != nil {
			return nil, fmt.Errorf("read definition %s: %w", name, err)
		}
		for _, k := range kinds {
			s.names[k] = name
		}
		definitions[name] = strict(name, definition)
	}
	s.compiler.AssertContent()
	if err := s.compiler.AddResource(address, map[string]any{"$defs": definitions}); err != nil {
		return nil, fmt.Errorf("add schemas: %w", err)
	}
	return s, nil
}

// Knows tells whether a kind is part of Kubernetes itself.
func (s *Schemas) Knows(apiVersion, kind string) bool {
	_, ok := s.names[kindFrom(apiVersion, kind)]
	return ok
}

// Check says what is wrong with an object as it was decoded from JSON or YAML.
func (s *Schemas) Check(object map[string]any) error {
	apiVersion, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	name, ok := s.names[kindFrom(apiVersion, kind)]
	if !ok {
		return fmt.Errorf("there is no kind %q in %q", kind, apiVersion)
	}
	schema, err := s.schema(name)
	if err != nil {
		return err
	}
	// Numbers as the validator wants them.
	raw, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("encode object: %w", err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err != nil {
		return fmt.Errorf("decode object: %w", err)
	}
	var invalid *jsonschema.ValidationError
	if err := schema.Validate(value); errors.As(err, &invalid) {
		return errors.New(flatten(invalid))
	} else if err != nil {
		return fmt.Errorf("validate: %w", err)
	}
	return nil
}

func (s *Schemas) schema(name string) (*jsonschema.Schema, error) {
	if found, ok := s.compiled[name]; ok {
		return found, nil
	}
	schema, err := s.compiler.Compile(address + "#/$defs/" + name)
	if err != nil {
		return nil, fmt.Errorf("compile schema of %s: %w", name, err)
	}
	s.compiled[name] = schema
	return schema, nil
}

func kindFrom(apiVersion, kind string) groupKind {
	group, version, found := strings.Cut(apiVersion, "/")
	if !found {
		group, version = "", apiVersion
	}
	return groupKind{group: group, version: version, kind: kind}
}

// flatten gives the faults at the ends of the tree, each with its place.
func flatten(e *jsonschema.ValidationError) string {
	if len(e.Causes) > 0 {
		parts := make([]string, 0, len(e.Causes))
		for _, c := range e.Causes {
			parts = append(parts, flatten(c))
		}
		return strings.Join(parts, "; ")
	}
	text := e.Error()
	if i := strings.LastIndex(text, "\n"); i >= 0 {
		text = strings.TrimPrefix(strings.TrimSpace(text[i+1:]), "- ")
	}
	return strings.TrimPrefix(text, "at ")
}

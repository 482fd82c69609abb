package kube

import "strings"

// Names of definitions whose JSON form their OpenAPI type does not tell.
const (
	quantity    = "io.k8s.apimachinery.pkg.api.resource.Quantity"
	intOrString = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
)

// quantityPattern is the grammar of quantities: 500m, 1.5Gi, 1e3.
const quantityPattern = `^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(([KMGTPE]i)|[numkMGTPE]|([eE][+-]?[0-9]+))?$`

// strict turns a definition into a JSON schema that refuses what the API server would drop or refuse: fields that it does not know, and null.
func strict(name string, definition map[string]any) map[string]any {
	switch name {
	case quantity:
		return map[string]any{"anyOf": []any{
			map[string]any{"type": "string", "pattern": quantityPattern}, map[string]any{"type": "number"},
		}}
	case intOrString:
		return map[string]any{"type": []any{"integer", "string"}}
	}
	out := schemaOf(definition)
	if _, described := definition["properties"]; described {
		out["additionalProperties"] = false
	}
	return out
}

// schemaOf copies what says something about values; formats that JSON schemas do not know become bounds.
func schemaOf(node map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range node {
		switch key {
		case "$ref":
			ref, _ := value.(string)
			out["$ref"] = strings.Replace(ref, "#/definitions/", "#/$defs/", 1)
		case "type", "required", "enum", "minimum", "maximum", "pattern", "minLength", "maxLength":
			out[key] = value
		case "items":
			if items, ok := value.(map[string]any); ok {
				out[key] = schemaOf(items)
			}
		case "additionalProperties":
			if of, ok := value.(map[string]any); ok {
				out[key] = schemaOf(of)
			} else {
				out[key] = value
			}
		case "properties":
			properties := map[string]any{}
			for name, property := range value.(map[string]any) {
				properties[name] = schemaOf(property.(map[string]any))
			}
			out[key] = properties
		}
	}
	switch node["format"] {
	case "int32":
		out["minimum"], out["maximum"] = -1<<31, 1<<31-1
	case "byte":
		out["contentEncoding"] = "base64"
	}
	return out
}

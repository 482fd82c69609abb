package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// maxMessageBytes bounds a file that holds one message: a model of 20 dimensions with 60 items in three languages fits.
const maxMessageBytes = 4 << 20

// readMessage reads a message from a JSON or YAML file, `-` being standard input. Fields are those of the API; beside the API's names, enums may be
// written as on the command line (`nps` for `METRIC_NPS`) and texts without the field `texts` (`{en: …, ru: …}`).
func (c *call) readMessage(path string, m proto.Message) error {
	file, err := c.openText(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	raw, err := io.ReadAll(io.LimitReader(file, maxMessageBytes+1))
	switch {
	case err != nil:
		return fmt.Errorf("read %s: %w", path, err)
	case len(raw) > maxMessageBytes:
		return exit.Usagef("%s is larger than %d MiB", path, maxMessageBytes>>20)
	}
	// JSON is YAML too.
	var document map[string]any
	if err := yaml.Unmarshal(raw, &document); err != nil {
		return exit.Usagef("%s is neither JSON nor YAML: %w", path, err)
	}
	plain, err := json.Marshal(spelled(document, m.ProtoReflect().Descriptor()))
	if err != nil {
		return exit.Usagef("%s holds what JSON does not: %w", path, err)
	}
	if err := protojson.Unmarshal(plain, m); err != nil {
		return exit.Usagef("%s: %s", path, strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\u00a0", " "), "proto: "))
	}
	return nil
}

// spelled writes out what is short in a document that describes a message.
func spelled(document map[string]any, d protoreflect.MessageDescriptor) map[string]any {
	if d.FullName() == (&typev1.LocalizedText{}).ProtoReflect().Descriptor().FullName() {
		if _, ok := document["texts"]; !ok {
			return map[string]any{"texts": document}
		}
	}
	for name, v := range document {
		field := d.Fields().ByJSONName(name)
		if field == nil {
			field = d.Fields().ByTextName(name)
		}
		if field != nil && !field.IsMap() {
			document[name] = spelledValue(v, field)
		}
	}
	return document
}

func spelledValue(v any, field protoreflect.FieldDescriptor) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = spelledValue(v[i], field)
		}
	case map[string]any:
		if field.Message() != nil {
			return spelled(v, field.Message())
		}
	case string:
		if field.Enum() != nil {
			return enumName(v, field.Enum())
		}
	}
	return v
}

// enumName is the full name of an enum's value that is written without its prefix, and what is written where there is none.
func enumName(word string, d protoreflect.EnumDescriptor) string {
	zero := string(d.Values().Get(0).Name())
	full := strings.TrimSuffix(zero, "UNSPECIFIED") + strings.ToUpper(strings.ReplaceAll(word, "-", "_"))
	if d.Values().ByName(protoreflect.Name(full)) != nil {
		return full
	}
	return word
}

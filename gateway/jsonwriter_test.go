package gateway

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	"pgregory.net/rapid"
)

// fill puts random values into some fields of a message.
func fill(t *rapid.T, m protoreflect.Message, depth int) {
	switch m.Descriptor().FullName() {
	case timestampName:
		fields := m.Descriptor().Fields()
		m.Set(fields.ByName("seconds"), protoreflect.ValueOfInt64(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds")))
		nanos := rapid.SampledFrom([]int32{0, 1, 1e3, 1e6, 999999999, 120e6, 34e3}).Draw(t, "nanos")
		m.Set(fields.ByName("nanos"), protoreflect.ValueOfInt32(nanos))
		return
	case "google.protobuf.Any":
		return
	case "google.protobuf.Struct":
		content, err := structpb.NewStruct(map[string]any{
			rapid.String().Draw(t, "name"): rapid.Float64().Draw(t, "number"),
			"list":                         []any{nil, rapid.Bool().Draw(t, "item"), map[string]any{"text": rapid.String().Draw(t, "text")}},
		})
		if err != nil {
			t.Fatalf("make content: %v", err)
		}
		proto.Merge(m.Interface(), content)
		return
	}
	for i := range m.Descriptor().Fields().Len() {
		field := m.Descriptor().Fields().Get(i)
		if field.Message() != nil && depth == 0 || !rapid.Bool().Draw(t, "set") {
			continue
		}
		switch {
		case field.IsMap():
			entries := m.Mutable(field).Map()
			for range rapid.IntRange(0, 3).Draw(t, "entries") {
				content := entries.NewValue()
				if field.MapValue().Message() != nil {
					fill(t, content.Message(), depth-1)
				} else {
					content = value(t, field.MapValue())
				}
				entries.Set(value(t, field.MapKey()).MapKey(), content)
			}
		case field.IsList():
			list := m.Mutable(field).List()
			for range rapid.IntRange(0, 3).Draw(t, "items") {
				if field.Message() != nil {
					fill(t, list.AppendMutable().Message(), depth-1)
				} else {
					list.Append(value(t, field))
				}
			}
		case field.Message() != nil:
			fill(t, m.Mutable(field).Message(), depth-1)
		default:
			m.Set(field, value(t, field))
		}
	}
}

func value(t *rapid.T, field protoreflect.FieldDescriptor) protoreflect.Value {
	switch field.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "\x00\x1f\"\\\b\f\n\r\t\x7f</\u2028", "ө\uFFFD𝒳"})).Draw(t, "string"))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(t, "bool"))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(rapid.Int32Range(-1, 12).Draw(t, "enum")))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(rapid.Int32().Draw(t, "int32"))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(rapid.Int64().Draw(t, "int64"))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(rapid.SliceOfN(rapid.Byte(), 0, 10).Draw(t, "bytes"))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 1e21, 1e-7, 39.84, 1e-9, 123456789012345})).Draw(t, "double"))
	}
	t.Fatalf("the test makes no values of the kind %v", field.Kind())
	return protoreflect.Value{}
}

func compact(t interface{ Fatalf(string, ...any) }, data []byte) string {
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, data)
	}
	return b.String()
}

func compare(t interface {
	Fatalf(string, ...any)
}, w *jsonWriter, message proto.Message) {
	want, wantErr := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(message)
	got, err := w.append(nil, message)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("error %v, protojson's %v", err, wantErr)
	}
	if err == nil && compact(t, got) != compact(t, want) {
		t.Fatalf("wrote\n%s\nprotojson writes\n%s", got, want)
	}
}

func TestAnswersAreWrittenAsByProtojson(t *testing.T) {
	routes := allRoutes(t)
	for _, r := range routes {
		output := typeOf(t, r.rpc.Output())
		w := newJSONWriter(r.rpc.Output())
		rapid.Check(t, func(t *rapid.T) {
			message := output.New()
			fill(t, message, 5)
			compare(t, w, message.Interface())
		})
	}
}

func TestOtherMessagesAreWrittenAsByProtojson(t *testing.T) {
	w := newJSONWriter((&wrapperspb.BytesValue{}).ProtoReflect().Descriptor(), (&timestamppb.Timestamp{}).ProtoReflect().Descriptor())
	list, err := structpb.NewList([]any{1, "a", nil, map[string]any{"b": true}})
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range []proto.Message{
		wrapperspb.Bytes([]byte{1, 2, 255}), durationpb.New(1500e6), list, timestamppb.Now(),
		&timestamppb.Timestamp{Seconds: -62135596801}, &timestamppb.Timestamp{Nanos: -1}, wrapperspb.String("\xff"),
	} {
		compare(t, w, message)
	}
}

func TestInvalidUTF8IsAnError(t *testing.T) {
	if _, err := appendString(nil, "a\xffb"); err == nil {
		t.Error("it was written")
	}
}

func BenchmarkWriteJSON(b *testing.B) {
	message := sampleAnswer()
	w := newJSONWriter(message.ProtoReflect().Descriptor())
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := w.append(nil, message); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("protojson", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := (protojson.MarshalOptions{EmitDefaultValues: true}).Marshal(message); err != nil {
				b.Fatal(err)
			}
		}
	})
}

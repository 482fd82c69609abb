package rpccodec_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/otklik/otklik/libs/rpccodec"
	"github.com/otklik/otklik/libs/rpcerr"
)

func decode(t testing.TB, limit int, data []byte, m proto.Message) error {
	t.Helper()
	if err := rpccodec.New(limit).Unmarshal(mem.BufferSlice{mem.SliceBuffer(data)}, m); err != nil {
		t.Fatalf("the codec failed: %v", err)
	}
	return rpccodec.Refusal(m)
}

func encode(t testing.TB, m proto.Message) []byte {
	t.Helper()
	data, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSoundMessages(t *testing.T) {
	want := &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "a", Description: "ä"}}}
	got := &errdetails.BadRequest{}
	if err := decode(t, 0, encode(t, want), got); err != nil || !proto.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	data, err := rpccodec.New(0).Marshal(want)
	if err != nil || string(data.Materialize()) != string(encode(t, want)) {
		t.Errorf("encoded as %x, %v", data.Materialize(), err)
	}
}

func TestLimit(t *testing.T) {
	data := encode(t, &errdetails.ErrorInfo{Reason: strings.Repeat("x", 100)})
	if err := decode(t, len(data), data, &errdetails.ErrorInfo{}); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	m := &errdetails.ErrorInfo{}
	if err := decode(t, len(data)-1, data, m); rpcerr.Code(err) != codes.InvalidArgument || rpcerr.Reason(err) != rpccodec.ReasonTooLarge {
		t.Errorf("over the limit: %v", err)
	}
	if m.GetReason() != "" {
		t.Error("a refused message has content")
	}
	if _, err := rpccodec.CheckInProcess(&errdetails.ErrorInfo{Reason: strings.Repeat("x", 100)}, nil, len(data)-1); rpcerr.Reason(err) != rpccodec.ReasonTooLarge {
		t.Errorf("in process: %v", err)
	}
}

// corrupt encodes a message with the text BAD somewhere and makes that text invalid.
func corrupt(t testing.TB, m proto.Message) []byte {
	t.Helper()
	return []byte(strings.ReplaceAll(string(encode(t, m)), "BAD", "\xff\xfe\xfd"))
}

func TestInvalidTextIsLocated(t *testing.T) {
	nested, err := structpb.NewValue(map[string]any{"list": []any{"ok", "BAD"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		message proto.Message
		want    string
	}{
		{&errdetails.ErrorInfo{Reason: "BAD"}, "reason"},
		{&errdetails.ErrorInfo{Reason: "ok", Metadata: map[string]string{"k": "BAD"}}, "metadata.value"},
		{&errdetails.ErrorInfo{Metadata: map[string]string{"BAD": "v"}}, "metadata.key"},
		{&errdetails.DebugInfo{StackEntries: []string{"ok", "BAD"}}, "stack_entries[1]"},
		{&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "a"}, {LocalizedMessage: &errdetails.LocalizedMessage{Message: "BAD"}}}},
			"field_violations[1].localized_message.message"},
		{nested, "struct_value.fields.value.list_value.values[1].string_value"},
	} {
		data := corrupt(t, tc.message)
		fresh := tc.message.ProtoReflect().New().Interface()
		checkRefusal(t, "over the wire", decode(t, 0, data, fresh), tc.want)

		// In memory such a message can be made by decoding without the check.
		bad := proto.Clone(tc.message)
		spoil(bad)
		_, err := rpccodec.CheckInProcess(bad, nil, 0)
		checkRefusal(t, "in process", err, tc.want)
	}
}

func checkRefusal(t *testing.T, how string, err error, field string) {
	t.Helper()
	if rpcerr.Reason(err) != rpccodec.ReasonMalformed {
		t.Errorf("%s: %v", how, err)
		return
	}
	if f := rpcerr.Fields(err); len(f) != 1 || f[0].Field != field {
		t.Errorf("%s: fields %v, want %s", how, f, field)
	}
}

// spoil replaces the text BAD in the messages of the test by bytes that are no UTF-8.
func spoil(m proto.Message) {
	const bad = "\xff\xfe\xfd"
	switch m := m.(type) {
	case *errdetails.ErrorInfo:
		if m.Reason == "BAD" {
			m.Reason = bad
		}
		for k, v := range m.Metadata {
			delete(m.Metadata, k)
			m.Metadata[strings.ReplaceAll(k, "BAD", bad)] = strings.ReplaceAll(v, "BAD", bad)
		}
	case *errdetails.DebugInfo:
		m.StackEntries[1] = bad
	case *errdetails.BadRequest:
		m.FieldViolations[1].LocalizedMessage.Message = bad
	case *structpb.Value:
		m.GetStructValue().Fields["list"].GetListValue().Values[1] = structpb.NewStringValue(bad)
	}
}

func TestSoundMessageInProcess(t *testing.T) {
	m := &errdetails.ErrorInfo{Reason: "ä", Metadata: map[string]string{"k": "v"}}
	buf, err := rpccodec.CheckInProcess(m, make([]byte, 0, 100), 0)
	if err != nil || cap(buf) != 100 {
		t.Errorf("got %v, a buffer of %d bytes", err, cap(buf))
	}
}

func TestNoMessage(t *testing.T) {
	if err := rpccodec.New(0).Unmarshal(mem.BufferSlice{mem.SliceBuffer("x")}, new(int)); err == nil {
		t.Error("decoded into a number")
	}
}

// FuzzUnmarshal: whatever the bytes, the codec does not fail, what it does not refuse is what protobuf decodes, and a field that it blames
// is reported as text.
func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0xff})
	f.Add(corrupt(f, &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "BAD"}}}))
	f.Add(encode(f, &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "a", Description: "b"}}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, want := &errdetails.BadRequest{}, &errdetails.BadRequest{}
		refusal := decode(t, 1000, data, got)
		err := proto.Unmarshal(data, want)
		switch {
		case refusal == nil && err != nil:
			t.Errorf("not refused: %v", err)
		case refusal == nil && !proto.Equal(got, want):
			t.Errorf("decoded as %v, want %v", got, want)
		case refusal != nil && rpcerr.Code(refusal) != codes.InvalidArgument:
			t.Errorf("refused with %v", refusal)
		}
		for _, field := range rpcerr.Fields(refusal) {
			if !utf8.ValidString(field.Field) {
				t.Errorf("field %q", field.Field)
			}
		}
	})
}

package page_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := page.Codec{Now: func() time.Time { return start }}
		binding := rapid.SliceOf(rapid.Byte()).Draw(t, "binding")
		cursor := rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "cursor")
		got, err := c.Decode(binding, c.Encode(binding, cursor))
		if err != nil || !bytes.Equal(got, cursor) {
			t.Fatalf("got %x, %v", got, err)
		}
	})
}

func TestEveryChangedCharacterIsNoticed(t *testing.T) {
	c := page.Codec{Now: func() time.Time { return start }}
	token := c.Encode([]byte("b"), []byte("cursor"))
	for i := range token {
		changed := []byte(token)
		if changed[i]++; changed[i] == token[i] {
			t.Fatal("nothing changed")
		}
		if got, err := c.Decode([]byte("b"), string(changed)); !errors.Is(err, page.ErrMalformed) {
			t.Errorf("character %d: got %q, %v", i, got, err)
		}
	}
}

func TestFirstAndLastPage(t *testing.T) {
	var c page.Codec
	if token := c.Encode([]byte("b"), nil); token != "" {
		t.Errorf("the last page has the token %q", token)
	}
	if cursor, err := c.Decode([]byte("b"), ""); cursor != nil || err != nil {
		t.Errorf("the first page: %q, %v", cursor, err)
	}
}

func TestExpiry(t *testing.T) {
	clock := testkit.NewClock(start)
	c := page.Codec{TTL: time.Hour, Now: clock.Now}
	token := c.Encode([]byte("b"), []byte("c"))
	clock.Advance(time.Hour - time.Nanosecond)
	if _, err := c.Decode([]byte("b"), token); err != nil {
		t.Errorf("just before the end: %v", err)
	}
	clock.Advance(time.Second + time.Nanosecond)
	if _, err := c.Decode([]byte("b"), token); !errors.Is(err, page.ErrExpired) {
		t.Errorf("after the end: %v", err)
	}
	// Another request's token is a mismatch however old it is.
	if _, err := c.Decode([]byte("other"), token); !errors.Is(err, page.ErrMismatch) {
		t.Errorf("another request: %v", err)
	}
}

func TestDefaultTTLIsADay(t *testing.T) {
	clock := testkit.NewClock(start)
	c := page.Codec{Now: clock.Now}
	token := c.Encode([]byte("b"), []byte("c"))
	clock.Advance(24*time.Hour - time.Second)
	if _, err := c.Decode([]byte("b"), token); err != nil {
		t.Errorf("after 23:59:59: %v", err)
	}
	clock.Advance(2 * time.Second)
	if _, err := c.Decode([]byte("b"), token); !errors.Is(err, page.ErrExpired) {
		t.Errorf("after 24:00:01: %v", err)
	}
}

// listRequest makes a message like any request of a list.
func listRequest(t *testing.T) func(parent, filter string, size int32, token string) proto.Message {
	t.Helper()
	field := func(name string, number int32, typ descriptorpb.FieldDescriptorProto_Type) *descriptorpb.FieldDescriptorProto {
		return &descriptorpb.FieldDescriptorProto{Name: &name, Number: &number, Type: &typ}
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("list.proto"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{
			Name: proto.String("ListRequest"),
			Field: []*descriptorpb.FieldDescriptorProto{
				field("parent", 1, descriptorpb.FieldDescriptorProto_TYPE_STRING),
				field("filter", 2, descriptorpb.FieldDescriptorProto_TYPE_STRING),
				field("page_size", 3, descriptorpb.FieldDescriptorProto_TYPE_INT32),
				field("page_token", 4, descriptorpb.FieldDescriptorProto_TYPE_STRING),
			},
		}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	md := file.Messages().Get(0)
	return func(parent, filter string, size int32, token string) proto.Message {
		m := dynamicpb.NewMessage(md)
		for name, v := range map[protoreflect.Name]any{"parent": parent, "filter": filter, "page_size": size, "page_token": token} {
			m.Set(md.Fields().ByName(name), protoreflect.ValueOf(v))
		}
		return m
	}
}

func TestBinding(t *testing.T) {
	list := listRequest(t)
	req := list("surveys/s", "f", 5, "t")
	before := proto.Clone(req)
	binding := page.Binding("/m", "org", req)
	if !proto.Equal(req, before) {
		t.Error("the request was changed")
	}
	same := list("surveys/s", "f", 50, "")
	if !bytes.Equal(binding, page.Binding("/m", "org", same)) {
		t.Error("page fields take part in the binding")
	}
	for name, other := range map[string][]byte{
		"method":       page.Binding("/n", "org", req),
		"organisation": page.Binding("/m", "orga", req),
		"filter":       page.Binding("/m", "org", list("surveys/s", "g", 5, "t")),
		"split":        page.Binding("/morg", "", req),
		"no request":   page.Binding("/m", "org", nil),
		"bad text":     page.Binding("/m", "org", list("\xff", "f", 5, "t")),
	} {
		if bytes.Equal(binding, other) {
			t.Errorf("another %s gives the same binding", name)
		}
	}
}

func TestErrorsAreForCallers(t *testing.T) {
	for _, err := range []error{page.ErrMalformed, page.ErrMismatch, page.ErrExpired} {
		if rpcerr.Code(err) != codes.InvalidArgument || len(rpcerr.Fields(err)) != 1 || rpcerr.Fields(err)[0].Field != "page_token" {
			t.Errorf("%v", err)
		}
	}
}

func TestHugeTokenIsRefused(t *testing.T) {
	if _, err := (page.Codec{}).Decode(nil, strings.Repeat("A", 1<<20)); !errors.Is(err, page.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	c := page.Codec{Now: func() time.Time { return start }}
	f.Add(c.Encode([]byte("b"), []byte("cursor")))
	f.Add(c.Encode([]byte("other"), []byte("cursor")))
	f.Add("")
	f.Add("AAAA")
	f.Add(base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{1}, 60)))
	f.Fuzz(func(t *testing.T, token string) {
		cursor, err := c.Decode([]byte("b"), token)
		switch {
		case err != nil:
			if !errors.Is(err, page.ErrMalformed) && !errors.Is(err, page.ErrMismatch) && !errors.Is(err, page.ErrExpired) {
				t.Errorf("another error: %v", err)
			}
		case token != "" && len(cursor) == 0:
			t.Error("a token that leads nowhere")
		}
	})
}

package rpcserver_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/testkit/echo"
)

// rawCodec sends bytes as they are.
type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (rawCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = data
	return nil
}

func (rawCodec) Name() string { return "proto" }

// TestMalformedBytes sends requests that no sound client sends.
func TestMalformedBytes(t *testing.T) {
	h := start(t, testConfig(), actions())
	conn := h.conns["tcp"]
	badNote := protowire.AppendString(protowire.AppendTag(nil, 2, protowire.BytesType), "\xc3\x28")
	goodItem := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 3)
	text := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "text")
	items := append([]byte(nil), text...)
	for _, item := range [][]byte{goodItem, badNote} {
		items = protowire.AppendBytes(protowire.AppendTag(items, 2, protowire.BytesType), item)
	}
	for _, tc := range []struct {
		name   string
		bytes  []byte
		reason string
		fields []string
	}{
		{"truncated", text[:len(text)-1], "MALFORMED_REQUEST", nil},
		{"no tag", []byte{0xff}, "MALFORMED_REQUEST", nil},
		{"field number 0", []byte{0x02, 0x00}, "MALFORMED_REQUEST", nil},
		{"invalid UTF-8", protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "\xff"), "MALFORMED_REQUEST", []string{"text"}},
		{"invalid UTF-8 deep inside", items, "MALFORMED_REQUEST", []string{"items[1].note"}},
		{"the mark of the codec", protowire.AppendString(protowire.AppendTag(nil, 19507, protowire.BytesType), "m"), "MALFORMED_REQUEST", nil},
		{"an empty mark", protowire.AppendString(protowire.AppendTag(nil, 19507, protowire.BytesType), ""), "MALFORMED_REQUEST", nil},
		{"too large", protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), strings.Repeat("x", 20001)), "MESSAGE_TOO_LARGE", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out []byte
			err := conn.Invoke(t.Context(), echo.Echo, &tc.bytes, &out, grpc.ForceCodec(rawCodec{}))
			checkError(t, err, codes.InvalidArgument, tc.reason, tc.fields)

			cs, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, echo.Collect, grpc.ForceCodec(rawCodec{}))
			if err != nil {
				t.Fatal(err)
			}
			if err := cs.SendMsg(&tc.bytes); err != nil {
				t.Fatal(err)
			}
			if err := cs.CloseSend(); err != nil {
				t.Fatal(err)
			}
			checkError(t, cs.RecvMsg(&out), codes.InvalidArgument, tc.reason, tc.fields)
		})
	}
	t.Run("far too large", func(t *testing.T) {
		bytes := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), strings.Repeat("x", 50000))
		var out []byte
		if err := conn.Invoke(t.Context(), echo.Echo, &bytes, &out, grpc.ForceCodec(rawCodec{})); rpcerr.Code(err) != codes.ResourceExhausted {
			t.Errorf("got %v", err)
		}
	})
	t.Run("unauthenticated", func(t *testing.T) {
		bytes, out := []byte{0xff}, []byte(nil)
		err := h.connect(t, "", "")["tcp"].Invoke(t.Context(), echo.Echo, &bytes, &out, grpc.ForceCodec(rawCodec{}))
		checkError(t, err, codes.Unauthenticated, "CREDENTIALS_MISSING", nil)
	})
	if strings.Contains(h.log.String(), `"internal error"`) {
		t.Errorf("a malformed request is taken for a fault of the server:\n%s", h.log)
	}
	t.Run("unknown fields are accepted", func(t *testing.T) {
		bytes := protowire.AppendString(protowire.AppendTag(text, 1000, protowire.BytesType), "new")
		var out []byte
		if err := conn.Invoke(t.Context(), echo.Echo, &bytes, &out, grpc.ForceCodec(rawCodec{})); err != nil {
			t.Errorf("a field of a newer schema was refused: %v", err)
		}
	})
}

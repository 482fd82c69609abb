package wire_test

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/wire"
)

func TestValuesRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, f := rapid.String().Draw(rt, "string"), rapid.Float64().Draw(rt, "float")
		u, i, i32 := rapid.Uint64().Draw(rt, "unsigned"), rapid.Int64().Draw(rt, "signed"), rapid.Int32().Draw(rt, "short")
		b := wire.AppendString(nil, s)
		b = binary.AppendUvarint(b, u)
		b = binary.AppendVarint(b, i)
		b = binary.AppendVarint(b, int64(i32))
		b = append(wire.AppendFloat(b, f), 7)
		r := wire.NewReader(b)
		if got := r.String(); got != s {
			rt.Errorf("string %q, want %q", got, s)
		}
		if got := r.Uvarint(); got != u {
			rt.Errorf("unsigned %d, want %d", got, u)
		}
		if got := r.Varint(); got != i {
			rt.Errorf("signed %d, want %d", got, i)
		}
		if got := r.Varint32(); got != i32 {
			rt.Errorf("short %d, want %d", got, i32)
		}
		if got := r.Float(); math.Float64bits(got) != math.Float64bits(f) {
			rt.Errorf("float %v, want %v", got, f)
		}
		if got := r.Byte(); got != 7 || r.End() != nil || r.Len() != 0 {
			rt.Errorf("byte %d, %v", got, r.End())
		}
	})
}

func TestCorruptInputFailsForGood(t *testing.T) {
	for name, read := range map[string]func(*wire.Reader){
		"byte":        func(r *wire.Reader) { r.Byte(); r.Byte(); r.Byte() },
		"padded":      func(r *wire.Reader) { r.Uvarint() },
		"long string": func(r *wire.Reader) { _ = r.String() },
		"float":       func(r *wire.Reader) { r.Float() },
		"rest":        func(r *wire.Reader) { r.Byte() },
	} {
		r := wire.NewReader([]byte{0x80, 0})
		read(r)
		if !errors.Is(r.End(), wire.ErrCorrupt) || r.Byte() != 0 || r.String() != "" || r.Uvarint() != 0 || r.Err() == nil {
			t.Errorf("%s: %v", name, r.Err())
		}
	}
	r := wire.NewReader(binary.AppendVarint(nil, math.MaxInt32+1))
	if r.Varint32() != 0 || r.Err() == nil {
		t.Error("a number of more than 32 bits is accepted")
	}
	r = wire.NewReader(append(binary.AppendUvarint(nil, 3), 0, 0, 0, 0, 0))
	if n := r.Count(2); n != 0 || r.Err() == nil {
		t.Errorf("%d things of two bytes in five", n)
	}
}

package cases

import (
	"fmt"
	"slices"
)

// rawCodec passes bytes through.
type rawCodec struct{}

// Marshal gives the bytes.
func (rawCodec) Marshal(v any) ([]byte, error) {
	b, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("encode %T: not bytes", v)
	}
	return b, nil
}

// Unmarshal keeps the bytes.
func (rawCodec) Unmarshal(data []byte, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("decode into %T: not bytes", v)
	}
	*b = slices.Clone(data)
	return nil
}

// Name is that of the codec whose content type is sent.
func (rawCodec) Name() string { return "proto" }

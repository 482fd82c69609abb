package store

import (
	"encoding/json"
	"fmt"
)

// EncodeBody is the body of an event as it is kept.
func EncodeBody(body any) ([]byte, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode body of event: %w", err)
	}
	return b, nil
}

// DecodeBody reads what EncodeBody wrote.
func DecodeBody(e Event, into any) error {
	if err := json.Unmarshal(e.Body, into); err != nil {
		return fmt.Errorf("decode body of event %d: %w", e.Position, err)
	}
	return nil
}

package relational

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// keys are those of a map.
func keys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }

// encode is a value as it is kept in a column.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode %T: %w", v, err)
	}
	return string(b), nil
}

// decode reads what encode wrote.
func decode(text string, v any) error {
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	return nil
}

// decodeNull reads what encode wrote, nil where there is nothing.
func decodeNull[T any](text *string) (*T, error) {
	if text == nil {
		return nil, nil
	}
	v := new(T)
	return v, decode(*text, v)
}

// scanComment reads commentColumns, and leaves out aspects that were deleted.
func scanComment(row relational.Scanner) (store.Comment, error) {
	var c store.Comment
	var counted, received, similar int64
	var attributes, analysis string
	var previous, correction, deleted *string
	err := row.Scan(&c.Organization, &c.Survey, &c.Response, &c.ID, &c.Seq, &c.Question, &counted, &received, &c.AnswerLanguage, &c.Context.Touchpoint, &c.Context.Channel,
		&c.Context.Location, &c.Context.Region, &c.Context.Company, &c.NPS, &c.Person, &attributes, &c.Original, &similar, &c.Score, &c.Text, &c.Sealed, &c.Key,
		&analysis, &previous, &correction, &deleted)
	if err != nil {
		return store.Comment{}, err
	}
	c.CountTime, c.ReceiveTime, c.Similar = relational.FromMicro(counted), relational.FromMicro(received), uint64(similar) //nolint:gosec // the bits are kept
	if attributes != "" {
		if err := decode(attributes, &c.Context.Attributes); err != nil {
			return store.Comment{}, err
		}
	}
	if err := decode(analysis, &c.Analysis); err != nil {
		return store.Comment{}, err
	}
	if c.Previous, err = decodeNull[store.Analysis](previous); err != nil {
		return store.Comment{}, err
	}
	if c.Correction, err = decodeNull[store.Correction](correction); err != nil {
		return store.Comment{}, err
	}
	void, err := readDeletions(deleted)
	void.apply(&c)
	return c, err
}

// encodeNull is a value that may be missing as it is kept.
func encodeNull[T any](v *T) (*string, error) {
	if v == nil {
		return nil, nil
	}
	text, err := encode(v)
	return &text, err
}

// bodyColumns are what was made of a comment, as it is kept.
func bodyColumns(c store.Comment) (analysis string, previous, correction *string, err error) {
	if analysis, err = encode(c.Analysis); err != nil {
		return "", nil, nil, err
	}
	if previous, err = encodeNull(c.Previous); err != nil {
		return "", nil, nil, err
	}
	correction, err = encodeNull(c.Correction)
	return analysis, previous, correction, err
}

// toKey is a phrase's key as it is kept: in the same order.
func toKey(key uint64) int64 { return int64(key ^ 1<<63) } //nolint:gosec // the bits are kept

package ingest

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/comment/internal/store"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// ErrDestroyed tells that what was written was destroyed together with its key.
var ErrDestroyed = errors.New("the key was destroyed")

// Originals seals and opens what was written, as it was written. Safe for concurrent use.
type Originals struct {
	keeper *seal.Keeper
}

// NewOriginals makes originals over the keys of a keeper.
func NewOriginals(keeper *seal.Keeper) *Originals { return &Originals{keeper} }

// Keys fetches keys; those that were destroyed are missing. Errors: seal.ErrUnavailable; ctx's.
func (o *Originals) Keys(ctx context.Context, ids []string) (map[string]seal.Key, error) {
	return o.keeper.Keys(ctx, ids)
}

// KeyOfUnknown is the key for what people wrote of whom nobody knows who they are.
func (o *Originals) KeyOfUnknown(ctx context.Context, organization string) (seal.Key, error) {
	// No pseudonym looks like this.
	return o.keeper.KeyFor(ctx, "comments of "+organization)
}

// Pseudonym is what a respondent is called in what is stored, as bytes. Errors: seal.ErrUnavailable; ctx's.
func (o *Originals) Pseudonym(ctx context.Context, organization, respondent string) ([]byte, error) {
	text, err := o.keeper.Pseudonym(ctx, organization, respondent)
	if err != nil {
		return nil, err
	}
	b, ok := seal.ParsePseudonym(text)
	if !ok {
		return nil, errors.New("parse pseudonym: it has another form")
	}
	return b, nil
}

// sealOriginal seals what was written in a comment.
func sealOriginal(key seal.Key, ref store.Ref, text string) ([]byte, error) {
	sealed, err := seal.Seal(key, []byte(text), belonging(ref))
	if err != nil {
		return nil, fmt.Errorf("seal what was written: %w", err)
	}
	return sealed, nil
}

// Open returns what was written in a comment. Errors: ErrDestroyed when it was destroyed or not kept; seal.ErrUnavailable; ctx's.
func (o *Originals) Open(ctx context.Context, c store.Comment) (string, error) {
	if len(c.Sealed) == 0 {
		return "", ErrDestroyed
	}
	keys, err := o.keeper.Keys(ctx, []string{c.Key})
	if err != nil {
		return "", err
	}
	return openOriginal(keys, c)
}

// openOriginal is Open with keys that were fetched.
func openOriginal(keys map[string]seal.Key, c store.Comment) (string, error) {
	key, ok := keys[c.Key]
	if !ok || len(c.Sealed) == 0 {
		return "", ErrDestroyed
	}
	text, err := seal.Open(key, c.Sealed, belonging(c.Ref))
	if err != nil {
		return "", fmt.Errorf("open what was written: %w", err)
	}
	return string(text), nil
}

// belonging is what a sealed original belongs to: it cannot be opened as that of another comment.
func belonging(r store.Ref) []byte {
	return []byte(r.Organization + "/surveys/" + r.Survey + "/responses/" + r.Response + "/comments/" + r.ID)
}

// putWordsBack opens what an event says of a person, and puts what was written back into its answers. The response of the event is changed.
func putWordsBack(key seal.Key, e *surveyv1.Event) error {
	r := e.GetResponse()
	text, err := seal.Open(key, e.GetSealed(), []byte(e.GetOrganization()+"/"+r.GetName()))
	if err != nil {
		return fmt.Errorf("open what is said of a person: %w", err)
	}
	personal := &surveyv1.Response{}
	if err := proto.Unmarshal(text, personal); err != nil {
		return fmt.Errorf("decode what is said of a person: %w", err)
	}
	said := make(map[string]*surveyv1.Answer, len(personal.GetAnswers()))
	for _, a := range personal.GetAnswers() {
		said[a.GetQuestion()] = a
	}
	for _, a := range r.GetAnswers() {
		words := said[a.GetQuestion()]
		if words == nil {
			continue
		}
		a.Comment = words.GetComment()
		if free, ok := words.GetValue().(*surveyv1.Answer_FreeText); ok {
			a.Value = free
		}
	}
	return nil
}

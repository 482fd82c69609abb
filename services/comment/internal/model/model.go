// Package model holds the weights that the comment service was built with, and reads them once at start.
package model

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/otklik/otklik/services/comment/internal/aspect"
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/linear"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
)

// revision changes by hand when code that reads the weights gives other answers from the same weights.
const revision = "2026.11"

// File is the name of the weights in their folder.
const File = "comment.bin"

//go:embed weights
var weights embed.FS

//go:embed card.md
var card string

// Model is all that a comment is read with. It is read-only and may be shared.
type Model struct {
	Name      string // changes with the weights, the lexicons and the revision
	Card      string // what the weights were learnt from and how good they are, in Markdown
	Lexicon   *lexicon.Lexicon
	Language  *language.Model
	Sentiment *sentiment.Model
	Aspects   *aspect.Model
}

// Load reads the weights that were built in.
func Load() (*Model, error) {
	data, err := fs.ReadFile(weights, "weights/"+File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("load models: built without weights: run make fix-models")
	}
	if err != nil {
		return nil, fmt.Errorf("load models: %w", err)
	}
	return Read(data)
}

// Read reads weights as the trainer writes them.
func Read(data []byte) (*Model, error) {
	f, err := linear.ReadFile(data)
	if err != nil {
		return nil, fmt.Errorf("load models: %w", err)
	}
	m := &Model{Card: card}
	if m.Lexicon, err = lexicon.Load(); err != nil {
		return nil, fmt.Errorf("load models: %w", err)
	}
	if m.Language, err = language.Load(f); err != nil {
		return nil, fmt.Errorf("load models: %w", err)
	}
	if m.Sentiment, err = sentiment.Load(f); err != nil {
		return nil, fmt.Errorf("load models: %w", err)
	}
	if m.Aspects, err = aspect.Load(f); err != nil {
		return nil, fmt.Errorf("load models: %w", err)
	}
	words := lexicon.Digest()
	sum := sha256.New()
	sum.Write(data)
	sum.Write(words[:])
	sum.Write([]byte(revision))
	m.Name = revision + "-" + hex.EncodeToString(sum.Sum(nil)[:4])
	return m, nil
}

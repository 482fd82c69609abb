// Command train learns the models of the comment service from labelled comments and writes them where they are embedded, with their model
// card. The same comments give the same bytes.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/otklik/otklik/services/comment/internal/linear"
	"github.com/otklik/otklik/services/comment/internal/model"
	"github.com/otklik/otklik/services/comment/train/aspect"
	"github.com/otklik/otklik/services/comment/train/language"
	"github.com/otklik/otklik/services/comment/train/sentiment"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

// options of one training.
type options struct {
	data, tree    string
	quick, misses bool
	report        io.Writer
}

func run(args []string, report io.Writer) error {
	o := options{report: report}
	flags := flag.NewFlagSet("train", flag.ContinueOnError)
	flags.StringVar(&o.data, "data", "../shared/train", "folder of the labelled comments")
	flags.StringVar(&o.tree, "tree", "services/comment", "folder of the comment service, for our own comments")
	out := flags.String("out", "services/comment/internal/model/weights", "folder to write the weights to; the card goes beside it")
	verify := flags.Bool("verify", false, "write nothing; fail if the files there are not those that would be written")
	flags.BoolVar(&o.quick, "quick", false, "only tell how well the tuning part is read; write nothing")
	flags.BoolVar(&o.misses, "misses", false, "list our own comments that are misread")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("read flags: %w", err)
	}
	weights, card, err := o.train()
	if err != nil || o.quick {
		return err
	}
	files := []struct {
		path string
		data []byte
	}{{filepath.Join(*out, model.File), weights}, {filepath.Join(*out, "..", "card.md"), card}}
	if *verify {
		for _, f := range files {
			have, err := os.ReadFile(f.path)
			if err != nil {
				return fmt.Errorf("verify models: %w", err)
			}
			if !bytes.Equal(have, f.data) {
				return fmt.Errorf("verify models: %s is not what training gives: run make fix-models", f.path)
			}
		}
		return nil
	}
	for _, f := range files {
		if err := os.WriteFile(f.path, f.data, 0o644); err != nil { //nolint:gosec // part of the tree
			return fmt.Errorf("write models: %w", err)
		}
	}
	return nil
}

// train learns all models and tells about them.
func (o *options) train() (weights, about []byte, err error) {
	var t told
	f := linear.NewFile()
	corpus, gold := filepath.Join(o.tree, "train", "corpus"), filepath.Join(o.tree, "gold")
	if !o.quick {
		if err := language.Train(o.data, f, io.MultiWriter(o.report, &t.language)); err != nil {
			return nil, nil, fmt.Errorf("language: %w", err)
		}
	}
	err = sentiment.Train(sentiment.Options{
		Data: o.data, Corpus: corpus, Lexicon: filepath.Join(o.tree, "internal", "lexicon"), Gold: gold,
		Quick: o.quick, Misses: o.misses, Report: o.report, Card: &t.sentiment,
	}, f)
	if err != nil {
		return nil, nil, fmt.Errorf("sentiment: %w", err)
	}
	err = aspect.Train(aspect.Options{Data: o.data, Corpus: corpus, Gold: gold, Quick: o.quick, Misses: o.misses, Report: io.MultiWriter(o.report, &t.aspects)}, f)
	if err != nil {
		return nil, nil, fmt.Errorf("aspects: %w", err)
	}
	if o.quick {
		return nil, nil, nil
	}
	weights = f.Bytes()
	if len(weights) > 12e6 {
		return nil, nil, errors.New("the weights are greater than 12 MB")
	}
	about, err = card(&t, f, o.tree)
	return weights, about, err
}

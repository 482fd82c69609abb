// Command train learns the models of the comment service from labelled comments and writes them where they are embedded. The same
// comments give the same bytes.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/otklik/otklik/services/comment/internal/linear"
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

func run(args []string, report io.Writer) error {
	flags := flag.NewFlagSet("train", flag.ContinueOnError)
	data := flags.String("data", "../shared/train", "folder of the labelled comments")
	tree := flags.String("tree", "services/comment", "folder of the comment service, for our own comments")
	out := flags.String("out", "services/comment/internal/model/weights", "folder to write the weights to")
	quick := flags.Bool("quick", false, "only tell how well the tuning part is read; write nothing")
	misses := flags.Bool("misses", false, "list our own comments that are misread")
	if err := flags.Parse(args); err != nil {
		return err
	}
	f := linear.NewFile()
	if !*quick {
		if err := language.Train(*data, f, report); err != nil {
			return err
		}
	}
	err := sentiment.Train(sentiment.Options{
		Data: *data, Corpus: filepath.Join(*tree, "train", "corpus"), Gold: filepath.Join(*tree, "gold"), Quick: *quick, Misses: *misses, Report: report,
	}, f)
	if err != nil {
		return err
	}
	if *quick {
		return nil
	}
	err = aspect.Train(aspect.Options{
		Data: *data, Corpus: filepath.Join(*tree, "train", "corpus"), Gold: filepath.Join(*tree, "gold"), Misses: *misses, Report: report,
	}, f)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*out, 0o755); err != nil { //nolint:gosec // part of the tree
		return err
	}
	return os.WriteFile(filepath.Join(*out, "comment.bin"), f.Bytes(), 0o644) //nolint:gosec // as above
}

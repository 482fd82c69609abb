// Command image makes the container image of otklik from binaries that are there already, without a container engine and without a registry:
// the binary, a passwd file that names its user, the certificates of public authorities and two folders are all that is in it. The same
// binaries give the same image, bit by bit.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// flags are what the caller decides.
type flags struct {
	layout, archive, push string
	root                  string
	tag                   string
	created               int64
	description           description
	binaries              []string
}

func parseFlags(args []string) (flags, error) {
	var f flags
	set := flag.NewFlagSet("image", flag.ContinueOnError)
	set.StringVar(&f.layout, "layout", "", "folder to write an OCI layout to; replaced when it exists")
	set.StringVar(&f.archive, "archive", "", "file to write an archive for docker load to; for one binary only")
	set.StringVar(&f.push, "push", "", "reference to push to, such as registry.example.com/otklik:1.2.0")
	set.StringVar(&f.root, "root", "", "folder to write only what stands around the binary to, for a Dockerfile")
	set.StringVar(&f.tag, "tag", "otklik:latest", "name that the archive gives the image")
	set.StringVar(&f.description.version, "version", "", "version for the label; that of the binary when empty")
	set.StringVar(&f.description.revision, "revision", "", "commit for the label")
	set.StringVar(&f.description.source, "source", "", "address of the source for the label")
	set.StringVar(&f.description.licence, "licence", "", "file with the licence, put into the image")
	set.Int64Var(&f.created, "created", 0, "time of making, in seconds since 1970; a fixed one keeps images equal")
	if err := set.Parse(args); err != nil {
		return flags{}, fmt.Errorf("read flags: %w", err)
	}
	f.binaries = set.Args()
	f.description.created = time.Unix(f.created, 0).UTC()
	switch {
	case f.root != "":
		return f, nil
	case len(f.binaries) == 0:
		return flags{}, errors.New("read flags: name the binaries, one for each platform")
	case f.layout == "" && f.archive == "" && f.push == "":
		return flags{}, errors.New("read flags: one of -layout, -archive, -push and -root is needed")
	case f.archive != "" && len(f.binaries) != 1:
		return flags{}, errors.New("read flags: an archive for docker load holds one platform: give one binary, or use -layout")
	}
	return f, nil
}

func run(args []string, out io.Writer) error {
	f, err := parseFlags(args)
	if err != nil {
		return err
	}
	if f.root != "" {
		return writeRoot(f.root, f.description.licence)
	}
	images := make([]platformImage, 0, len(f.binaries))
	for _, path := range f.binaries {
		i, err := build(path, f.description)
		if err != nil {
			return fmt.Errorf("build image of %s: %w", path, err)
		}
		images = append(images, i)
	}
	index, err := indexOf(images)
	if err != nil {
		return err
	}
	if f.layout != "" {
		if err := writeLayout(f.layout, index); err != nil {
			return err
		}
	}
	if f.archive != "" {
		if err := writeArchive(f.archive, f.tag, images[0].image); err != nil {
			return err
		}
	}
	if f.push != "" {
		if err := push(f.push, index); err != nil {
			return err
		}
	}
	return report(out, images, index)
}

package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// indexOf joins the images of all platforms.
func indexOf(images []platformImage) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	seen := make(map[string]bool, len(images))
	for _, i := range images {
		if seen[i.platform.String()] {
			return nil, fmt.Errorf("join images: two binaries are for %s", i.platform)
		}
		seen[i.platform.String()] = true
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: i.image, Descriptor: v1.Descriptor{Platform: &i.platform}})
	}
	return index, nil
}

// writeLayout writes an OCI layout, which skopeo, crane, podman and containerd read.
func writeLayout(path string, index v1.ImageIndex) error {
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("clear layout: %w", err)
	}
	if _, err := layout.Write(path, index); err != nil {
		return fmt.Errorf("write layout: %w", err)
	}
	return nil
}

// writeRoot writes what stands around the program as files. Owners and the modes of folders are for the Dockerfile to set: it copies by them.
func writeRoot(path, licence string) error {
	entries, err := baseFiles(licence)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	for _, e := range entries {
		target := filepath.Join(path, filepath.FromSlash(e.name))
		if strings.HasSuffix(e.name, "/") {
			err = os.MkdirAll(target, 0o755)
		} else {
			err = os.WriteFile(target, e.content, fs.FileMode(e.mode))
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", e.name, err)
		}
	}
	return nil
}

// writeArchive writes what docker load and podman load read.
func writeArchive(path, tag string, image v1.Image) error {
	ref, err := name.NewTag(tag)
	if err != nil {
		return fmt.Errorf("read tag: %w", err)
	}
	if err := tarball.WriteToFile(path, ref, image); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	return nil
}

// push sends the images of all platforms to a registry, with the credentials of docker login.
func push(reference string, index v1.ImageIndex) error {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return fmt.Errorf("read reference: %w", err)
	}
	if err := remote.WriteIndex(ref, index, remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return fmt.Errorf("push to %s: %w", ref, err)
	}
	return nil
}

// report says what was made, so that a deployment can name the image by its digest.
func report(out io.Writer, images []platformImage, index v1.ImageIndex) error {
	for _, i := range images {
		digest, err := i.image.Digest()
		if err != nil {
			return fmt.Errorf("sum image up: %w", err)
		}
		layers, err := i.image.Layers()
		if err != nil {
			return fmt.Errorf("sum image up: %w", err)
		}
		var size int64
		for _, l := range layers {
			s, err := l.Size()
			if err != nil {
				return fmt.Errorf("sum image up: %w", err)
			}
			size += s
		}
		fmt.Fprintf(out, "%s %s, %.1f MB compressed\n", i.platform, digest, float64(size)/1e6)
	}
	digest, err := index.Digest()
	if err != nil {
		return fmt.Errorf("sum image up: %w", err)
	}
	fmt.Fprintf(out, "all platforms %s\n", digest)
	return nil
}

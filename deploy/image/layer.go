package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// uid is the user and the group that the program runs as: "nonroot" in most images that have such a user.
const uid = 65532

// entry is a file or, when its name ends in a slash, a folder of the image.
type entry struct {
	name    string
	mode    int64
	owner   int
	content []byte
}

// baseFiles is what the program needs around it. There is no shell, no package manager, no library.
func baseFiles(licence string) ([]entry, error) {
	entries := []entry{
		{name: "data/", mode: 0o700, owner: uid},
		{name: "etc/", mode: 0o755},
		{name: "etc/group", mode: 0o644, content: fmt.Appendf(nil, "root:x:0:\nnonroot:x:%d:\n", uid)},
		{name: "etc/passwd", mode: 0o644, content: fmt.Appendf(nil, "root:x:0:0:root:/:/nologin\nnonroot:x:%d:%d:nonroot:/data:/nologin\n", uid, uid)},
		{name: "etc/ssl/", mode: 0o755},
		{name: "etc/ssl/certs/", mode: 0o755},
		{name: "etc/ssl/certs/ca-certificates.crt", mode: 0o644, content: certificates()},
		{name: "tmp/", mode: 0o1777},
	}
	if licence == "" {
		return entries, nil
	}
	text, err := os.ReadFile(licence)
	if err != nil {
		return nil, fmt.Errorf("read licence: %w", err)
	}
	return append(entries, entry{name: "LICENSE", mode: 0o644, content: text}), nil
}

// certificates are the authorities that Mozilla trusts, of the version that go.mod names, so that images do not differ by the machine that
// builds them. Those that are trusted in part only are left out: a PEM file cannot say in which part.
func certificates() []byte {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return out.Bytes()
}

// layerOf packs entries; all have the same time, so that the same entries give the same layer.
func layerOf(entries []entry, modified time.Time) (v1.Layer, error) {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, e := range entries {
		h := &tar.Header{
			Name: e.name, Mode: e.mode, Uid: e.owner, Gid: e.owner, Size: int64(len(e.content)), ModTime: modified,
			Typeflag: tar.TypeReg, Format: tar.FormatPAX,
		}
		if e.name[len(e.name)-1] == '/' {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("pack %s: %w", e.name, err)
		}
		if _, err := w.Write(e.content); err != nil {
			return nil, fmt.Errorf("pack %s: %w", e.name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack layer: %w", err)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed.Bytes())), nil }
	layer, err := tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer), tarball.WithCompressedCaching)
	if err != nil {
		return nil, fmt.Errorf("make layer: %w", err)
	}
	return layer, nil
}

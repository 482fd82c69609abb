package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

const hello = `package main

func main() { println("hello") }
`

// compile builds a small program for a platform.
func compile(t *testing.T, source string, env ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "program")
	cmd := exec.Command("go", "build", "-trimpath", "-o", out, filepath.Join(dir, "main.go"))
	cmd.Env = append(append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64"), env...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("compile: %v\n%s", err, text)
	}
	return out
}

func readLayout(t *testing.T, path string) v1.ImageIndex {
	t.Helper()
	p, err := layout.FromPath(path)
	if err != nil {
		t.Fatal(err)
	}
	index, err := p.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	return index
}

// onlyImage is the image of a layout of one platform.
func onlyImage(t *testing.T, path string) v1.Image {
	t.Helper()
	index := readLayout(t, path)
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 1 {
		t.Fatalf("%d images in the layout", len(manifest.Manifests))
	}
	image, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// content lists what is in an image.
func content(t *testing.T, image v1.Image) map[string]*tar.Header {
	t.Helper()
	found := map[string]*tar.Header{}
	unpack(t, image, func(h *tar.Header, _ io.Reader) { found[h.Name] = h })
	return found
}

func unpack(t *testing.T, image v1.Image, each func(*tar.Header, io.Reader)) {
	t.Helper()
	stream := mutate.Extract(image)
	defer stream.Close()
	r := tar.NewReader(stream)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		each(h, r)
	}
}

func TestImageHoldsTheProgramAndNothingToRunBesideIt(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "layout")
	if err := run([]string{"-layout", dir, "-version", "1.2.3", "-revision", "abc", compile(t, hello)}, io.Discard); err != nil {
		t.Fatal(err)
	}
	image := onlyImage(t, dir)
	if err := validate.Image(image); err != nil {
		t.Error(err)
	}
	var executable []string
	for name, h := range content(t, image) {
		if h.Typeflag == tar.TypeReg && h.Mode&0o111 != 0 {
			executable = append(executable, name)
		}
		if h.Mode&0o6000 != 0 {
			t.Errorf("%s is set-uid or set-gid", name)
		}
		writable := h.Uid == uid && h.Mode&0o200 != 0 || h.Mode&0o002 != 0
		if writable && name != "data" && name != "tmp" {
			t.Errorf("the program could write to %s", name)
		}
	}
	if !slices.Equal(executable, []string{"otklik"}) {
		t.Errorf("executable files: %v", executable)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != "65532:65532" {
		t.Errorf("user %q", config.Config.User)
	}
	if got := config.Config.Entrypoint; !slices.Equal(got, []string{"/otklik"}) {
		t.Errorf("entry point %v", got)
	}
	if len(config.Config.Env) > 0 {
		t.Errorf("environment variables would come over the user's file: %v", config.Config.Env)
	}
	if v := config.Config.Labels["org.opencontainers.image.version"]; v != "1.2.3" {
		t.Errorf("version label %q", v)
	}
	if config.OS != "linux" || config.Architecture != "amd64" {
		t.Errorf("platform %s/%s", config.OS, config.Architecture)
	}
}

func TestTheSameBinaryGivesTheSameImage(t *testing.T) {
	t.Parallel()
	program := compile(t, hello)
	var digests []v1.Hash
	for range 2 {
		dir := filepath.Join(t.TempDir(), "layout")
		if err := run([]string{"-layout", dir, "-created", "1700000000", program}, io.Discard); err != nil {
			t.Fatal(err)
		}
		digest, err := readLayout(t, dir).Digest()
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, digest)
	}
	if digests[0] != digests[1] {
		t.Errorf("digests %v", digests)
	}
}

func TestCertificatesCanBeRead(t *testing.T) {
	t.Parallel()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(certificates()) {
		t.Fatal("no certificate was read")
	}
	if n := bytes.Count(certificates(), []byte("BEGIN CERTIFICATE")); n < 100 {
		t.Errorf("only %d certificates", n)
	}
}

func TestUsersAreThoseOfTheImage(t *testing.T) {
	t.Parallel()
	entries, err := baseFiles("")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.name == "etc/passwd" && !strings.Contains(string(e.content), "nonroot:x:65532:65532:") {
			t.Errorf("passwd:\n%s", e.content)
		}
	}
}

func TestPlatformsArePushedTogether(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(registry.New())
	defer server.Close()
	reference := strings.TrimPrefix(server.URL, "http://") + "/otklik:test"
	if err := run([]string{"-push", reference, compile(t, hello), compile(t, hello, "GOARCH=arm64")}, io.Discard); err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	for _, architecture := range []string{"amd64", "arm64"} {
		image, err := remote.Image(ref, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: architecture}))
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(image); err != nil {
			t.Errorf("%s: %v", architecture, err)
		}
	}
}

func TestArchiveCanBeLoaded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "otklik.tar")
	if err := run([]string{"-archive", path, "-tag", "otklik:1.2.3", compile(t, hello)}, io.Discard); err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag("otklik:1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	image, err := tarball.ImageFromPath(path, &tag)
	if err != nil {
		t.Fatal(err)
	}
	if content(t, image)["otklik"] == nil {
		t.Error("the archive has no program")
	}
}

func TestUnfitBinariesAreRefused(t *testing.T) {
	t.Parallel()
	linked, err := exec.LookPath("ls")
	if err != nil {
		t.Fatal(err)
	}
	if err := checkStatic(linked); err == nil || !strings.Contains(err.Error(), "CGO_ENABLED=0") {
		t.Errorf("a program that is linked dynamically: %v", err)
	}
	for _, c := range []struct {
		name, want string
		args       []string
	}{
		{"another system", "GOOS=linux", []string{"-layout", t.TempDir(), compile(t, hello, "GOOS=windows")}},
		{"no Go program", "how the binary was built", []string{"-layout", t.TempDir(), linked}},
		{"the same platform twice", "two binaries", []string{"-layout", t.TempDir(), compile(t, hello), compile(t, hello)}},
		{"no binary", "name the binaries", []string{"-layout", t.TempDir()}},
		{"nowhere to", "-layout", []string{compile(t, hello)}},
		{"an archive of two", "one platform", []string{"-archive", "x", "a", "b"}},
	} {
		if err := run(c.args, io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

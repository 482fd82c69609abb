package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// notBuilt is shown where the web app should be and is not.
const notBuilt = `The web app is not part of this binary: it was built without "make web".

Run "make build" to get a binary with the app and the docs page.
The API works without it: its document is at /openapi.json.
`

// static serves the web app and the docs page from the files in the binary.
type static struct {
	files fs.FS
	// assets maps URL paths to files.
	assets map[string]asset
}

// asset is one file.
type asset struct {
	name        string
	contentType string
	etag        string
	// gzipped tells whether a compressed copy lies beside it.
	gzipped bool
	// immutable tells that the name holds a hash of the content.
	immutable bool
}

func newStatic(files fs.FS) (*static, error) {
	s := &static{files: files, assets: map[string]asset{}}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(name, ".gz") || path.Base(name) == ".gitkeep" {
			return err
		}
		a, err := newAsset(files, name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		s.assets["/"+name] = a
		if path.Base(name) == "index.html" {
			dir := strings.TrimSuffix("/"+name, "index.html")
			s.assets[dir] = a
			if dir != "/" {
				s.assets[strings.TrimSuffix(dir, "/")] = a
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

func newAsset(files fs.FS, name string) (asset, error) {
	a := asset{name: name, contentType: mime.TypeByExtension(path.Ext(name)), immutable: strings.HasPrefix(name, "assets/")}
	if a.contentType == "" {
		a.contentType = "application/octet-stream"
	}
	f, err := files.Open(name)
	if err != nil {
		return a, err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return a, err
	}
	a.etag = hex.EncodeToString(sum.Sum(nil)[:8])
	if _, err := fs.Stat(files, name+".gz"); err == nil {
		a.gzipped = true
	}
	return a, nil
}

// serve answers with the file at the path, or with the documented error.
func (s *static) serve(x *exchange, r *http.Request) {
	a, ok := s.assets[r.URL.Path]
	if !ok {
		if _, built := s.assets["/"]; !built && (r.URL.Path == "/" || r.URL.Path == "/docs" || r.URL.Path == "/docs/") {
			h := x.Header()
			h["Content-Type"] = typePlainText
			h["Cache-Control"] = noStore
			x.WriteHeader(http.StatusServiceUnavailable)
			// A failure to write means that the client has gone; there is nobody to tell.
			_, _ = io.WriteString(x, notBuilt)
			return
		}
		x.fail(0, routeNotFound(r.URL.Path))
		return
	}
	x.label = r.URL.Path
	if a.immutable {
		x.label = "/assets/*"
	}
	h := x.Header()
	h.Set("Content-Type", a.contentType)
	if a.immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	name, etag := a.name, a.etag
	if a.gzipped {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			h.Set("Content-Encoding", "gzip")
			name, etag = name+".gz", etag+"-gzip"
		}
	}
	h.Set("ETag", `"`+etag+`"`)
	f, err := s.files.Open(name)
	if err != nil {
		panic(fmt.Errorf("open embedded file %s: %w", name, err))
	}
	defer f.Close()
	content, ok := f.(io.ReadSeeker)
	if !ok {
		panic(fmt.Errorf("open embedded file %s: not seekable", name))
	}
	http.ServeContent(x, r, "", time.Time{}, content)
}

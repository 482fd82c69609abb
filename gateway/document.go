package gateway

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"
)

// document is the OpenAPI document as it is served.
type document struct {
	plain   []byte
	etag    string
	gzipped func() []byte
}

func newDocument(plain []byte) *document {
	sum := sha256.Sum256(plain)
	return &document{
		plain: plain,
		etag:  `"` + hex.EncodeToString(sum[:8]) + `"`,
		gzipped: sync.OnceValue(func() []byte {
			var b bytes.Buffer
			w := gzip.NewWriter(&b)
			// Writing to memory does not fail.
			_, _ = w.Write(plain)
			_ = w.Close()
			return b.Bytes()
		}),
	}
}

func (d *document) serve(x *exchange, r *http.Request) {
	h := x.Header()
	h["Content-Type"] = typeJSON
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding")
	body, etag := d.plain, d.etag
	if acceptsGzip(r) {
		body, etag = d.gzipped(), strings.TrimSuffix(d.etag, `"`)+`-gzip"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", etag)
	http.ServeContent(x, r, "", time.Time{}, bytes.NewReader(body))
}

// acceptsGzip tells whether the client takes gzip. A list that refuses it by q=0 is rare enough to be read only in that spelling.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, parameter, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			q := strings.TrimSpace(parameter)
			return q != "q=0" && !strings.HasPrefix(q, "q=0.000") && q != "q=0.0" && q != "q=0.00"
		}
	}
	return false
}

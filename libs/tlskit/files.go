package tlskit

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// material is what the files held when they were read last.
type material struct {
	// certificate is nil when there is no file for one.
	certificate *tls.Certificate
	// roots is nil when there is no file for them.
	roots *x509.CertPool
	// raw is the content of the files, to see whether they have changed.
	raw [3][]byte
}

// files are a certificate with its key, and authorities; each may be missing. They are looked at when they are needed, at most once in an interval,
// so that nothing runs in the background.
type files struct {
	cert, key, roots string
	interval         time.Duration
	logger           *slog.Logger
	now              func() time.Time

	current atomic.Pointer[material]
	// mu is held by the one who looks at the files.
	mu   sync.Mutex
	next atomic.Int64
	// complained is what was wrong with the files the last time, so that the log says it once.
	complained string
}

// open reads the files for the first time: here, what cannot be used is an error.
func open(cert, key, roots string, interval time.Duration, deps Deps) (*files, error) {
	f := &files{cert: cert, key: key, roots: roots, interval: interval, logger: deps.Logger, now: deps.Now}
	if f.interval == 0 {
		f.interval = DefaultRefreshInterval
	}
	if f.logger == nil {
		f.logger = slog.New(slog.DiscardHandler)
	}
	if f.now == nil {
		f.now = time.Now
	}
	m, err := f.read()
	if err != nil {
		return nil, err
	}
	f.current.Store(m)
	f.next.Store(f.now().Add(f.interval).UnixNano())
	return f, nil
}

// material returns what to use for a connection that is made now.
func (f *files) material() *material {
	now := f.now()
	// Whoever comes while somebody looks at the files takes what there is.
	if now.UnixNano() < f.next.Load() || !f.mu.TryLock() {
		return f.current.Load()
	}
	defer f.mu.Unlock()
	f.next.Store(now.Add(f.interval).UnixNano())
	f.refresh()
	return f.current.Load()
}

func (f *files) refresh() {
	m, err := f.read()
	if err != nil {
		if text := err.Error(); text != f.complained {
			f.complained = text
			f.logger.Warn("certificates cannot be read anew; the old ones stay", "error", err)
		}
		return
	}
	f.complained = ""
	old := f.current.Load()
	if bytes.Equal(m.raw[0], old.raw[0]) && bytes.Equal(m.raw[1], old.raw[1]) && bytes.Equal(m.raw[2], old.raw[2]) {
		return
	}
	f.current.Store(m)
	attributes := []any{"cert_file", f.cert, "ca_file", f.roots}
	if m.certificate != nil {
		attributes = append(attributes, "expires", m.certificate.Leaf.NotAfter)
	}
	f.logger.Info("certificates were read anew", attributes...)
}

func (f *files) read() (*material, error) {
	m := &material{}
	for i, name := range []string{f.cert, f.key, f.roots} {
		if name == "" {
			continue
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read certificates: %w", err)
		}
		m.raw[i] = raw
	}
	if f.cert != "" {
		if err := checkWhole(m.raw[0]); err != nil {
			return nil, fmt.Errorf("read certificate %s: %w", f.cert, err)
		}
		// No error of the library holds anything of the key.
		pair, err := tls.X509KeyPair(m.raw[0], m.raw[1])
		if err != nil {
			return nil, fmt.Errorf("read certificate %s with key %s: %w", f.cert, f.key, err)
		}
		m.certificate = &pair
	}
	if f.roots != "" {
		m.roots = x509.NewCertPool()
		if err := addAll(m.roots, m.raw[2]); err != nil {
			return nil, fmt.Errorf("read authorities %s: %w", f.roots, err)
		}
	}
	return m, nil
}

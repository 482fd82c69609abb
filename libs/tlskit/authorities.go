package tlskit

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// addAll adds the certificates of a PEM file to a pool. Unlike the pool's own method it refuses a file of which a part cannot be read: half a
// file must not take authorities away.
func addAll(pool *x509.CertPool, raw []byte) error {
	if err := checkWhole(raw); err != nil {
		return err
	}
	found := 0
	for rest := bytes.TrimSpace(raw); len(rest) > 0; rest = bytes.TrimSpace(rest) {
		block, after := pem.Decode(rest)
		if block == nil {
			break
		}
		rest = after
		if block.Type != "CERTIFICATE" {
			return fmt.Errorf("it holds a %q", block.Type)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return err
		}
		pool.AddCert(certificate)
		found++
	}
	if found == 0 {
		return errors.New("it holds no certificate")
	}
	return nil
}

// checkWhole refuses a PEM file that is cut off: text after the last part is common, the beginning of another is not.
func checkWhole(raw []byte) error {
	for block, rest := pem.Decode(raw); ; block, rest = pem.Decode(rest) {
		if block == nil {
			if bytes.Contains(rest, []byte("-----BEGIN")) {
				return errors.New("it is cut off")
			}
			return nil
		}
	}
}

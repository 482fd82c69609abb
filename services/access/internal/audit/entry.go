// Package audit holds the rules of the audit log: what an entry is, how it is encoded and chained to the one before, and how a chain is verified.
package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Outcome is what became of a call. The numbers are stored and part of the hash: they never change.
type Outcome uint8

// The outcomes.
const (
	Started   Outcome = 1
	Succeeded Outcome = 2
	Denied    Outcome = 3
	Failed    Outcome = 4
)

// Hash is a SHA-256 sum. The zero value stands before the first entry.
type Hash = [sha256.Size]byte

// Entry is one line of the log.
type Entry struct {
	// Organization owns the chain; Sequence is the place in it, from 1 without gaps.
	Organization string
	Sequence     int64
	// Time is kept to the nanosecond.
	Time time.Time
	// Actor is the credential or member, ActorName what people called it.
	Actor, ActorName string
	// Method is what was called, Permission what it needs, Resource what was acted on.
	Method, Permission, Resource string
	// ClientAddress is from where, RequestID the call's identifier in logs.
	ClientAddress, RequestID string
	Outcome                  Outcome
	// Code is the canonical code of a call that did not succeed.
	Code string
	// Start is the sequence of the entry that told the start of the call; 0 when there is none.
	Start int64
	// Previous is the hash of the entry before, Hash that of this one.
	Previous, Hash Hash
}

// label begins what is hashed, so that nothing else that is hashed can be taken for an entry.
const label = "otklik.audit.v1"

// AppendEncoding appends the canonical encoding of the entry: what its hash is made of, without the hashes. Each field is its length in bytes as
// 4 bytes, big endian, and its value; texts are UTF-8, numbers 8 bytes, big endian, the time nanoseconds since 1970. The order is: the
// label, organisation, sequence, time, actor, name of the actor, method, permission, resource, client's address, request id, outcome, code, start.
func (e Entry) AppendEncoding(b []byte) []byte {
	text := func(s string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	number := func(n int64) {
		b = binary.BigEndian.AppendUint32(b, 8)
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	text(label)
	text(e.Organization)
	number(e.Sequence)
	number(e.Time.UnixNano())
	for _, s := range []string{e.Actor, e.ActorName, e.Method, e.Permission, e.Resource, e.ClientAddress, e.RequestID} {
		text(s)
	}
	number(int64(e.Outcome))
	text(e.Code)
	number(e.Start)
	return b
}

// Sum is the hash that the entry must have: SHA-256 of the hash before and the canonical encoding.
func (e Entry) Sum() Hash {
	return sha256.Sum256(e.AppendEncoding(append(make([]byte, 0, 512), e.Previous[:]...)))
}

// Head is the end of a chain: the sequence and the hash of the last entry. The zero value is the end of an empty chain.
type Head struct {
	Sequence int64
	Hash     Hash
}

// Next puts an entry after the head and returns it as it is stored, with the head that it makes.
func (h Head) Next(e Entry) (Entry, Head) {
	e.Sequence, e.Previous = h.Sequence+1, h.Hash
	e.Hash = e.Sum()
	return e, Head{Sequence: e.Sequence, Hash: e.Hash}
}

// maxText is how much of a text is kept, in bytes: nobody fills the log by long names.
const maxText = 1024

// Clean returns the entry as it can be stored: a call must not go unremembered because of a strange character or a long name. Control characters
// become U+FFFD, long texts are cut.
func (e Entry) Clean() Entry {
	for _, s := range []*string{&e.Actor, &e.ActorName, &e.Method, &e.Permission, &e.Resource, &e.ClientAddress, &e.RequestID, &e.Code} {
		*s = clean(*s)
	}
	return e
}

func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
	if len(s) <= maxText {
		return s
	}
	cut := maxText
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}

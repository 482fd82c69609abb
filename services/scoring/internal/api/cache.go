package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"time"

	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// Cache keeps values for all processes. It may lose any at any time, and answers soon.
type Cache interface {
	// Get returns the value of a key; false when there is none, or when that cannot be told soon.
	Get(ctx context.Context, key string) ([]byte, bool)
	// Set keeps a value for a while, if that can be done soon.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration)
}

// cacheTTL is how long answers are kept. While counts change nobody asks for them again, and when they rest, working them out once a minute
// costs nothing.
const cacheTTL = time.Minute

// memo keeps answers about one survey in one state.
type memo struct {
	cache        Cache
	board        *live.Board
	organization string
	survey       string
	// version is that of the survey's counts before anything was read.
	version []byte
}

// memo begins to keep answers about a survey as it is now; nil when nothing can be kept.
func (s *Server) memo(organization, survey string) query.Memo {
	if s.Cache == nil {
		return nil
	}
	version := s.Board.Version(organization, survey)
	if version == nil {
		return nil
	}
	return &memo{cache: s.Cache, board: s.Board, organization: organization, survey: survey, version: version}
}

// key is made of all that an answer depends on. The digest keeps what people asked for out of the cache's keys.
func (m *memo) key(question []byte) string {
	var b []byte
	for _, part := range []string{m.organization, m.survey, string(m.version), string(question)} {
		b = wire.AppendString(b, part)
	}
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Get returns an answer. One that was garbled on its way is none.
func (m *memo) Get(ctx context.Context, question []byte) ([]byte, bool) {
	key := m.key(question)
	value, ok := m.cache.Get(ctx, key)
	if !ok || len(value) < crc32.Size {
		return nil, false
	}
	answer := value[crc32.Size:]
	return answer, binary.BigEndian.Uint32(value) == checksum(key, answer)
}

// Set keeps an answer, unless the survey's counts have changed since: it may be one of either state.
func (m *memo) Set(ctx context.Context, question, answer []byte) {
	if string(m.board.Version(m.organization, m.survey)) != string(m.version) {
		return
	}
	key := m.key(question)
	value := binary.BigEndian.AppendUint32(make([]byte, 0, crc32.Size+len(answer)), checksum(key, answer))
	m.cache.Set(ctx, key, append(value, answer...), cacheTTL)
}

func checksum(key string, answer []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum([]byte(key), table), table, answer)
}

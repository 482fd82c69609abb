package live

import "encoding/binary"

// Version names the state of a survey's counts: two boards that count from one store, in one process or several, give equal versions only
// for equal counts. Equal counts may have several. Read it before what is counted. Nil when nothing is loaded.
func (b *Board) Version(organization, survey string) []byte {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if !b.known {
		return nil
	}
	out := binary.AppendVarint(nil, b.loaded.Epoch)
	changed := b.changed[topic{organization, survey}]
	for i, c := range b.loaded.Cursors {
		version := c.Version
		if changed != nil {
			version = max(version, changed[i])
		}
		out = binary.AppendVarint(out, version)
	}
	return out
}

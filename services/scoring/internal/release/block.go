package release

import (
	"encoding/binary"
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/wire"
)

// Series names answers of one kind, of whatever group and month. An answer is in one block of its series at most.
type Series struct {
	// Kind, Question, Scale and Population are those of the cells that count the answers.
	Kind            cube.CellKind
	Question, Scale string
	Population      fact.Population
	// Refusals tells refusals from responses, which cells of kind Outcomes count side by side.
	Refusals bool
	// ByEmployee tells that the groups are the employees that the answers rate; otherwise they are those that the questionnaire declares.
	ByEmployee bool
}

// Cell is where answers of a series are released together.
type Cell struct {
	// Key and Group are the circumstance by which answers are kept apart; NoKey when they are not.
	Key   fact.ContextKey
	Group string
	Month Month
}

// Block is answers that are released together.
type Block struct {
	Series Series
	Cell   Cell
	// Positions name the answers by the positions of their responses in the change log, ascending.
	Positions []int64
}

// blockVersion is the first byte of an encoded block.
const blockVersion = 1

// Flags of an encoded block.
const (
	flagRefusals = 1 << iota
	flagByEmployee
	flagsKnown = flagRefusals | flagByEmployee
)

// Encode is the form in which a block is kept.
func (b *Block) Encode() []byte {
	var flags byte
	if b.Series.Refusals {
		flags |= flagRefusals
	}
	if b.Series.ByEmployee {
		flags |= flagByEmployee
	}
	out := []byte{blockVersion, byte(b.Series.Kind), byte(b.Series.Population), flags, byte(b.Cell.Key)}
	out = wire.AppendString(out, b.Series.Question)
	out = wire.AppendString(out, b.Series.Scale)
	out = wire.AppendString(out, b.Cell.Group)
	out = binary.AppendVarint(out, int64(b.Cell.Month))
	out = binary.AppendUvarint(out, uint64(len(b.Positions)))
	before := int64(0)
	for _, p := range b.Positions {
		out = binary.AppendUvarint(out, uint64(p-before))
		before = p
	}
	return out
}

// Decode reads what Encode wrote. wire.ErrCorrupt for anything else.
func Decode(data []byte) (Block, error) {
	r := wire.NewReader(data)
	if v := r.Byte(); v != blockVersion {
		return Block{}, fmt.Errorf("decode block: version %d: %w", v, wire.ErrCorrupt)
	}
	var b Block
	b.Series.Kind, b.Series.Population = cube.CellKind(r.Byte()), fact.Population(r.Byte())
	flags := r.Byte()
	b.Series.Refusals, b.Series.ByEmployee = flags&flagRefusals != 0, flags&flagByEmployee != 0
	b.Cell.Key = fact.ContextKey(r.Byte())
	b.Series.Question, b.Series.Scale, b.Cell.Group = r.String(), r.String(), r.String()
	b.Cell.Month = Month(r.Varint32())
	n := r.Count(1)
	before := int64(0)
	for range n {
		step := r.Uvarint()
		if step == 0 || step > uint64(1<<63-1-before) {
			r.Fail()
			break
		}
		before += int64(step)
		b.Positions = append(b.Positions, before)
	}
	if flags&^flagsKnown != 0 || n == 0 {
		r.Fail()
	}
	if err := r.End(); err != nil {
		return Block{}, fmt.Errorf("decode block: %w", err)
	}
	return b, nil
}

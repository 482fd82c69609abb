package relational

import (
	"context"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/light"
)

const (
	sqlLightCounts     = `SELECT colour, count FROM light_counts WHERE organization = $1 AND generation = $2 AND kind = $3`
	sqlMoveLightCount  = `UPDATE light_counts SET count = count + $5 WHERE organization = $1 AND generation = $2 AND kind = $3 AND colour = $4`
	sqlBeginLightCount = `INSERT INTO light_counts (organization, generation, kind, colour, count) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (organization, generation, kind, colour) DO NOTHING`
	sqlDropLightCounts = `DELETE FROM light_counts WHERE organization = $1 AND generation = $2`
)

// lightMoves is by how many there are more lights of a kind that show a colour. Pages ask how many there are again and again: to count millions each time would
// leave the database no time for anything else.
type lightMoves map[[2]int64]int64

// add enters that a light of a kind, which showed a colour, shows another one.
func (m lightMoves) add(kind light.Kind, before, now light.Colour) {
	if before == now {
		return
	}
	if before != light.NoColour {
		m[[2]int64{int64(kind), int64(before)}]--
	}
	if now != light.NoColour {
		m[[2]int64{int64(kind), int64(now)}]++
	}
}

// moveLights stores how many lights a counting has.
func (w *writing) moveLights(ctx context.Context, c counting, moves lightMoves) error {
	var begun, moved [][]any
	for k, n := range moves {
		if n == 0 {
			continue
		}
		begun = append(begun, []any{c.organization, c.generation, k[0], k[1], 0})
		moved = append(moved, []any{c.organization, c.generation, k[0], k[1], n})
	}
	if err := w.many(ctx, sqlBeginLightCount, begun); err != nil {
		return err
	}
	return w.many(ctx, sqlMoveLightCount, moved)
}

// counted is how many lights of a kind a counting has, by colour, as it is kept.
func (c *counting) counted(ctx context.Context, r relational.Reader, kind light.Kind, colour light.Colour) (map[light.Colour]int64, error) {
	out := map[light.Colour]int64{}
	_, err := relational.List(ctx, r, func(row relational.Scanner) (none struct{}, err error) {
		var of light.Colour
		var n int64
		if err := row.Scan(&of, &n); err != nil {
			return none, err
		}
		if n > 0 && (colour == light.NoColour || colour == of) {
			out[of] = n
		}
		return none, nil
	}, sqlLightCounts, c.organization, c.generation, int64(kind))
	return out, err
}

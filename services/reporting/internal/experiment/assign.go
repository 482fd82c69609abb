package experiment

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
)

// Arm is a variant with its share, in any unit.
type Arm struct {
	Name  string
	Share float64
}

// Assign gives a subject a variant: the one of which -ln(u)/share is least, where u is the first 53 bits of the SHA-256 of seed, subject and name of the variant, each behind
// its length in bytes as 8 bytes, the most significant first, plus a half, over 2⁵³ (weighted rendezvous hashing; Thaler and Ravishankar 1998, IEEE/ACM Transactions on
// Networking 6(1)). The same subject always gets the same variant; over many subjects variants have their shares, whatever order they come in; a variant that is added takes
// only what becomes its own, and one that is removed gives up only what was. Shares are above 0; without arms the result is empty.
func Assign(seed, subject string, arms []Arm) string {
	chosen, least := "", math.Inf(1)
	for _, a := range arms {
		// Names decide between equals, of which there are none in practice.
		if x := -math.Log(uniform(seed, subject, a.Name)) / a.Share; x < least || x == least && a.Name < chosen {
			chosen, least = a.Name, x
		}
	}
	return chosen
}

// uniform is a number between 0 and 1 that texts stand for.
func uniform(texts ...string) float64 {
	var message []byte
	for _, t := range texts {
		message = binary.BigEndian.AppendUint64(message, uint64(len(t)))
		message = append(message, t...)
	}
	sum := sha256.Sum256(message)
	return (float64(binary.BigEndian.Uint64(sum[:8])>>11) + 0.5) / (1 << 53)
}

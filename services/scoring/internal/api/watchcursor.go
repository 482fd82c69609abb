package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"google.golang.org/protobuf/proto"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// cursorSize is that of a digest which nobody finds another result for by chance.
const cursorSize = 16

// cursorOf names what scores say to a reader of a query: a digest of both, without the watermarks. It is the same in each process and after
// each restart, so that no state has to be kept for readers that may come back; and it changes with whatever changes the scores, be it the
// counts, a questionnaire or a definition.
func cursorOf(key string, scores []*scoringv1.Score) (string, error) {
	if len(scores) > 0 {
		mark := scores[0].GetWatermark()
		for _, sc := range scores {
			sc.Watermark = nil
		}
		defer func() {
			for _, sc := range scores {
				sc.Watermark = mark
			}
		}()
	}
	b := append(binary.AppendUvarint(nil, uint64(len(key))), key...)
	b, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(b, &scoringv1.WatchScoresResponse{Scores: scores})
	if err != nil {
		return "", fmt.Errorf("encode scores: %w", err)
	}
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:cursorSize]), nil
}

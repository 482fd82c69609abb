package sentiment

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/train/dataset"
)

const (
	aloneLeast  = 2   // how good or bad a word has to be
	aloneWeight = 0.3 // what it counts
)

// alone makes comments of single words and phrases of the lexicon that are plainly good or bad, since many comments are no longer than that.
func alone(folder string) (rows []row, err error) {
	for _, h := range []sentiment.Head{sentiment.Russian, sentiment.English, sentiment.Kyrgyz} {
		lines, err := dataset.Read(folder, "polarity_"+h.String())
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			if l.Label(0) != "polarity" {
				continue
			}
			value, err := strconv.ParseFloat(l.Label(1), 64)
			if err != nil {
				return nil, fmt.Errorf("read lexicon: %w", err)
			}
			class := sentiment.Positive
			if value < 0 {
				class = sentiment.Negative
			}
			for pattern := range strings.SplitSeq(l.Text, ",") {
				pattern = strings.TrimSpace(pattern)
				if math.Abs(value) < aloneLeast || strings.ContainsAny(pattern, "*~+&") {
					continue
				}
				rows = append(rows, row{
					text: pattern, source: "lexicon " + h.String(), head: h, class: class, part: dataset.Train, fold: fold(pattern) % (folds - 1), weight: aloneWeight,
				})
			}
		}
	}
	return rows, nil
}

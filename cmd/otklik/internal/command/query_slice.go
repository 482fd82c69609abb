package command

import (
	"encoding/csv"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// sliceFlags are the flags that say which responses count, and how much each of them.
type sliceFlags struct {
	filter, from, to, timeZone string
	asOf, population, weight   string
	rake                       []string
	cap                        float64
	// prefix begins the names of the flags.
	prefix string
}

// slice is what the flags say.
type slice struct {
	filter, timeZone string
	period           *typev1.Period
	asOf             *timestamppb.Timestamp
	population       typev1.Population
	weighting        *scoringv1.Weighting
}

// add adds the flags; with a prefix those of another side, whose time zone is that of the first.
func (s *sliceFlags) add(flags *pflag.FlagSet, prefix string) {
	s.addWhich(flags, prefix)
	flags.StringVar(&s.weight, prefix+"weight", "", "stated: responses count with the weights that they state (default: each counts once)")
	flags.StringArrayVar(&s.rake, prefix+"rake", nil, "weight responses to shares of a key's values, KEY:VALUE=SHARE,VALUE=SHARE (raking); repeat for more keys. Shares are scaled to "+
		"the sum 1, an empty VALUE is for responses that do not state the key")
	flags.Float64Var(&s.cap, prefix+"cap", 0, "greatest weight of --"+prefix+"rake as a multiple of the mean, 1 to 100 (default 5)")
}

// addWhich adds the flags that say which responses count.
func (s *sliceFlags) addWhich(flags *pflag.FlagSet, prefix string) {
	s.prefix = prefix
	flags.StringVar(&s.filter, prefix+"filter", "", `which responses, for example 'location = "osh" AND attributes.format = "super*" AND answers.nps <= 6' (see docs/metrics.md)`)
	flags.StringVar(&s.from, prefix+"from", "", "begin of the period: 2026, 2026-03, 2026-03-15, 2026-03-15T09:30 or with an offset (default: open)")
	flags.StringVar(&s.to, prefix+"to", "", "end of the period, which does not belong to it: 2026-04-01 ends it with 31 March (default: open)")
	if prefix == "" {
		flags.StringVar(&s.timeZone, "time-zone", "", "time zone of --from, --to, --as-of and of steps, for example Asia/Bishkek (default: UTC, the server's for steps)")
	}
	flags.StringVar(&s.asOf, prefix+"as-of", "", "leave out what was accepted after this moment, given as for --from")
	flags.StringVar(&s.population, prefix+"population", "", "who was asked: "+names("", "POPULATION_", typev1.Population(0).Descriptor())+" (default: the survey's)")
}

// slice reads the flags. Errors are of wrong usage.
func (s *sliceFlags) slice() (slice, error) {
	out := slice{filter: s.filter, timeZone: s.timeZone}
	zone, err := parseZone(s.timeZone)
	if err != nil {
		return slice{}, err
	}
	if out.period, err = parsePeriodIn(s.prefix, s.from, s.to, zone); err != nil {
		return slice{}, err
	}
	if out.asOf, err = parseBound(s.prefix+"as-of", s.asOf, zone); err != nil {
		return slice{}, err
	}
	population, err := value(s.prefix+"population", "POPULATION_", s.population, typev1.Population(0).Descriptor())
	if err != nil {
		return slice{}, err
	}
	out.population = typev1.Population(population)
	out.weighting, err = s.weighting()
	return out, err
}

// into sets what was given in a query.
func (s slice) into(out *scoringv1.ScoreQuery) {
	out.Filter, out.TimeZone, out.Period = s.filter, s.timeZone, s.period
	out.AsOfTime, out.Population, out.Weighting = s.asOf, s.population, s.weighting
}

// weighting reads --weight, --rake and --cap; nil when each response counts once.
func (s *sliceFlags) weighting() (*scoringv1.Weighting, error) {
	switch {
	case s.weight != "" && s.weight != "stated":
		return nil, exit.Usagef("--%sweight: %q is not stated", s.prefix, s.weight)
	case s.weight != "" && len(s.rake) > 0:
		return nil, exit.Usagef("either --%[1]sweight or --%[1]srake, not both", s.prefix)
	case s.cap != 0 && len(s.rake) == 0:
		return nil, exit.Usagef("--%[1]scap goes with --%[1]srake only", s.prefix)
	case s.weight != "":
		return &scoringv1.Weighting{Method: &scoringv1.Weighting_Stated{Stated: &scoringv1.Weighting_StatedWeights{}}}, nil
	case len(s.rake) == 0:
		return nil, nil
	}
	raking := &scoringv1.Weighting_Raking{Cap: s.cap}
	for _, text := range s.rake {
		margin, err := parseMargin(text)
		if err != nil {
			return nil, exit.Usagef("--%srake: %w", s.prefix, err)
		}
		raking.Margins = append(raking.Margins, margin)
	}
	return &scoringv1.Weighting{Method: &scoringv1.Weighting_Raking_{Raking: raking}}, nil
}

// parseMargin reads KEY:VALUE=SHARE,VALUE=SHARE. A VALUE=SHARE with a comma stands in quotes, as in CSV.
func parseMargin(text string) (*scoringv1.Weighting_Margin, error) {
	key, list, ok := strings.Cut(text, ":")
	if !ok || key == "" || list == "" {
		return nil, exit.Usagef("%q is not KEY:VALUE=SHARE,VALUE=SHARE, for example channel:kiosk=60,web=40", text)
	}
	reader := csv.NewReader(strings.NewReader(list))
	cells, err := reader.Read()
	if err != nil {
		return nil, exit.Usagef("%q: put a VALUE=SHARE that holds a comma or quotes in quotes, as in CSV", text)
	}
	margin := &scoringv1.Weighting_Margin{Key: strings.TrimSpace(key)}
	for _, cell := range cells {
		i := strings.LastIndexByte(cell, '=')
		if i < 0 {
			return nil, exit.Usagef("%q is not VALUE=SHARE", cell)
		}
		share, err := strconv.ParseFloat(strings.TrimSpace(cell[i+1:]), 64)
		if err != nil || !(share > 0) || math.IsInf(share, 0) {
			return nil, exit.Usagef("%q: the share must be a number above 0", cell)
		}
		margin.Targets = append(margin.Targets, &scoringv1.Weighting_Target{Value: strings.TrimSpace(cell[:i]), Share: share})
	}
	return margin, nil
}

// parseZone reads a time zone; UTC for the empty text.
func parseZone(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, exit.Usagef("--time-zone: %q is not a time zone such as Asia/Bishkek", name)
	}
	return zone, nil
}

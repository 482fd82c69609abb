package segment

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common/types"
)

// MostCost is what a rule may cost for one contact, in CEL's units: about as many steps, and a tenth of one for each character compared.
const MostCost = 20_000

// mostTextCharacters is how long a text is at most for which estimates hold; the limit at run time holds for longer ones.
const mostTextCharacters = 1000

// sizes tells CEL how long texts are at most. All else it knows by itself, or does not: then the rule is too dear.
type sizes struct{}

// EstimateSize implements checker.CostEstimator.
func (sizes) EstimateSize(e checker.AstNode) *checker.SizeEstimate {
	if e.Type().Kind() != types.StringKind || len(e.Path()) < 2 {
		return nil
	}
	return &checker.SizeEstimate{Max: mostTextCharacters}
}

// EstimateCallCost implements checker.CostEstimator.
func (sizes) EstimateCallCost(string, string, *checker.AstNode, []checker.AstNode) *checker.CallEstimate {
	return nil
}

// estimate is what a rule costs at most. Errors: *Fault when that is too much.
func estimate(env *cel.Env, checked *cel.Ast) (uint64, error) {
	cost, err := env.EstimateCost(checked, sizes{})
	if err != nil {
		return 0, fmt.Errorf("estimate cost: %w", err)
	}
	if cost.Max > MostCost {
		return 0, &Fault{
			TooDear: true,
			Reason: fmt.Sprintf("the rule may cost up to %d steps for a contact, and %d are allowed: it repeats something too often, such as exists within exists",
				cost.Max, MostCost),
		}
	}
	return cost.Max, nil
}

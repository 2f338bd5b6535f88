package exploration

import (
	"slices"
	"time"

	"orderflow.example/services/fraud"
	"orderflow.example/shared/saga/explore"
)

// countingRoots are those of a shop in which the customer's second order is one too many for fraud. They are few: what
// follows from how an order is trusted, the others try.
func countingRoots() (roots []Root) {
	for _, who := range [][2]string{{"trusted", ""}, {"often", ""}, {"often", "approves"}, {"often", "refuses"}} {
		for _, cancels := range []bool{false, true} {
			r := Root{Stock: "enough", Fill: "fill_all", Customer: who[0], Operator: who[1], Cancels: cancels, Counts: true}
			roots = append(roots, r)
		}
	}
	return roots
}

// Counting is the model of an order in a shop where fraud counts the orders of a customer.
func Counting() explore.Model {
	machines := Machines()
	for i, m := range machines {
		if m.String() == "fraud" {
			machines[i] = fraud.Rules{Velocity: fraud.Velocity{Orders: 1, Within: time.Hour}}.Choreography().Machine()
		}
	}
	return Model(machines, countingRoots())
}

// All are the models of an order: by the rules as they are by default, and where orders are counted.
func All() []explore.Model { return []explore.Model{Model(Machines(), Roots()), Counting()} }

// Of is the model with this root; the first one where none has it.
func Of(root string) explore.Model {
	all := All()
	for _, m := range all {
		if slices.ContainsFunc(m.Roots, func(r explore.Root) bool { return r.Name == root }) {
			return m
		}
	}
	return all[0]
}

// RunAll explores one order in all models, until something is wrong.
func RunAll(o explore.Options) (whole Report) {
	for i, m := range All() {
		r := Run(m, o)
		if i == 0 {
			whole = r
		} else {
			whole.add(r)
		}
		if whole.Violation != nil {
			break
		}
	}
	return whole
}

// add takes in the report of another model. What is said in either of them is said.
func (r *Report) add(other Report) {
	r.Roots = append(r.Roots, other.Roots...)
	r.States, r.Transitions, r.Spared = r.States+other.States, r.Transitions+other.Transitions, r.Spared+other.Spared
	r.Depth, r.Ends, r.Seconds = max(r.Depth, other.Depth), r.Ends+other.Ends, r.Seconds+other.Seconds
	r.PerSecond = float64(r.States) / r.Seconds
	for i, p := range other.Parts {
		r.Parts[i].States, r.Parts[i].Steps = r.Parts[i].States+p.States, r.Parts[i].Steps+p.Steps
	}
	if r.Again == "" {
		r.Again = other.Again
	}
	r.Violation = other.Violation
	r.Unsaid = slices.DeleteFunc(r.Unsaid, func(name string) bool { return !slices.Contains(other.Unsaid, name) })
}

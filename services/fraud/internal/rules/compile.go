package rules

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/expr-lang/expr"
	source "github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
	"go.yaml.in/yaml/v3"

	"orderflow.example/services/fraud"
)

// compiled is a rule that can be run.
type compiled struct {
	entry
	program *vm.Program
}

// impure are builtin functions that depend on more than their arguments, or on the order of a map.
var impure = []string{"now", "date", "timezone", "keys", "values", "toPairs"}

// compile compiles the expressions into functions of the facts. The error names all that are wrong.
func compile(f file, r *fraud.Rules) error {
	var faults []error
	build := func(n yaml.Node, what string, uses *usage) *vm.Program {
		options := []expr.Option{expr.Env(facts{}), expr.AsBool(), expr.MaxNodes(1000)}
		for _, name := range impure {
			options = append(options, expr.DisableBuiltin(name))
		}
		program, err := expr.Compile(n.Value, options...)
		if err == nil {
			root := program.Node()
			err = uses.of(&root)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("line %d: %s: %s", lineOf(n, err), what, reason(err)))
		}
		return program
	}
	var list []compiled
	uses := newUsage(f.Lists)
	for _, e := range f.Rules {
		list = append(list, compiled{e, build(e.When, e.Name, uses)})
	}
	var asksCard *vm.Program
	if before := newUsage(f.Lists); f.Card.Value != "" {
		asksCard = build(f.Card, "card", before)
		if len(before.history)+len(before.listed) > 0 {
			faults = append(faults, fmt.Errorf("line %d: card: want order and lists alone: histories are asked for later", f.Card.Line))
		}
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	r.Asks, r.Token = uses.asked(), uses.token
	r.Listed = uses.onlyListed(r.Asks)
	windows := maps.Clone(uses.windows)
	r.Score = func(f fraud.Facts) (score int64, hits []string) {
		env := factsOf(f, uses.lists, windows)
		for _, c := range list {
			holds, err := expr.Run(c.program, env)
			switch {
			case err != nil: // a person sees that, and which rule it is
				score, hits = score+c.Score, append(hits, c.Name+"_failed")
			case holds.(bool):
				score, hits = score+c.Score, append(hits, c.Name)
			}
		}
		return min(score, 100), hits
	}
	r.AsksCard = func(f fraud.Facts) bool {
		if asksCard == nil {
			return true
		}
		asks, err := expr.Run(asksCard, factsOf(f, uses.lists, windows))
		return err != nil || asks.(bool)
	}
	return nil
}

// lineOf is the line of the file that an error of an expression is about.
func lineOf(n yaml.Node, err error) int {
	line := n.Line
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		line++
	}
	if at := new(source.Error); errors.As(err, &at) {
		line += max(at.Line-1, 0)
	}
	return line
}

// reason is the message of an error, without the picture of its place.
func reason(err error) string {
	if at := new(source.Error); errors.As(err, &at) {
		return at.Message
	}
	return err.Error()
}

var read sync.Map // by text

// Cached is Read, which reads each text only once. Texts are few: each was in force.
func Cached(text string) (*fraud.Rules, error) {
	if r, ok := read.Load(text); ok {
		return r.(*fraud.Rules), nil
	}
	r, err := Read(text)
	if err == nil {
		read.Store(text, r)
	}
	return r, err
}

var _ fraud.Reader = Cached

// factsOf are the variables of an expression.
func factsOf(f fraud.Facts, lists map[string][]string, windows map[string]int64) facts {
	h := func(kind string) (v History) {
		told, known := f.Histories[kind]
		v = History{Known: known, Earlier: told.Earlier, Refunds: told.Refunds, Chargebacks: told.Chargebacks,
			Listed: told.Listed || slices.Contains(f.Order.Listed, kind)}
		if known {
			v.Orders = make(map[string]int64, len(windows))
			for name, length := range windows {
				if i := slices.Index(told.Windows, length); i >= 0 && i < len(told.Orders) {
					v.Orders[name] = told.Orders[i]
				}
			}
		}
		return v
	}
	o := f.Order
	return facts{Order: order{o.Amount, o.Currency, o.Lines, o.Pieces, o.LargestLine, o.Country, o.MailDomain, o.Token},
		Customer: h(fraud.Customer), Card: card{h(fraud.Card), f.CardCountry}, Address: h(fraud.Address),
		MailDomain: h(fraud.MailDomain), Lists: lists}
}

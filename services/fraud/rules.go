package fraud

import (
	event "orderflow.example/schemas/fraud"
	"orderflow.example/shared/saga"
)

// Rules is a set of rules that can be applied. They depend on nothing but the facts.
type Rules struct {
	Name, Version  string
	Review, Reject int64              // the scores from which an order goes to review, or is rejected
	Asks           map[string][]int64 // the kinds of subjects whose history they use, with windows in seconds
	Listed         []string           // kinds of subjects of which they only use whether they are on the block list
	Token          bool               // whether they use the token, which is kept with the facts only then
	AsksCard       func(Facts) bool   // whether the card of this order matters
	Score          func(Facts) (score int64, hits []string)
}

// Set is how an event names the rules.
func (r *Rules) Set() string { return r.Name + "@" + r.Version }

// Reader reads the text of rules. The same text gives the same rules.
type Reader func(text string) (*Rules, error)

// Live is the key of the rules in force.
const Live = "live"

// RuleSet is the state of the rules in force.
type RuleSet struct {
	Key, Name, Version, Text string
}

// BlankRuleSet has none: those that come with the program apply.
func BlankRuleSet(key string) RuleSet { return RuleSet{Key: key} }

// RuleSets is what the service does about its rules.
var RuleSets = saga.Choreography[RuleSet]{
	Service: "fraud",
	Key:     keyRuleSet,
	Blank:   BlankRuleSet,
	Evolve: func(s RuleSet, e saga.Event) RuleSet {
		if d, is := e.Data.(event.RulesActivatedV1); is {
			s.Name, s.Version, s.Text = d.Name, d.Version, d.Text
		}
		return s
	},
	Rows: []saga.Row{saga.On(ActivateRules, activate, event.RulesActivated)},
}

// ActivateRules is the command that puts rules in force.
var ActivateRules = saga.Command[event.RulesActivatedV1]("activate_rules")

func activate(s RuleSet, d event.RulesActivatedV1) []saga.Event {
	if s.Version == d.Version && s.Name == d.Name {
		return nil
	}
	return []saga.Event{event.RulesActivated.Of(d)}
}

// judge is a choreography's way to its rules.
type judge struct {
	own  *Rules // that come with the program
	read Reader
}

// live are the rules in force; nil if this program cannot read them.
func (j judge) live(look saga.Look) *Rules {
	d, found := look(event.RulesActivated, Live).(event.RulesActivatedV1)
	if !found {
		return j.own
	}
	r, err := j.read(d.Text)
	if err != nil {
		return nil
	}
	return r
}

// listed tells whether a subject is on the block list.
func listed(look saga.Look, subject string) bool {
	on, is := look(event.Listed, subject).(event.ListedV1)
	off, was := look(event.Delisted, subject).(event.DelistedV1)
	return is && (!was || off.Entry < on.Entry)
}

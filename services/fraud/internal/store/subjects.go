package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"orderflow.example/services/fraud"
	"orderflow.example/shared/database"
	"orderflow.example/shared/engine"
)

type subject struct {
	Key         string       `gorm:"primaryKey"`
	Seen        []fraud.Seen `gorm:"serializer:json"`
	Orders      int64
	Refunds     int64
	Chargebacks int64
	Entry       int64
	Listed      bool
	Outcomes    []string `gorm:"serializer:json"`
}

func (subject) TableName() string { return "subjects" }

// Subjects is the table of subjects, one row for each that has a history.
func Subjects() engine.Store {
	return engine.NewTable(fraud.BlankSubject, func(r subject) string { return r.Key },
		func(s fraud.Subject) subject { return subject(s) }, func(r subject) fraud.Subject { return fraud.Subject(r) })
}

type ruleSet struct {
	Key     string `gorm:"primaryKey"`
	Name    string
	Version string
	Text    string
}

func (ruleSet) TableName() string { return "rule_sets" }

// RuleSets is the table of the rules in force: one row, none before any were activated.
func RuleSets() engine.Store {
	return engine.NewTable(fraud.BlankRuleSet, func(r ruleSet) string { return r.Key },
		func(s fraud.RuleSet) ruleSet { return ruleSet(s) }, func(r ruleSet) fraud.RuleSet { return fraud.RuleSet(r) })
}

var ruleSets = database.NewTable[ruleSet]()

// Live returns the rules in force, blank if none were activated.
func Live(ctx context.Context, db *gorm.DB) (fraud.RuleSet, error) {
	rows, err := ruleSets.Select(db.WithContext(ctx), "WHERE key = $1", fraud.Live)
	if err != nil {
		return fraud.RuleSet{}, fmt.Errorf("fraud rules in force: %w", err)
	}
	if len(rows) == 0 {
		return fraud.BlankRuleSet(fraud.Live), nil
	}
	return fraud.RuleSet(rows[0]), nil
}

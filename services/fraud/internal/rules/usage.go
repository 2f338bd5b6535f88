package rules

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/expr-lang/expr/ast"

	"orderflow.example/services/fraud"
)

// facts are the variables of expressions.
type facts struct {
	Order      order               `expr:"order"`
	Customer   History             `expr:"customer"`
	Card       card                `expr:"card"`
	Address    History             `expr:"address"`
	MailDomain History             `expr:"mail_domain"`
	Lists      map[string][]string `expr:"lists"`
}

type order struct {
	Amount      int64  `expr:"amount"`
	Currency    string `expr:"currency"`
	Lines       int64  `expr:"lines"`
	Pieces      int64  `expr:"pieces"`
	LargestLine int64  `expr:"largest_line"`
	Country     string `expr:"country"`
	MailDomain  string `expr:"mail_domain"`
	Token       string `expr:"token"`
}

// History is what an expression sees of a subject. It is exported for the library.
type History struct {
	Known       bool             `expr:"known"`
	Orders      map[string]int64 `expr:"orders"` // by window
	Earlier     int64            `expr:"earlier"`
	Refunds     int64            `expr:"refunds"`
	Chargebacks int64            `expr:"chargebacks"`
	Listed      bool             `expr:"listed"`
}

type card struct {
	History
	Country string `expr:"country"`
}

// maxWindow is the longest time over which orders are counted, and maxWindows how many times there are.
const (
	maxWindow  = 30 * 24 * time.Hour
	maxWindows = 16
)

// usage is what expressions use of the history of subjects.
type usage struct {
	lists   map[string][]string
	windows map[string]int64   // in seconds, by how they are written
	counts  map[string][]int64 // by kind of subject
	history map[string]bool    // likewise
	listed  map[string]bool
	token   bool
	bare    int      // uses of orders, less those with a window
	whole   []string // variables that are used without naming a field
	err     error
}

func newUsage(lists map[string][]string) *usage {
	return &usage{lists: lists, windows: map[string]int64{}, counts: map[string][]int64{}, history: map[string]bool{},
		listed: map[string]bool{}}
}

// of adds an expression's.
func (u *usage) of(root *ast.Node) error {
	u.bare, u.whole, u.err = 0, nil, nil
	ast.Walk(root, u)
	switch {
	case u.err != nil:
	case u.bare != 0:
		u.err = errors.New(`orders needs a time: orders["10m"]`)
	case len(u.whole) > 0:
		u.err = fmt.Errorf("%s: want one of its fields, as customer.listed", u.whole[0])
	}
	return u.err
}

// variables are those of which only fields may be used: under another name it is not seen what a rule asks for.
var variables = append([]string{"$env", "order", "lists"}, fraud.Kinds...)

// Visit implements ast.Visitor. A node's children are visited before it.
func (u *usage) Visit(node *ast.Node) {
	if of, is := (*node).(*ast.IdentifierNode); is && slices.Contains(variables, of.Value) {
		u.whole = append(u.whole, of.Value)
	}
	member, is := (*node).(*ast.MemberNode)
	if !is {
		return
	}
	name, constant := member.Property.(*ast.StringNode)
	switch of := member.Node.(type) {
	case *ast.IdentifierNode:
		if constant && of.Value != "$env" && slices.Contains(variables, of.Value) {
			u.whole = u.whole[:len(u.whole)-1]
		}
		switch {
		case of.Value == "lists" && !constant:
			u.err = errors.New("lists: want the name of a list")
		case of.Value == "lists" && u.lists[name.Value] == nil:
			u.err = fmt.Errorf("there is no list %s under lists", name.Value)
		case of.Value == "order" && constant && name.Value == "token":
			u.token = true
		case !slices.Contains(fraud.Kinds, of.Value) || !constant:
		case name.Value == "orders":
			u.bare++
			u.history[of.Value] = true
		case name.Value == "listed":
			u.listed[of.Value] = true
		default:
			u.history[of.Value] = true
		}
	case *ast.MemberNode:
		kind, isKind := of.Node.(*ast.IdentifierNode)
		if orders, ok := of.Property.(*ast.StringNode); isKind && ok && orders.Value == "orders" {
			u.bare--
			u.window(kind.Value, name)
		}
	}
}

func (u *usage) window(kind string, name *ast.StringNode) {
	if name == nil {
		u.err = errors.New(`orders: want a time in quotes: orders["10m"]`)
		return
	}
	d, err := time.ParseDuration(name.Value)
	if err != nil || d < time.Second || d > maxWindow || d%time.Second != 0 {
		u.err = fmt.Errorf("orders[%q]: want a time from 1s to 720h, as 10m", name.Value)
		return
	}
	length := int64(d / time.Second)
	u.windows[name.Value] = length
	if !slices.Contains(u.counts[kind], length) {
		u.counts[kind] = append(u.counts[kind], length)
	}
	if len(u.counts[kind]) > maxWindows {
		u.err = fmt.Errorf("%s.orders: at most %d times can be used", kind, maxWindows)
	}
}

// asked are the kinds of subjects whose history is used, with the windows. Of a card nothing is known without asking.
func (u *usage) asked() map[string][]int64 {
	asks := map[string][]int64{}
	for _, kind := range fraud.Kinds {
		if u.history[kind] || kind == fraud.Card && u.listed[kind] {
			asks[kind] = u.counts[kind]
		}
	}
	return asks
}

// onlyListed are the other kinds of which it is used whether they are on the block list.
func (u *usage) onlyListed(asked map[string][]int64) (kinds []string) {
	for _, kind := range fraud.Kinds {
		if _, is := asked[kind]; u.listed[kind] && !is {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

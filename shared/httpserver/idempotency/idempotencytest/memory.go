// Package idempotencytest keeps idempotency keys in memory, for tests of handlers.
package idempotencytest

import (
	"context"
	"sync"

	"orderflow.example/shared/httpserver/idempotency"
)

// Memory stores claims that a test can inspect. A claim is busy until it is released.
type Memory struct {
	mu     sync.Mutex
	claims map[idempotency.Name]idempotency.Claim
	busy   map[idempotency.Name]bool
}

// New returns a Memory without keys.
func New() *Memory {
	return &Memory{claims: map[idempotency.Name]idempotency.Claim{}, busy: map[idempotency.Name]bool{}}
}

// Take makes the claim or returns the existing one.
func (m *Memory) Take(_ context.Context, want idempotency.Claim) (idempotency.Claim, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c, ok := m.claims[want.Name]; ok {
		return c, nil
	}
	m.claims[want.Name], m.busy[want.Name] = want, true
	want.Fresh = true
	return want, nil
}

// Known tells whether there is a claim.
func (m *Memory) Known(_ context.Context, name idempotency.Name) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, known := m.claims[name]
	return known, nil
}

// Resume takes over a claim that is not busy.
func (m *Memory) Resume(_ context.Context, c idempotency.Claim) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.busy[c.Name]
	m.busy[c.Name] = true
	return !was, nil
}

// Keep stores the first answer.
func (m *Memory) Keep(_ context.Context, c idempotency.Claim, a idempotency.Answer) (idempotency.Answer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := m.claims[c.Name]
	if kept.Answer == nil {
		kept.Answer = &a
		m.claims[c.Name] = kept
	}
	return *kept.Answer, nil
}

// Release ends the busy time of a claim.
func (m *Memory) Release(_ context.Context, c idempotency.Claim) error {
	m.SetBusy(c.Name, false)
	return nil
}

// Forget deletes a claim.
func (m *Memory) Forget(_ context.Context, c idempotency.Claim) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.claims, c.Name)
	return nil
}

// SetBusy sets whether the claim's holder may still be working.
func (m *Memory) SetBusy(n idempotency.Name, busy bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.busy[n] = busy
}

// Lose removes the answer of a claim, as if the process had died before storing it.
func (m *Memory) Lose(n idempotency.Name) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.claims[n]
	c.Answer = nil
	m.claims[n] = c
}

// All are the existing claims.
func (m *Memory) All() []idempotency.Claim {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]idempotency.Claim, 0, len(m.claims))
	for _, c := range m.claims {
		all = append(all, c)
	}
	return all
}

// Package trial is what tests across services share: a customer's and an operator's eyes on an installation, which see
// nothing but the APIs, and the installation itself, as parts in this process or as processes of their own that can be
// killed. Everything it starts is real: the broker, the database, the simulated outside world.
//
// Only tests use it. What it cannot start fails the test.
package trial

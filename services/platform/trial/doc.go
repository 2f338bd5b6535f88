// Package trial is shared by tests across services: clients for customers and operators, which use only the APIs, and the
// installation itself, as parts in this process or as processes of their own that can be killed. It starts a real broker
// and database, and the simulated outside world.
//
// Only tests use it. It fails the test if something cannot be started.
package trial

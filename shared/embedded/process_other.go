//go:build unix && !linux

package embedded

import (
	"errors"
	"syscall"
)

// childAttributes put the server in a session of its own, so that a Ctrl-C at the terminal reaches only us. Nothing
// ends it when we are killed; the next start takes it over.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// mayBePostgres is false only if process pid is certainly not Postgres.
func mayBePostgres(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

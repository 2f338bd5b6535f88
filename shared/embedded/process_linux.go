package embedded

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// childAttributes put the server in a session of its own, so that a Ctrl-C at the terminal reaches only us and we stop
// parts in order, and make it shut down when we are killed.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGINT}
}

// mayBePostgres is false only if process pid is certainly not Postgres.
func mayBePostgres(pid int) bool {
	name, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	return strings.TrimSpace(string(name)) == "postgres"
}

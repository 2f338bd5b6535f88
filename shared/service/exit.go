package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes of every command.
const (
	CodeFailed      = 1 // a check found a fault
	CodeUsage       = 2 // wrong usage or configuration
	CodeEnvironment = 3 // port taken, database down, no binaries
)

// Exit is an error that says how the process ends. Any other error ends it with CodeEnvironment.
type Exit struct {
	Code int
	Err  error
}

func (e *Exit) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *Exit) Unwrap() error { return e.Err }

// Failed is the error of a check that found a fault: exit code 1.
func Failed(format string, args ...any) error { return &Exit{CodeFailed, fmt.Errorf(format, args...)} }

// Usage is a mistake in the call or the configuration: exit code 2.
func Usage(format string, args ...any) error { return &Exit{CodeUsage, fmt.Errorf(format, args...)} }

// Environment is a failure of something the command needs: exit code 3.
func Environment(format string, args ...any) error {
	return &Exit{CodeEnvironment, fmt.Errorf(format, args...)}
}

// memoryLimit is the memory that a process tries to stay below, in bytes. A million events fit, all services in one
// process: most of it is the data that verify compares, and without a limit garbage would multiply that.
const memoryLimit = 3 << 29

// Main runs a command line and ends the process. SIGINT and SIGTERM end the commands' context; a second one ends the
// process at once.
//
// Memory is traded for time: collecting garbage when the heap has grown to five times the live data, not twice, saves a
// fifth of the CPU of a busy engine, whose events live for milliseconds. Above memoryLimit the collector works harder.
// GOGC and GOMEMLIMIT in the environment take precedence.
func Main(root *cobra.Command) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		second := <-signals
		fmt.Fprintf(os.Stderr, "%s: second signal: exiting without an orderly stop\n", root.Name())
		os.Exit(128 + int(second.(syscall.Signal)))
	}()
	os.Exit(Execute(ctx, root, os.Stderr))
}

// Execute is Main without the process: it returns the exit code, having written one line about a failure.
func Execute(ctx context.Context, root *cobra.Command, stderr io.Writer) int {
	root.SilenceErrors, root.SilenceUsage = true, true
	running := false
	prepare(root, &running)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil || ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return 0
	}
	code := CodeEnvironment
	hint := ""
	var exit *Exit
	switch {
	case errors.As(err, &exit):
		code = exit.Code
	case !running:
		// cobra's own errors, which have no type.
		code = CodeUsage
		hint = fmt.Sprintf("; see %s --help", cmd.CommandPath())
	}
	fmt.Fprintf(stderr, "%s: %s%s\n", root.Name(), oneLine(err), hint)
	return code
}

// prepare lets Execute tell cobra's errors from a command's own, and refuses superfluous arguments.
func prepare(cmd *cobra.Command, running *bool) {
	for _, sub := range cmd.Commands() {
		prepare(sub, running)
	}
	if cmd.Args == nil {
		cmd.Args = cobra.NoArgs
		if cmd.HasSubCommands() {
			cmd.Args = unknownCommand
		}
	}
	run := cmd.RunE
	if run == nil && cmd.Run != nil {
		own := cmd.Run
		run = func(cmd *cobra.Command, args []string) error { own(cmd, args); return nil }
	}
	if run == nil {
		// A command with subcommands only checks its arguments if it can be run.
		run = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		*running = true
		return run(cmd, args)
	}
}

func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
}

func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// Command orderflow runs, checks and measures Orderflow.
package main

import (
	"orderflow.example/services/platform/command"
	"orderflow.example/shared/service"
)

func main() { service.Main(command.Root()) }

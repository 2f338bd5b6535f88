// Command tracker runs the tracker alone. It stands with the platform because it has to know all services.
package main

import (
	"orderflow.example/services/platform/run"
	"orderflow.example/shared/service"
)

func main() { service.Run(run.Tracker) }

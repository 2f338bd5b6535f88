// Command tracker runs the tracker alone. It stands with the platform because it has to know all services.
package main

import (
	"orderflow.example/services/platform/internal/platform"
	"orderflow.example/shared/service"
)

func main() { service.Run(platform.Tracker) }

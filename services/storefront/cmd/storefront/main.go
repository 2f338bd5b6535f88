// Command storefront runs the storefront alone.
package main

import (
	"orderflow.example/services/storefront/app"
	"orderflow.example/shared/service"
)

func main() { service.Run(app.App) }

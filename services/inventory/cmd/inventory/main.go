// Command inventory runs the inventory service alone.
package main

import (
	"orderflow.example/services/inventory/app"
	"orderflow.example/shared/service"
)

func main() { service.Run(app.App) }

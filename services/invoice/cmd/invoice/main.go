// Command invoice runs the invoice service alone.
package main

import (
	"orderflow.example/services/invoice/app"
	"orderflow.example/shared/service"
)

func main() { service.Run(app.App) }

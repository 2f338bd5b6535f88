// Command refund runs the refund service alone.
package main

import (
	"orderflow.example/services/refund/app"
	"orderflow.example/shared/service"
)

func main() { service.Run(app.App) }

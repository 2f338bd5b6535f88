// Command shipping runs the shipping service alone.
package main

import (
	"orderflow.example/services/shipping/app"
	"orderflow.example/shared/service"
)

func main() { service.Run(app.App) }

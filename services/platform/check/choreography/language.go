package choreography

import (
	"orderflow.example/schemas/compatibility"
	"orderflow.example/schemas/registry"
	"orderflow.example/shared/saga"
	"orderflow.example/shared/service"
)

// LanguageOf returns the events of the services.
func LanguageOf(apps ...service.App) Language {
	l := Language{Events: registry.Events(), Broken: compatibility.Check(), Example: func(k saga.Kind) ([]byte, bool) {
		example := registry.Example(k.Name())
		return example, example != nil && registry.Schema(k.Name()) != nil
	}}
	for _, t := range service.Topics(1, 1, apps...) {
		l.Topics = append(l.Topics, t.Name)
	}
	return l
}

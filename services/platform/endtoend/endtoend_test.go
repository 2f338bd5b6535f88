// Package endtoend tests Orderflow as it is run: sagas held at exact moments, the real program killed and refused, and
// every service as a process of its own.
package endtoend_test

import (
	"testing"

	"orderflow.example/services/platform/trial"
)

func TestMain(m *testing.M) { trial.Main(m) }

// Package endtoend tests Orderflow as it is run: sagas held at exact points, the real program killed and failing to start,
// and every service as a process of its own.
package endtoend_test

import (
	"testing"

	"orderflow.example/services/platform/trial"
)

func TestMain(m *testing.M) { trial.Main(m) }

package engine_test

import "testing"

type proxy struct{}

func newProxy(*testing.T, string) *proxy { return &proxy{} }

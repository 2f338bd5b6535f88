package bench

import (
	"net"
	"os"
	"runtime"
	"testing"
)

func TestTheProcessThatListensIsFoundAndOnlyOnThisMachine(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		return // other processes cannot be read
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]int{
		l.Addr().String(): os.Getpid(), "localhost:" + port: os.Getpid(), "192.0.2.1:" + port: 0,
		"broker.example:" + port: 0, "127.0.0.1:1": 0,
	} {
		if got := listener(address); got != want {
			t.Errorf("%s: process %d, want %d", address, got, want)
		}
	}
	if tree := tree(os.Getpid()); len(tree) == 0 || treeMemory(os.Getpid()) <= 0 || treeTime(0) != 0 || treeMemory(0) != 0 {
		t.Errorf("own tree %v", tree)
	}
}

package bench

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// processes are the ids of the other processes that are measured; 0 for one that is not on this machine.
type processes struct{ postgres, kafka int }

// findProcesses finds the private Postgres of a directory, and the process of this machine that listens at the first
// broker's address.
func findProcesses(postgres string, brokers []string) (p processes) {
	text, _ := os.ReadFile(filepath.Join(postgres, "data", "postmaster.pid"))
	first, _, _ := strings.Cut(string(text), "\n")
	p.postgres, _ = strconv.Atoi(first)
	if len(brokers) > 0 {
		p.kafka = listener(brokers[0])
	}
	return p
}

// cpuTimes is the CPU time of each, that of its ended children included.
type cpuTimes struct{ own, postgres, kafka time.Duration }

func (p processes) cpu() cpuTimes {
	return cpuTimes{own: cpuTime(), postgres: treeTime(p.postgres), kafka: treeTime(p.kafka)}
}

func (t cpuTimes) minus(before cpuTimes) cpuTimes {
	return cpuTimes{t.own - before.own, t.postgres - before.postgres, t.kafka - before.kafka}
}

// over returns the milliseconds per item.
func (t cpuTimes) over(n float64) Processes {
	each := func(d time.Duration) float64 { return d.Seconds() * 1000 / n }
	return Processes{each(t.own), each(t.postgres), each(t.kafka)}
}

// resident is the resident memory of each. Memory that Postgres's processes share is counted once.
func (p processes) resident() Processes {
	return Processes{Own: memory("self", "VmRSS"), Postgres: treeMemory(p.postgres), Kafka: memory(strconv.Itoa(p.kafka), "VmRSS")}
}

// tick is the unit of /proc: USER_HZ is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// treeTime is the CPU time of a process and its children; 0 if there is none, or the system does not report it.
func treeTime(pid int) (sum time.Duration) {
	for _, of := range tree(pid) {
		var user, system, children, childrenSystem int64
		if _, err := fmt.Sscan(strings.Join(stat(of, 11, 15), " "), &user, &system, &children, &childrenSystem); err != nil {
			continue
		}
		if sum += time.Duration(user+system) * tick; of == pid {
			sum += time.Duration(children+childrenSystem) * tick
		}
	}
	return sum
}

// treeMemory is the memory of a process and its children, with shared memory counted once.
func treeMemory(pid int) (sum float64) {
	shared := 0.0
	for _, of := range tree(pid) {
		name := strconv.Itoa(of)
		shared = max(shared, memory(name, "RssShmem"))
		sum += memory(name, "RssAnon")
	}
	return sum + shared
}

// tree is a process and its children.
func tree(pid int) (all []int) {
	if pid == 0 {
		return nil
	}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		one, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if parent := stat(one, 1, 2); one == pid || len(parent) == 1 && parent[0] == strconv.Itoa(pid) {
			all = append(all, one)
		}
	}
	return all
}

// stat returns some of the fields of /proc/…/stat behind the name; nil if they cannot be read.
func stat(pid, from, upto int) []string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < upto {
		return nil
	}
	return fields[from:upto]
}

// memory returns one of the sizes of /proc/…/status, in MiB; 0 if it cannot be read.
func memory(pid, name string) float64 {
	file, err := os.Open("/proc/" + pid + "/status")
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+":"); ok {
			var kib float64
			fmt.Sscan(value, &kib)
			return kib / 1024
		}
	}
	return 0
}

// listener is the process that listens at an address of this machine; 0 if there is none.
func listener(address string) int {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return 0
	}
	number, _ := strconv.Atoi(port)
	sockets := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, _ := os.ReadFile(table)
		for row := range strings.Lines(string(text)) {
			fields := strings.Fields(row)
			const listening = "0A"
			if len(fields) > 9 && fields[3] == listening && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", number)) {
				sockets["socket:["+fields[9]+"]"] = true
			}
		}
	}
	files, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, file := range files {
		if to, err := os.Readlink(file); err == nil && sockets[to] {
			pid, _ := strconv.Atoi(strings.Split(file, "/")[2])
			return pid
		}
	}
	return 0
}

package measure

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Machine is where figures were taken. What cannot be found out is empty.
type Machine struct {
	CPU         string            `json:"cpu"`
	Cores       int               `json:"cores"`
	MemoryBytes int64             `json:"memoryBytes"`
	OS          string            `json:"os"`
	Versions    map[string]string `json:"versions"` // of Go, Node, ..., and what the caller adds
}

// Describe looks at this machine. versions are those of the engines, by name.
func Describe(ctx context.Context, versions map[string]string) Machine {
	m := Machine{
		CPU:      first(`(?m)^model name\s*:\s*(.+)$`, read("/proc/cpuinfo")),
		Cores:    runtime.NumCPU(),
		OS:       first(`(?m)^PRETTY_NAME="?([^"\n]+)`, read("/etc/os-release")),
		Versions: map[string]string{"Go": strings.TrimPrefix(runtime.Version(), "go")},
	}
	if m.OS == "" {
		m.OS = runtime.GOOS
	}
	if kernel := first(`(\d+\.\d+)`, read("/proc/sys/kernel/osrelease")); kernel != "" {
		m.OS += ", Linux " + kernel
	}
	m.OS += ", " + runtime.GOARCH
	if kib, err := strconv.ParseInt(first(`(?m)^MemTotal:\s*(\d+) kB`, read("/proc/meminfo")), 10, 64); err == nil {
		m.MemoryBytes = kib << 10
	}
	for name, command := range map[string][]string{
		"Node":   {"node", "--version"},
		"Python": {"python3", "--version"},
		"JDK":    {"java", "-version"},
	} {
		// Java tells its version on the standard error.
		if text, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput(); err == nil {
			m.Versions[name] = first(`(\d+(?:\.\d+)+)`, string(text))
		}
	}
	maps.Copy(m.Versions, versions)
	return m
}

// String is one sentence of the report.
func (m Machine) String() string {
	var programs []string
	for _, name := range slices.Sorted(maps.Keys(m.Versions)) {
		programs = append(programs, name+" "+m.Versions[name])
	}
	return fmt.Sprintf("%s, %d cores, %.0f GiB of memory, %s; %s",
		m.CPU, m.Cores, float64(m.MemoryBytes)/(1<<30), m.OS, strings.Join(programs, ", "))
}

// Commit is the commit of the working tree, with a plus sign if there are changes
// to it, or empty outside of a git repository.
func Commit(ctx context.Context, root string) string {
	git := func(args ...string) string {
		text, err := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...).Output()
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(text))
	}
	commit := git("rev-parse", "--short=10", "HEAD")
	if commit != "" && git("status", "--porcelain", "--untracked-files=no") != "" {
		commit += "+"
	}
	return commit
}

func read(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return string(text)
}

// first is the first group of the first match, or empty.
func first(pattern, text string) string {
	if m := regexp.MustCompile(pattern).FindStringSubmatch(text); m != nil {
		return strings.TrimSpace(m[1])
	}
	return ""
}

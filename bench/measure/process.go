package measure

import (
	"fmt"
	"os/exec"
	"time"
)

// Usage is what a process cost, with all its descendants that were waited for.
//
// The peak is the largest of any one of these processes, by the kernel's own
// account, which misses nothing between two looks. It cannot be lower than what
// the harness itself held when it started the process (some 20 MiB), since on
// Linux a new process begins with its parent's high-water mark.
type Usage struct {
	Wall      time.Duration `json:"wall"`
	CPU       time.Duration `json:"cpu"`       // user and system
	PeakBytes int64         `json:"peakBytes"` // resident memory; 0 where the system does not tell
}

// Process runs a command to its end. An error of the command is returned with
// what it cost until then.
func Process(cmd *exec.Cmd) (Usage, error) {
	began := time.Now()
	err := cmd.Run()
	wall := time.Since(began)
	if cmd.ProcessState == nil {
		return Usage{}, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return usageOf(cmd, wall), err
}

// Wait is Process for a command that was started at the given time.
func Wait(cmd *exec.Cmd, began time.Time) (Usage, error) {
	err := cmd.Wait()
	wall := time.Since(began)
	if cmd.ProcessState == nil {
		return Usage{}, fmt.Errorf("wait for %s: %w", cmd.Path, err)
	}
	return usageOf(cmd, wall), err
}

func usageOf(cmd *exec.Cmd, wall time.Duration) Usage {
	state := cmd.ProcessState
	return Usage{Wall: wall, CPU: state.UserTime() + state.SystemTime(), PeakBytes: peakBytes(state)}
}

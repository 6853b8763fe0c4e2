//go:build mage

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Faults proves that the lake loses nothing: every fault of every store call, 3,000 schedules, 400 kills, all mutations. It takes about an hour.
func Faults(ctx context.Context) error {
	var sum proofs
	return steps(ctx,
		sum.step("every fault", ".", "./pkg/etl", "-run=^(TestEveryFault|TestOneInsideTheOther|TestACancelAtEveryCall|TestACancelInLongSteps|TestManyKeysUnderOnePrefix)$", "-every-fault"),
		sum.step("3,000 schedules", ".", "./pkg/etl", "-run=^TestSideBySide", "-seeds=1500"),
		sum.step("mutations", ".", "./pkg/etl", "-run=^TestMutations$", "-every-mutation"),
		sum.step("a faulty proxy before S3", "integration", ".", "-run=^TestPipelineBehindAFaultyProxy$", "-every-fault"),
		sum.step("kills", "integration", ".", "-run=^TestKilled", "-kills=200"),
		step{"sum", func(context.Context) error { return sum.report() }},
	)
}

// proofs adds up the lines in which tests say what they have proved.
type proofs struct{ cases, wrong int }

var proofLine = regexp.MustCompile(`proof: .*: (\d+) cases, (\d+) wrong`)

// step runs tests that count their cases. A case that is wrong is told at the
// end, when all is counted; whatever else fails stops the others.
func (p *proofs) step(name, dir string, args ...string) step {
	return step{name, func(ctx context.Context) error {
		read, write := io.Pipe()
		ran := make(chan error, 1)
		go func() {
			err := runTo(ctx, write, dir, "go", append([]string{"test", "-count=1", "-v", "-timeout=0"}, args...)...)
			_ = write.Close()
			ran <- err
		}()
		before, wrong := p.cases, p.wrong
		lines := bufio.NewScanner(read)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			p.line(lines.Text())
		}
		_, _ = io.Copy(io.Discard, read) // so that a line that is too long blocks nobody
		err := errors.Join(lines.Err(), <-ran)
		switch {
		case p.cases == before:
			return errors.Join(errors.New("no case was tried"), err)
		case p.wrong == wrong:
			return err
		}
		return nil
	}}
}

// line counts a line of go test -v, and shows it unless it is only of progress.
func (p *proofs) line(text string) {
	if m := proofLine.FindStringSubmatch(text); m != nil {
		cases, _ := strconv.Atoi(m[1])
		wrong, _ := strconv.Atoi(m[2])
		p.cases, p.wrong = p.cases+cases, p.wrong+wrong
	}
	trimmed := strings.TrimSpace(text)
	for _, noise := range []string{"=== ", "--- PASS"} {
		if strings.HasPrefix(trimmed, noise) {
			return
		}
	}
	fmt.Println(text)
}

func (p *proofs) report() error {
	fmt.Printf("faults: %d cases, %d wrong\n", p.cases, p.wrong)
	if p.wrong > 0 {
		return fmt.Errorf("%d of %d cases are wrong", p.wrong, p.cases)
	}
	return nil
}

// Soak has a lake live through 60 simulated days in eight minutes: deliveries, kills, maintenance and queries at once. -days and -perDay=20s change that.
func Soak(ctx context.Context, days *int, perDay *time.Duration) error {
	args := []string{"-v", "-count=1", "-timeout=0", "-run=^TestSoak$", "./internal/soak", "-days=60", "-per-day=8s"}
	if days != nil {
		args = append(args, fmt.Sprintf("-days=%d", *days))
	}
	if perDay != nil {
		args = append(args, fmt.Sprintf("-per-day=%s", *perDay))
	}
	return steps(ctx, goStep(append([]string{"test"}, args...)...))
}

package etl_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/auditlake/auditlake/pkg/store/storetest"
)

var everyMutation = flag.Bool("every-mutation", false, "try all mutations, which takes minutes, instead of one with -whole and else none")

// mutation is a mistake that the proofs have to notice.
type mutation struct {
	name     string
	file     string // from the root of the repository
	from, to string
	dir      string   // of the module with the proof, from the root
	proof    []string // arguments of go test
}

// inside is the proof that stops one job at every call and does another meanwhile.
func inside(name string) []string {
	return []string{"./pkg/etl", "-run", "^TestOneInsideTheOther$/^" + strings.ReplaceAll(name, " ", "_") + "$", "-every-fault"}
}

func mutations() []mutation {
	return []mutation{
		{
			name: "vacuum deletes young files",
			file: "pkg/etl/vacuum.go",
			from: "if !o.LastModified.Before(v.before) || hidden(path)",
			to:   "if hidden(path)",
			dir:  ".", proof: inside("vacuum inside run"),
		},
		{
			name: "after a lost race the transaction is not looked at again",
			file: "pkg/delta/conflict.go",
			from: "		if mine.txn == nil {",
			to:   "		if true {",
			dir:  ".", proof: inside("run inside run"),
		},
		{
			name: "OPTIMIZE does not look whether its files are still there",
			file: "pkg/delta/conflict.go",
			from: "		for i := range winner.Removes {",
			to:   "		for i := range winner.Removes {\n			if mine.rearranges {\n				break\n			}",
			dir:  ".", proof: inside("optimize inside optimize"),
		},
		{
			name: "log entries are put even if the version is taken", // Probe would notice other objects
			file: "pkg/store/memory.go",
			from: "	case !taken:",
			to:   `	case !taken || strings.Contains(key, "/_delta_log/"):`,
			dir:  ".", proof: inside("run inside run"),
		},
		{
			name: "landing state comes in a commit after the rows",
			file: "pkg/etl/stage.go",
			from: "	meta.Configuration[landing.Property] = path\n	version, err := r.lake.Table(lake.Bronze).Commit(ctx, delta.Tx{",
			to: `	if base != nil {
		if _, err = r.lake.Table(lake.Bronze).Commit(ctx, delta.Tx{Base: base, Operation: operation, Adds: s.adds}); err != nil {
			return err
		}
		if base, err = r.lake.Table(lake.Bronze).Snapshot(ctx); err != nil {
			return err
		}
		s.adds = nil
	}
	meta.Configuration[landing.Property] = path
	version, err := r.lake.Table(lake.Bronze).Commit(ctx, delta.Tx{`,
			dir: ".", proof: []string{"./pkg/etl", "-run", "^TestEveryFault$/^overwritten_file.*again", "-every-fault"},
		},
		{
			name: "identities count as having come as far as gold, whoever moved the watermark",
			file: "pkg/etl/gold.go",
			from: "	learns := mark.Identities",
			to:   "	learns := true",
			dir:  ".", proof: []string{"./pkg/etl", "-run", "^TestIdentitiesOfALakeOfBefore$"},
		},
		{
			name: "a 412 is trusted",
			file: "pkg/store/s3_put.go",
			from: "		// 412 or unknown.",
			to:   "		if isStatus(err, 412) {\n			return ErrExists\n		}",
			dir:  "integration", proof: []string{".", "-run", "^TestPutIfAbsentUnderFaults$"},
		},
	}
}

// TestMutations has the go command build the proofs on sources with one mistake
// each: they must fail. It takes -whole or -every-mutation.
func TestMutations(t *testing.T) {
	if !*whole && !*everyMutation {
		t.Skip("it builds and runs the proofs again for every mutation: -whole tries one, -every-mutation all")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command, which builds the mutated sources")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	all := mutations()
	if !*everyMutation {
		all = all[:1]
	}
	tally := storetest.NewTally(t, "mutations")
	for _, m := range all {
		tally.Run(t, m.name, func(t *testing.T) {
			args := append([]string{"test", "-count=1", "-failfast", "-vet=off", "-overlay", m.overlay(t, root)}, m.proof...)
			cmd := exec.CommandContext(t.Context(), "go", args...)
			cmd.Dir, cmd.Env = filepath.Join(root, m.dir), append(os.Environ(), "CGO_ENABLED=0")
			out, err := cmd.CombinedOutput()
			switch {
			case err == nil:
				t.Errorf("go %s: nothing was noticed", strings.Join(args, " "))
			case !bytes.Contains(out, []byte("--- FAIL: ")):
				t.Errorf("go %s: no test has failed: %v\n%.2000s", strings.Join(args, " "), err, out)
			default:
				by := out[bytes.LastIndex(out, []byte("--- FAIL: "))+len("--- FAIL: "):]
				by, _, _ = bytes.Cut(by, []byte{'\n'})
				t.Logf("noticed by %s", by)
			}
		})
	}
}

// overlay is the file that has the go command read the mutated source.
func (m mutation) overlay(t *testing.T, root string) string {
	t.Helper()
	file := filepath.Join(root, filepath.FromSlash(m.file))
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), m.from); n != 1 {
		t.Fatalf("%s has this text %d times, want once; adapt the mutation to the code:\n%s", m.file, n, m.from)
	}
	dir := t.TempDir()
	mutated, overlay := filepath.Join(dir, "mutated.go"), filepath.Join(dir, "overlay.json")
	text, err := json.Marshal(map[string]map[string]string{"Replace": {file: mutated}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mutated, []byte(strings.Replace(string(source), m.from, m.to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}

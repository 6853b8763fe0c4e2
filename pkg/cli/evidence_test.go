package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEvidence(t *testing.T) {
	source, lake := folders(t)
	const file = "date=2024-03-09/a.json"
	event := func(action string) string {
		return `{"timestamp":1709985600000,"serviceName":"accounts","actionName":"` + action + `"}`
	}
	land := func() { succeed(t, "etl", "--quiet", "--source", source, "--lake", lake) }
	path := func(name string) string { return filepath.Join(t.TempDir(), name) }
	deliver(t, source, file, event("login"))
	land()
	first, second, third := path("1.jsonl"), path("2.jsonl"), path("3.jsonl")
	succeed(t, "verify", "--lake", lake, "--source", source, "--evidence", first)
	if code, _, errOut := run(t, "verify", "--lake", lake, "--evidence", first); code == 0 || !strings.Contains(errOut, "is there already") {
		t.Errorf("written over: %d %s", code, errOut)
	}
	deliver(t, source, "date=2024-03-09/b.json", event("logout"))
	land()
	expect(t, succeed(t, "verify", "--lake", lake, "--against", first, "--evidence", second),
		"Of 2 files with 4 rows in the document, 2 have the same rows.\n", "1 file came since.\n")
	text, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	_, root, _ := strings.Cut(string(text), `"root":"`)
	if text, err := os.ReadFile(second); err != nil || !strings.Contains(string(text), `"previous":"`+strings.TrimSuffix(root, "\"}\n")+`"`) {
		t.Errorf("the second document does not name the first: %v\n%s", err, text)
	}

	// A lake that is made anew, from a source without the login.
	deliver(t, source, file, event("nothing"))
	if err := os.RemoveAll(lake); err != nil {
		t.Fatal(err)
	}
	land()
	deliver(t, source, "date=2024-03-09/c.json", event("later"))
	land()
	succeed(t, "verify", "--lake", lake, "--source", source) // which finds nothing
	code, out, errOut := run(t, "verify", "--lake", lake, "--against", second, "--evidence", third)
	if code == 0 || !strings.Contains(out, "PROBLEM workspaceId=42/"+file+": its 1 rows are not the lines that they were") {
		t.Errorf("%d %s\n%s", code, errOut, out)
	}
	if _, err := os.Stat(third); err == nil {
		t.Error("a document is written of a lake that was tampered with")
	}
	if err := os.WriteFile(first, text[1:], 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := run(t, "verify", "--lake", lake, "--against", first); code == 0 || !strings.Contains(errOut, "not a whole document of evidence") {
		t.Errorf("a document that was changed: %d %s", code, errOut)
	}
}

package layout

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed duckdb.mjs
var duckdbScript string

// duckResult is what DuckDB measured, with one thread; nil where it was left out.
type duckResult struct {
	Variants [][]float64 `json:"variants"` // ms of each panel over each variant
	Own      []struct {
		Version string    `json:"version"` // V2 has DELTA and BYTE_STREAM_SPLIT encodings
		Size    int       `json:"size"`
		MS      []float64 `json:"ms"`
	} `json:"own"` // of files that DuckDB wrote
}

func runDuckDB(ctx context.Context, c *corpus, results []*result, panels []panel, o Options) (_ *duckResult, err error) {
	if o.DuckDB == "" {
		return nil, nil
	}
	_, _ = fmt.Fprintf(o.Progress, "%s: DuckDB\n", c.table)
	modules, err := filepath.Abs(o.DuckDB)
	if err != nil {
		return nil, err
	}
	request := struct {
		Files   []string `json:"files"`
		Panels  []string `json:"panels"`
		Repeats int      `json:"repeats"`
	}{Repeats: o.Repeats}
	for _, r := range results {
		path, err := filepath.Abs(r.path)
		if err != nil {
			return nil, err
		}
		request.Files = append(request.Files, path)
	}
	for _, p := range panels {
		request.Panels = append(request.Panels, p.sql)
	}
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "auditlake-duckdb-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	script := filepath.Join(dir, "duckdb.mjs")
	if err := os.WriteFile(script, []byte(duckdbScript), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "node", script, modules)
	var out, problems bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(body), &out, &problems
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("run DuckDB (npm ci in %s installs it): %w: %s", modules, err, strings.TrimSpace(problems.String()))
	}
	var answer duckResult
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		return nil, fmt.Errorf("read what DuckDB measured: %w", err)
	}
	return &answer, nil
}

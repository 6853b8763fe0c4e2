package plugin_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/plugin"
	"github.com/auditlake/auditlake/pkg/plugin/supervisor"
	"github.com/auditlake/auditlake/pkg/store"
)

// A panic in a task is our bug. It must not keep the lake's lease from the other
// replicas for as long as this process lives.
func TestATaskThatPanicsHoldsNoLease(t *testing.T) {
	folder := t.TempDir()
	s, err := plugin.ParseSettings(t.Context(),
		settings(t, map[string]any{"sources": []string{t.TempDir()}, "lake": folder}), plugin.Admin{AllowLocalFolders: true})
	if err != nil {
		t.Fatal(err)
	}
	shell := newShell(t, plugin.Admin{AllowLocalFolders: true})
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context()) // of the job, which goes on
		defer end()
		p, err := shell.OpenPipeline(ctx, s, supervisor.Owner{Org: 1, UID: "ada"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Do(ctx, supervisor.Task{Kind: supervisor.Run}, func(etl.Progress) { panic("PLANTED") }); err == nil {
			t.Error("a panic is no error")
		}
		time.Sleep(10 * time.Minute)
		root, err := store.OpenLocal(folder)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := store.ReadAll(ctx, root, "_auditlake/lease.json"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the lease is still held: %v", err)
		}
	})
}

package etl

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/auditlake/auditlake/pkg/lake"
	"github.com/auditlake/auditlake/pkg/store"
)

// maintained says when the lake was last maintained. It is a hint: without it
// maintenance that is due daily is due.
type maintained struct {
	Vacuumed time.Time `json:"vacuumed"`
}

const maintainedKey = "_auditlake/maintenance.json"

func readMaintained(ctx context.Context, l *lake.Lake) (m maintained) {
	if body, _, err := store.ReadAll(ctx, l.Store(), maintainedKey); err != nil || json.Unmarshal(body, &m) != nil {
		return maintained{}
	}
	return m
}

func writeMaintained(ctx context.Context, l *lake.Lake, change func(*maintained)) error {
	m := readMaintained(ctx, l)
	change(&m)
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if _, err := l.Store().Put(ctx, maintainedKey, body); err != nil {
		return fmt.Errorf("write maintenance hint: %w", err)
	}
	return nil
}

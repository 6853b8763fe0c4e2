package etl

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/auditlake/auditlake/pkg/etl/event"
	"github.com/auditlake/auditlake/pkg/lake"
)

// The gold tables that no service names.
const (
	unknownTable = "_unknown" // events without a service
	otherTable   = "_other"   // events of services past the limit of tables
)

// maxGoldTables bounds what a hostile or broken source can make of the lake.
const maxGoldTables = 500

// GoldName is the gold table of a service: its name in lower case with _ for -.
// Services that differ only in case share a table; any two others do not: a name
// with characters that a table name cannot keep, or with a _ that could have
// been a -, carries a hash of itself.
//
//	clusters                    clusters
//	clamAVScanService-dataplane clamavscanservice_dataplane
//	a_b                         a_b_f63f3d2b
//	null, ""                    _unknown
func GoldName(service []byte, null bool) string {
	if null || len(service) == 0 {
		return unknownTable
	}
	lower := bytes.ToLower(service)
	plain := true
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r == '-':
			return '_'
		}
		plain = false
		return '_'
	}, string(lower))
	const most = 100
	if len(name) > most {
		name, plain = name[:most], false
	}
	if !plain {
		sum := event.Hash(lower)
		name += "_" + hex.EncodeToString(sum[:4])
	}
	if slices.Contains(lake.Layers(), name) || strings.HasPrefix(name, "_") {
		name = "service_" + strings.TrimLeft(name, "_")
	}
	return name
}

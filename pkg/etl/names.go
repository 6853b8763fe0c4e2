package etl

import (
	"bytes"
	"encoding/hex"
	"regexp"
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

// reservedPrefix begins the table of a service whose own name is taken.
const reservedPrefix = "service_"

// maxGoldTables bounds what a hostile or broken source can make of the lake.
const maxGoldTables = 500

// endsInHash is the shape of a name that carries a hash.
var endsInHash = regexp.MustCompile(`_[0-9a-f]{8}$`)

// GoldName is the gold table of a service: its name in lower case with _ for -.
// Services that differ only in case share a table; any two others do not: a name
// with characters that a table name cannot keep, with a _ that could have been a
// -, or like one made up here, carries a hash of itself.
//
//	clusters                    clusters
//	clamAVScanService-dataplane clamavscanservice_dataplane
//	a_b                         a_b_648fa9b3
//	bronze                      service_bronze
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
	reserved := slices.Contains(lake.Layers(), name)
	hidden := strings.HasPrefix(name, "_")
	if !plain || hidden || strings.HasPrefix(name, reservedPrefix) || endsInHash.MatchString(name) {
		sum := event.Hash(lower)
		name += "_" + hex.EncodeToString(sum[:4])
	}
	if reserved || hidden {
		name = reservedPrefix + strings.TrimLeft(name, "_")
	}
	return name
}

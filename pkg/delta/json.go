package delta

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/auditlake/auditlake/pkg/columnar"
)

// The actions as they are spelled in a log entry, one object a line. Fields that
// are not listed are ignored when reading.

type actionJSON struct {
	CommitInfo json.RawMessage `json:"commitInfo,omitempty"`
	Protocol   *protocolJSON   `json:"protocol,omitempty"`
	MetaData   *metadataJSON   `json:"metaData,omitempty"`
	Txn        *txnJSON        `json:"txn,omitempty"`
	Remove     *removeJSON     `json:"remove,omitempty"`
	Add        *addJSON        `json:"add,omitempty"`
	Sidecar    *sidecarJSON    `json:"sidecar,omitempty"` // only in a V2 checkpoint
}

type commitInfoJSON struct {
	Timestamp           int64                      `json:"timestamp"`
	Operation           string                     `json:"operation"`
	OperationParameters map[string]json.RawMessage `json:"operationParameters"`
	OperationMetrics    map[string]json.RawMessage `json:"operationMetrics"`
	EngineInfo          string                     `json:"engineInfo"`
	TxnID               string                     `json:"txnId"`
}

type protocolJSON struct {
	MinReaderVersion int32    `json:"minReaderVersion"`
	MinWriterVersion int32    `json:"minWriterVersion"`
	ReaderFeatures   []string `json:"readerFeatures,omitempty"`
	WriterFeatures   []string `json:"writerFeatures,omitempty"`
}

type formatJSON struct {
	Provider string             `json:"provider"`
	Options  map[string]*string `json:"options"`
}

type metadataJSON struct {
	ID               string             `json:"id"`
	Name             string             `json:"name,omitempty"`
	Description      string             `json:"description,omitempty"`
	Format           formatJSON         `json:"format"`
	SchemaString     string             `json:"schemaString"`
	PartitionColumns []string           `json:"partitionColumns"`
	Configuration    map[string]*string `json:"configuration"`
	CreatedTime      int64              `json:"createdTime,omitempty"`
}

type txnJSON struct {
	AppID       string `json:"appId"`
	Version     int64  `json:"version"`
	LastUpdated int64  `json:"lastUpdated,omitempty"`
}

type addJSON struct {
	Path             string             `json:"path"`
	PartitionValues  map[string]*string `json:"partitionValues"`
	Size             int64              `json:"size"`
	ModificationTime int64              `json:"modificationTime"`
	DataChange       bool               `json:"dataChange"`
	Stats            string             `json:"stats,omitempty"`
	Tags             map[string]*string `json:"tags,omitempty"`
	DeletionVector   *dvJSON            `json:"deletionVector,omitempty"`
}

type removeJSON struct {
	Path                 string             `json:"path"`
	DeletionTimestamp    int64              `json:"deletionTimestamp,omitempty"`
	DataChange           bool               `json:"dataChange"`
	ExtendedFileMetadata bool               `json:"extendedFileMetadata"`
	PartitionValues      map[string]*string `json:"partitionValues"`
	Size                 int64              `json:"size"`
	DeletionVector       *dvJSON            `json:"deletionVector,omitempty"`
}

type dvJSON struct {
	StorageType    string `json:"storageType"`
	PathOrInlineDv string `json:"pathOrInlineDv"`
	Offset         *int32 `json:"offset,omitempty"`
}

type sidecarJSON struct {
	Path string `json:"path"`
}

// id is the part of a file's identity that its deletion vector is
// (PROTOCOL.md, "Deletion Vectors", uniqueId).
func (d *dvJSON) id() string {
	switch {
	case d == nil:
		return ""
	case d.Offset == nil:
		return d.StorageType + d.PathOrInlineDv
	}
	return fmt.Sprintf("%s%s@%d", d.StorageType, d.PathOrInlineDv, *d.Offset)
}

// millis reads a time of the log; 0 stands for none.
func millis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func toMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func withoutNulls(m map[string]*string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		if v != nil {
			out[k] = *v
		}
	}
	return out
}

func withPointers(m map[string]string) map[string]*string {
	out := make(map[string]*string, len(m))
	for k, v := range m {
		out[k] = &v
	}
	return out
}

func (p *protocolJSON) action() *Protocol {
	return &Protocol{
		MinReaderVersion: p.MinReaderVersion, MinWriterVersion: p.MinWriterVersion,
		ReaderFeatures: p.ReaderFeatures, WriterFeatures: p.WriterFeatures,
	}
}

// noColumns is the schema of a table that was made without any.
const noColumns = `{"type":"struct","fields":[]}`

func (m *metadataJSON) action() (*Metadata, error) {
	if m.SchemaString == "" {
		m.SchemaString = noColumns
	}
	if !json.Valid([]byte(m.SchemaString)) {
		return nil, fmt.Errorf("metaData: schemaString is not JSON")
	}
	out := &Metadata{
		ID: m.ID, Name: m.Name, Description: m.Description,
		PartitionColumns: m.PartitionColumns,
		Configuration:    withoutNulls(m.Configuration),
		CreatedTime:      millis(m.CreatedTime),
	}
	out.read.text = m.SchemaString
	out.read.schema, out.read.err = columnar.ParseDeltaSchema(m.SchemaString)
	if out.read.err == nil && m.Format.Provider != "" && m.Format.Provider != "parquet" {
		out.read.err = fmt.Errorf("data files in format %q: only Parquet is read, so rewrite the table in it", m.Format.Provider)
	}
	if out.read.err == nil {
		out.Schema = out.read.schema
	}
	return out, nil
}

func (t *txnJSON) action() (Txn, error) {
	if t.AppID == "" {
		return Txn{}, fmt.Errorf("txn: appId is missing")
	}
	return Txn{AppID: t.AppID, Version: t.Version, LastUpdated: millis(t.LastUpdated)}, nil
}

func (a *addJSON) action(base string) (Add, error) {
	path, err := decodePath(base, a.Path)
	if err != nil {
		return Add{}, fmt.Errorf("add: %w", err)
	}
	if a.Size < 0 {
		return Add{}, fmt.Errorf("add: %s: size %d", a.Path, a.Size)
	}
	return Add{
		Path: path, PartitionValues: a.PartitionValues, Size: a.Size,
		ModificationTime: millis(a.ModificationTime), DataChange: a.DataChange,
		Stats: a.Stats, Tags: withoutNulls(a.Tags), dv: a.DeletionVector.id(),
	}, nil
}

func (r *removeJSON) action(base string) (Remove, error) {
	path, err := decodePath(base, r.Path)
	if err != nil {
		return Remove{}, fmt.Errorf("remove: %w", err)
	}
	return Remove{
		Path: path, DeletionTime: millis(r.DeletionTimestamp), DataChange: r.DataChange,
		PartitionValues: r.PartitionValues, Size: r.Size, dv: r.DeletionVector.id(),
	}, nil
}

// info reads what it can. Writers put values of any type into commitInfo, and
// none of them is worth refusing a table for.
func info(raw json.RawMessage) CommitInfo {
	var c commitInfoJSON
	_ = json.Unmarshal(raw, &c) // a field of another type stays zero, the others are set
	out := CommitInfo{Timestamp: millis(c.Timestamp), Operation: c.Operation, Engine: c.EngineInfo, TxnID: c.TxnID}
	for k, v := range c.OperationParameters {
		var p any
		if json.Unmarshal(v, &p) == nil {
			if out.Parameters == nil {
				out.Parameters = map[string]any{}
			}
			out.Parameters[k] = p
		}
	}
	for k, v := range c.OperationMetrics {
		if out.Metrics == nil {
			out.Metrics = map[string]string{}
		}
		var s string
		if json.Unmarshal(v, &s) != nil {
			s = string(v)
		}
		out.Metrics[k] = s
	}
	return out
}

// eachAction calls do with every line of a log object.
func eachAction(key string, body []byte, do func(*actionJSON) error) error {
	n := 0
	for line := range bytes.Lines(body) {
		n++
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		var a actionJSON
		if err := json.Unmarshal(line, &a); err != nil {
			return corrupt(key, "line %d: %w", n, err)
		}
		if err := do(&a); err != nil {
			return corrupt(key, "line %d: %w", n, err)
		}
	}
	return nil
}

// parseCommit reads a log entry of the table at base.
func parseCommit(base, key string, version int64, body []byte) (*Commit, error) {
	c := &Commit{Version: version}
	err := eachAction(key, body, func(a *actionJSON) (err error) {
		switch {
		case a.CommitInfo != nil:
			c.Info = info(a.CommitInfo)
		case a.Protocol != nil:
			c.Protocol = a.Protocol.action()
		case a.MetaData != nil:
			c.Metadata, err = a.MetaData.action()
		case a.Txn != nil:
			var t Txn
			t, err = a.Txn.action()
			c.Txns = append(c.Txns, t)
		case a.Remove != nil:
			var r Remove
			r, err = a.Remove.action(base)
			c.Removes = append(c.Removes, r)
		case a.Add != nil:
			var add Add
			add, err = a.Add.action(base)
			c.Adds = append(c.Adds, add)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

func metadataAsJSON(m *Metadata) *metadataJSON {
	text := m.read.text
	if text == "" || !m.read.schema.Equal(m.Schema) {
		text = m.Schema.DeltaJSON()
	}
	columns := m.PartitionColumns
	if columns == nil {
		columns = []string{}
	}
	return &metadataJSON{
		ID: m.ID, Name: m.Name, Description: m.Description,
		Format:       formatJSON{Provider: "parquet", Options: map[string]*string{}},
		SchemaString: text, PartitionColumns: columns,
		Configuration: withPointers(m.Configuration), CreatedTime: toMillis(m.CreatedTime),
	}
}

// writeInfo is commitInfo as this package writes it; names are Spark's.
type writeInfo struct {
	Timestamp           int64             `json:"timestamp"`
	Operation           string            `json:"operation"`
	OperationParameters map[string]any    `json:"operationParameters"`
	ReadVersion         *int64            `json:"readVersion,omitempty"`
	IsolationLevel      string            `json:"isolationLevel"`
	IsBlindAppend       bool              `json:"isBlindAppend"`
	OperationMetrics    map[string]string `json:"operationMetrics,omitempty"`
	EngineInfo          string            `json:"engineInfo,omitempty"`
	TxnID               string            `json:"txnId"`
}

// formatCommit is the log entry of a transaction that is complete: Metadata,
// Txn and protocol are as they are to be written.
func formatCommit(tx *Tx, protocol *Protocol, engine, txnID string, now time.Time) ([]byte, error) {
	wi := writeInfo{
		Timestamp: now.UnixMilli(), Operation: tx.Operation, OperationParameters: maps.Clone(tx.Parameters),
		IsolationLevel: "WriteSerializable", OperationMetrics: tx.Metrics,
		IsBlindAppend: len(tx.Removes) == 0 && len(tx.Reads) == 0 && !tx.ReadsTable,
		EngineInfo:    engine, TxnID: txnID,
	}
	if wi.OperationParameters == nil {
		wi.OperationParameters = map[string]any{}
	}
	if tx.Base != nil {
		wi.ReadVersion = &tx.Base.version
	}
	if rearranges(tx.Adds, tx.Removes) {
		wi.IsolationLevel = "SnapshotIsolation"
	}
	rawInfo, err := json.Marshal(wi)
	if err != nil {
		return nil, err
	}

	var buf bytes.Buffer
	enc := json.NewEncoder(&buf) // one line a value
	enc.SetEscapeHTML(false)
	actions := []actionJSON{{CommitInfo: rawInfo}}
	if protocol != nil {
		actions = append(actions, actionJSON{Protocol: &protocolJSON{
			MinReaderVersion: protocol.MinReaderVersion, MinWriterVersion: protocol.MinWriterVersion,
			ReaderFeatures: protocol.ReaderFeatures, WriterFeatures: protocol.WriterFeatures,
		}})
	}
	if tx.Metadata != nil {
		actions = append(actions, actionJSON{MetaData: metadataAsJSON(tx.Metadata)})
	}
	if t := tx.Txn; t != nil {
		actions = append(actions, actionJSON{Txn: &txnJSON{AppID: t.AppID, Version: t.Version, LastUpdated: now.UnixMilli()}})
	}
	for _, a := range actions {
		if err := enc.Encode(a); err != nil {
			return nil, err
		}
	}
	for i := range tx.Removes {
		r := &tx.Removes[i]
		at := r.DeletionTime
		if at.IsZero() {
			at = now
		}
		if err := enc.Encode(actionJSON{Remove: &removeJSON{
			Path: encodePath(r.Path), DeletionTimestamp: at.UnixMilli(), DataChange: r.DataChange,
			ExtendedFileMetadata: true, PartitionValues: orEmpty(r.PartitionValues), Size: r.Size,
		}}); err != nil {
			return nil, err
		}
	}
	for i := range tx.Adds {
		a := &tx.Adds[i]
		out := &addJSON{
			Path: encodePath(a.Path), PartitionValues: orEmpty(a.PartitionValues), Size: a.Size,
			ModificationTime: a.ModificationTime.UnixMilli(), DataChange: a.DataChange, Stats: a.Stats,
		}
		if len(a.Tags) > 0 {
			out.Tags = withPointers(a.Tags)
		}
		if err := enc.Encode(actionJSON{Add: out}); err != nil {
			return nil, err
		}
	}
	return buf.Bytes(), nil
}

func orEmpty(m map[string]*string) map[string]*string {
	if m == nil {
		return map[string]*string{}
	}
	return m
}

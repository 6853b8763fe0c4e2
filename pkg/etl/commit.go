package etl

import (
	"strconv"

	"github.com/auditlake/auditlake/pkg/delta"
)

// operation is Spark's name for what a streaming sink commits, so that DESCRIBE
// HISTORY reads as users know it.
const operation = "STREAMING UPDATE"

func streamingParameters(app string, epoch int64) map[string]any {
	return map[string]any{
		"outputMode": "Append",
		"queryId":    app,
		"epochId":    strconv.FormatInt(epoch, 10),
	}
}

func metrics(adds []delta.Add, removed int, rows int64) map[string]string {
	bytes := int64(0)
	for i := range adds {
		bytes += adds[i].Size
	}
	return map[string]string{
		"numAddedFiles":   strconv.Itoa(len(adds)),
		"numRemovedFiles": strconv.Itoa(removed),
		"numOutputRows":   strconv.FormatInt(rows, 10),
		"numOutputBytes":  strconv.FormatInt(bytes, 10),
	}
}

package plugin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/auditlake/auditlake/pkg/plugin/supervisor"
)

// etlPath is the one stream: a frame of one row with each change of what the ETL
// of the data source is doing.
const etlPath = "etl"

// streamPause is the least time between two frames.
const streamPause = 250 * time.Millisecond

// SubscribeStream lets in who may know of the lake as a whole.
func (d *Datasource) SubscribeStream(_ context.Context, req *backend.SubscribeStreamRequest) (*backend.SubscribeStreamResponse, error) {
	status := backend.SubscribeStreamStatusOK
	switch {
	case req.Path != etlPath:
		status = backend.SubscribeStreamStatusNotFound
	case !d.seesLake(req.PluginContext.User):
		status = backend.SubscribeStreamStatusPermissionDenied
	}
	return &backend.SubscribeStreamResponse{Status: status}, nil
}

// PublishStream lets nobody send anything.
func (d *Datasource) PublishStream(context.Context, *backend.PublishStreamRequest) (*backend.PublishStreamResponse, error) {
	return &backend.PublishStreamResponse{Status: backend.PublishStreamStatusPermissionDenied}, nil
}

// RunStream sends a frame now and with each change, until nobody listens any
// more or the instance is disposed. Grafana runs it once for all subscribers.
func (d *Datasource) RunStream(ctx context.Context, req *backend.RunStreamRequest, sender *backend.StreamSender) (err error) {
	defer guard(ctx, &err)
	if req.Path != etlPath {
		return fmt.Errorf("%w: %s; there is %s", errResource, req.Path, etlPath)
	}
	ctx, done := d.under(ctx)
	defer done()
	err = d.shell.supervisor.Watch(ctx, d.owner, streamPause, func(s supervisor.Status) error {
		d.use() // somebody is looking
		return sender.SendFrame(d.progressFrame(s), data.IncludeAll)
	})
	switch {
	case errors.Is(context.Cause(ctx), errReplaced):
		return errReplaced // so that Grafana asks the next instance
	case ctx.Err() != nil:
		return nil // nobody listens any more
	}
	return err
}

// progressFrame is one row: what goes on, how far it is, and how the last task
// ended.
func (d *Datasource) progressFrame(s supervisor.Status) *data.Frame {
	v := d.jobStatus(s)
	p := v.Progress
	var lastFinished *time.Time
	var lastTask, lastError *string
	if v.Last != nil {
		lastTask, lastFinished, lastError = &v.Last.Task, &v.Last.Finished, &v.Last.Error
	}
	frame := data.NewFrame(etlPath,
		data.NewField("time", nil, []time.Time{time.Now().UTC()}),
		data.NewField("state", nil, []string{v.State}),
		data.NewField("reason", nil, []string{v.Reason}),
		data.NewField("task", nil, []string{v.Task}),
		data.NewField("table", nil, []string{cmp.Or(p.Table, v.Table)}),
		data.NewField("stage", nil, []string{p.Stage}),
		data.NewField("files", nil, []int64{p.Files}),
		data.NewField("totalFiles", nil, []int64{p.TotalFiles}),
		data.NewField("bytes", nil, []int64{p.Bytes}),
		data.NewField("totalBytes", nil, []int64{p.TotalBytes}),
		data.NewField("bronzeRows", nil, []int64{p.BronzeRows}),
		data.NewField("silverRows", nil, []int64{p.SilverRows}),
		data.NewField("goldRows", nil, []int64{p.GoldRows}),
		data.NewField("done", nil, []float64{p.Done}),
		data.NewField("secondsLeft", nil, []*float64{p.SecondsLeft}),
		data.NewField("next", nil, []*time.Time{v.Next}),
		data.NewField("lastTask", nil, []*string{lastTask}),
		data.NewField("lastFinished", nil, []*time.Time{lastFinished}),
		data.NewField("lastError", nil, []*string{lastError}),
	)
	frame.Meta = &data.FrameMeta{Type: data.FrameTypeTable, TypeVersion: contract}
	return frame
}

package integration_test

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/auditlake/auditlake/integration/s3server"
	"github.com/auditlake/auditlake/pkg/cli"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/notify/queuetest"
)

// TestNewsBringsADeliveryInWithinSeconds: a watch that runs once an hour by the clock
// lands what the queue tells of, and the messages are gone afterwards.
func TestNewsBringsADeliveryInWithinSeconds(t *testing.T) {
	endpoint, cfg := s3server.Start(t)
	t.Setenv("AWS_ACCESS_KEY_ID", s3server.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s3server.SecretAccessKey)
	at := func(prefix string) string {
		q := url.Values{"endpoint": {endpoint}, "region": {s3server.Region}, "path_style": {"true"}}
		return "s3://" + cfg.Bucket + "/" + prefix + "?" + q.Encode()
	}
	source, err := store.Open(t.Context(), at("logs"))
	if err != nil {
		t.Fatal(err)
	}
	deliver := func(key, line string) {
		t.Helper()
		if _, err := source.Put(t.Context(), key, []byte(line+"\n")); err != nil {
			t.Fatal(err)
		}
	}
	deliver(before, created)

	queue := queuetest.Start(t)
	ctx, stop := context.WithCancel(t.Context())
	var out watched
	command := cli.New("auditlake")
	command.SetArgs([]string{"etl", "--watch", "--interval", "1h", "--quiet", "--source", at("logs"), "--lake", at("lake"), "--queue", queue.URL})
	command.SetOut(&out)
	command.SetErr(&out)
	ended := make(chan error, 1)
	go func() { ended <- command.ExecuteContext(ctx) }()
	out.await(t, "Read 1 new or changed files of 1 delivered ones")
	deliver(after, created)
	told := time.Now()
	queue.Send(queuetest.Created(cfg.Bucket, "logs/"+after), "no message of S3's")
	out.await(t, "Read 1 new or changed files of 1 delivered ones") // from b.json on: a.json is not listed
	t.Logf("in the lake %s after the message", time.Since(told).Round(time.Millisecond))
	queue.AwaitEmpty(t)
	stop()
	if err := <-ended; err != nil {
		t.Errorf("%v: %s", err, out.rest())
	}
}

const (
	created = `{"version":"2.0","timestamp":1710072000000,"workspaceId":1,"serviceName":"clusters","actionName":"create","requestId":"r"}`

	before = "workspaceId=1/date=2024-03-10/a.json"
	after  = "workspaceId=1/date=2024-03-10/b.json"
)

// TestThePluginHearsNews is the same of the plugin, whose schedule is an hour.
func TestThePluginHearsNews(t *testing.T) {
	binary := buildPlugin(t)
	endpoint, cfg := s3server.Start(t)
	source, err := store.OpenS3(t.Context(), prefixed(cfg, "logs"))
	if err != nil {
		t.Fatal(err)
	}
	deliver := func(key string) {
		t.Helper()
		if _, err := source.Put(t.Context(), key, []byte(created+"\n")); err != nil {
			t.Fatal(err)
		}
	}
	deliver(before)
	queue := queuetest.Start(t)
	plugin := startPlugin(t, binary, pluginSettings(t, endpoint, cfg.Bucket, queue.URL))
	awaitRun(t, plugin)
	deliver(after)
	queue.Send(queuetest.Created(cfg.Bucket, "logs/"+after))
	queue.AwaitEmpty(t)
	res, err := plugin.Query(t.Context(), []backend.DataQuery{{
		RefID: "A", JSON: []byte(`{"queryType":"sql","sql":"select count(*) from clusters"}`),
	}})
	if err != nil || res.Responses["A"].Error != nil {
		t.Fatal(err, res)
	}
	if got, _ := res.Responses["A"].Frames[0].Fields[0].ConcreteAt(0); fmt.Sprint(got) != "2" {
		t.Errorf("the lake has %v events", got)
	}
	health, err := plugin.Health(t.Context())
	if err != nil || health.Status != backend.HealthStatusOk || !strings.Contains(string(health.JSONDetails), "has about 0 messages") {
		t.Errorf("%v: %+v", err, health)
	}
}

// watched is the output of a command that goes on.
type watched struct {
	mu   sync.Mutex
	text bytes.Buffer
	read int
	more chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.more != nil {
		close(w.more)
		w.more = nil
	}
	return w.text.Write(p)
}

func (w *watched) rest() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()[w.read:]
}

// await waits until the text is said after what was awaited before.
func (w *watched) await(t testing.TB, text string) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		w.mu.Lock()
		rest := w.text.String()[w.read:]
		if at := strings.Index(rest, text); at >= 0 {
			w.read += at + len(text)
			w.mu.Unlock()
			return
		}
		if w.more == nil {
			w.more = make(chan struct{})
		}
		more := w.more
		w.mu.Unlock()
		select {
		case <-more:
		case <-limit:
			t.Fatalf("nothing says %q, only:\n%s", text, rest)
		}
	}
}

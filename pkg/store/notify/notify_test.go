package notify_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/notify"
	"github.com/auditlake/auditlake/pkg/store/notify/queuetest"
)

const source = "s3://logs/delivery?region=eu-central-1"

func open(t testing.TB, url string) *notify.Queue {
	t.Helper()
	q, err := notify.Open(t.Context(), url, store.S3Config{
		Bucket: "logs", Region: "eu-central-1", AccessKeyID: "testkey", SecretAccessKey: "testsecret",
	})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func wait(t testing.TB, q *notify.Queue) notify.News {
	t.Helper()
	news, err := q.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return news
}

func TestMessagesInAllTheirForms(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body    string
		keys    []string
		foreign int
	}{
		"from S3":           {queuetest.Created("logs", "delivery/workspaceId=1/date=2024-03-10/a.json"), []string{"workspaceId=1/date=2024-03-10/a.json"}, 0},
		"escaped":           {queuetest.Created("logs", "delivery/workspaceId%3D1/date%3D2024-03-10/a+%2B.json"), []string{"workspaceId=1/date=2024-03-10/a +.json"}, 0},
		"another prefix":    {queuetest.Created("logs", "deliveries/a.json"), nil, 0},
		"another bucket":    {queuetest.Created("other", "delivery/a.json"), nil, 0},
		"through SNS":       {fmt.Sprintf(`{"Type":"Notification","Message":%q}`, queuetest.Created("logs", "delivery/a.json")), []string{"a.json"}, 0},
		"by EventBridge":    {`{"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"logs"},"object":{"key":"delivery/b=1/a.json"}}}`, []string{"b=1/a.json"}, 0},
		"a deletion":        {strings.ReplaceAll(queuetest.Created("logs", "delivery/a.json"), "ObjectCreated:Put", "ObjectRemoved:Delete"), nil, 0},
		"another store":     {strings.ReplaceAll(queuetest.Created("logs", "delivery/a.json"), "ObjectCreated:Put", "s3:ObjectCreated:Put"), []string{"a.json"}, 0},
		"the first one":     {`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"logs"}`, nil, 0},
		"no JSON":           {"hello", nil, 1},
		"another's message": {`{"Message":"hello"}`, nil, 1},
		"an escape too few": {queuetest.Created("logs", "delivery/%zz"), nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := queuetest.Start(t)
			q.Send(test.body)
			news := wait(t, open(t, q.URL))
			if diff := cmp.Diff(test.keys, news.Within(source)); diff != "" || news.Foreign != test.foreign {
				t.Errorf("%d foreign, keys (-want +got):\n%s", news.Foreign, diff)
			}
		})
	}
}

func TestManyMessagesAreOneNews(t *testing.T) {
	t.Parallel()
	q := queuetest.Start(t)
	opened := open(t, q.URL)
	var want []string
	for i := range 137 {
		key := fmt.Sprintf("date=2024-03-10/%03d.json", i)
		want = append(want, key)
		q.Send(queuetest.Created("logs", "delivery/"+key))
	}
	news := wait(t, opened)
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(news.Within(source)))); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if q.Left() != 137 {
		t.Errorf("%d messages are left before they were dealt with", q.Left())
	}
	if err := opened.Done(t.Context(), news); err != nil || q.Left() != 0 {
		t.Errorf("%d messages are left: %v", q.Left(), err)
	}
}

func TestAMessageThatIsNotDoneComesAgain(t *testing.T) {
	t.Parallel()
	q := queuetest.Start(t)
	opened := open(t, q.URL)
	q.Send(queuetest.Created("logs", "delivery/a.json"))
	for range 2 {
		if got := wait(t, opened).Within(source); len(got) != 1 {
			t.Errorf("keys %q", got)
		}
		q.Reveal()
	}
}

func TestWaitingCountsMessages(t *testing.T) {
	t.Parallel()
	q := queuetest.Start(t)
	q.Send("a", "b")
	if n, err := open(t, q.URL).Waiting(t.Context()); err != nil || n != 2 {
		t.Errorf("%d waiting: %v", n, err)
	}
}

func TestFollowPassesNewsOnUntilItEnds(t *testing.T) {
	t.Parallel()
	q := queuetest.Start(t)
	q.Send("a")
	ctx, end := context.WithCancel(t.Context())
	var passed []notify.News
	open(t, q.URL).Follow(ctx, func(n notify.News) { passed = append(passed, n); end() }, func(err error) { t.Error(err) })
	if len(passed) != 1 || passed[0].Foreign != 1 {
		t.Errorf("passed on %+v", passed)
	}
	ctx, end = context.WithCancel(t.Context())
	q.Fail("AccessDeniedException")
	failures := 0
	open(t, q.URL).Follow(ctx, func(notify.News) { t.Error("news") }, func(error) { failures++; end() })
	if failures != 1 {
		t.Errorf("%d failures", failures)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	q := queuetest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := open(t, q.URL).Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"AccessDeniedException": "allow sqs:ReceiveMessage on the queue",
		"QueueDoesNotExist":     "there is no such queue: check its URL",
	} {
		q := queuetest.Start(t)
		q.Fail(code)
		if _, err := open(t, q.URL).Wait(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"https://sqs.eu-central-1.amazonaws.com/123456789012/audit-logs": true,
		"http://127.0.0.1:9324/000000000000/audit-logs":                  true,
		"arn:aws:sqs:eu-central-1:123456789012:audit-logs":               false,
		"https://user:secret@sqs.eu-central-1.amazonaws.com/1/q":         false,
		"https://sqs.eu-central-1.amazonaws.com":                         false,
		"":                                                               false,
	} {
		if err := notify.CheckURL(text); (err == nil) != ok || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

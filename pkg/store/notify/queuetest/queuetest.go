// Package queuetest is an SQS queue in this process, for tests: what ReceiveMessage,
// DeleteMessageBatch and GetQueueAttributes do, in SQS's JSON protocol. A message that was received is hidden
// until it is deleted or Reveal says that its time is over.
package queuetest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Queue is a queue. It is safe for concurrent use.
type Queue struct {
	URL string

	mu       sync.Mutex
	messages map[string]*message // by receipt
	sent     int
	fail     string        // code of the error that every request gets
	changed  chan struct{} // closed and replaced when there may be something to receive
}

type message struct {
	body   string
	order  int
	hidden bool
}

// Start serves a queue until the test ends.
func Start(t testing.TB) *Queue {
	t.Helper()
	q := &Queue{messages: map[string]*message{}, changed: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(q.serve))
	t.Cleanup(server.Close)
	q.URL = server.URL + "/123456789012/audit-logs"
	return q
}

// Send puts messages into the queue.
func (q *Queue) Send(bodies ...string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, body := range bodies {
		q.sent++
		q.messages["receipt-"+strconv.Itoa(q.sent)] = &message{body: body, order: q.sent}
	}
	q.wake()
}

// Created is the message that S3 sends of an object that was written.
func Created(bucket, key string) string {
	return fmt.Sprintf(`{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put",`+
		`"s3":{"bucket":{"name":%q},"object":{"key":%q,"size":1}}}]}`, bucket, key)
}

// Reveal has all messages that were received and not deleted come again.
func (q *Queue) Reveal() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.messages {
		m.hidden = false
	}
	q.wake()
}

// Fail has every request fail with a code of SQS; "" ends that.
func (q *Queue) Fail(code string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.fail = code
	q.wake()
}

// Left is how many messages were not deleted.
func (q *Queue) Left() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.messages)
}

// AwaitEmpty waits until all messages were deleted.
func (q *Queue) AwaitEmpty(t testing.TB) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		q.mu.Lock()
		left, changed := len(q.messages), q.changed
		q.mu.Unlock()
		if left == 0 {
			return
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("%d messages are left", left)
		}
	}
}

func (q *Queue) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}

func (q *Queue) serve(w http.ResponseWriter, r *http.Request) {
	var in struct {
		QueueUrl            string
		MaxNumberOfMessages int
		WaitTimeSeconds     int
		Entries             []struct{ Id, ReceiptHandle string }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	signed := strings.Contains(r.Header.Get("Authorization"), "/sqs/aws4_request")
	q.mu.Lock()
	code := q.fail
	q.mu.Unlock()
	switch {
	case !signed:
		code = "AccessDeniedException"
	case code == "" && in.QueueUrl != q.URL:
		code = "QueueDoesNotExist"
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if code != "" {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": "com.amazonaws.sqs#" + code, "message": "refused"})
		return
	}
	switch r.Header.Get("X-Amz-Target") {
	case "AmazonSQS.ReceiveMessage":
		_ = json.NewEncoder(w).Encode(map[string]any{"Messages": q.receive(r.Context(), in.MaxNumberOfMessages, time.Duration(in.WaitTimeSeconds)*time.Second)})
	case "AmazonSQS.DeleteMessageBatch":
		done := []map[string]string{}
		q.mu.Lock()
		for _, e := range in.Entries {
			delete(q.messages, e.ReceiptHandle)
			done = append(done, map[string]string{"Id": e.Id})
		}
		q.wake()
		q.mu.Unlock()
		_ = json.NewEncoder(w).Encode(map[string]any{"Successful": done, "Failed": []string{}})
	case "AmazonSQS.GetQueueAttributes":
		_ = json.NewEncoder(w).Encode(map[string]any{"Attributes": map[string]string{"ApproximateNumberOfMessages": strconv.Itoa(q.Left())}})
	default:
		http.Error(w, "not known here", http.StatusNotImplemented)
	}
}

// receive waits for at least one message.
func (q *Queue) receive(ctx context.Context, most int, wait time.Duration) (out []map[string]string) {
	over := time.NewTimer(wait)
	defer over.Stop()
	for {
		q.mu.Lock()
		for receipt, m := range q.messages {
			if len(out) < most && !m.hidden {
				m.hidden = true
				out = append(out, map[string]string{"MessageId": strconv.Itoa(m.order), "ReceiptHandle": receipt, "Body": m.body})
			}
		}
		changed, failed := q.changed, q.fail != ""
		q.mu.Unlock()
		if len(out) > 0 || failed {
			return out
		}
		select {
		case <-changed:
		case <-over.C:
			return out
		case <-ctx.Done():
			return out
		}
	}
}

// Package notify hears of new objects from S3's event notifications in an SQS queue,
// seconds after they were written.
//
//	bucket ──ObjectCreated──► queue ──Wait──► News ──► list what it names ──► Done
//
// What it hears is a hint and nothing more: SQS delivers a message once or more, in
// any order, and S3 may not send one at all. So nothing is decided by a message but
// where to look next, and whoever relies on News also lists everything now and then.
// A message is deleted by Done, after what it names was looked at; until then the
// queue gives it again when its visibility timeout is over.
package notify

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/auditlake/auditlake/pkg/store"
)

const (
	// longPoll is how long, in seconds, the queue holds a request while it is empty: the
	// longest that SQS has, since each request costs the same.
	longPoll = 20
	// settle is how long, in seconds, more is waited for after the first message: files
	// come in flocks.
	settle = 1
	// atOnce is how many messages SQS gives and takes at most in one request.
	atOnce = 10
	// mostMessages bounds what one News holds.
	mostMessages = 2000
)

// Queue is a queue that S3 sends its notifications to. It is for one goroutine.
type Queue struct {
	client *sqs.Client
	url    string
}

// CheckURL says whether a text can be the URL of a queue, and the error how to write
// one. It does not repeat the text.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || len(u.Path) < 2 {
		return errors.New("write the URL of the SQS queue, such as https://sqs.eu-central-1.amazonaws.com/123456789012/audit-logs")
	}
	return nil
}

// The region is part of the host: sqs.<region>.amazonaws.com, or <region>.queue.amazonaws.com.
var regionRE = regexp.MustCompile(`^(?:sqs\.)?([a-z]{2,}(?:-[a-z]+)+-[0-9]+)\.(?:queue\.)?amazonaws\.com(?:\.cn)?$`)

// Open returns the queue at a URL. Credentials are found as those of a bucket with this
// configuration are. It sends nothing.
func Open(ctx context.Context, queueURL string, signIn store.S3Config) (*Queue, error) {
	if err := CheckURL(queueURL); err != nil {
		return nil, err
	}
	u, err := url.Parse(queueURL)
	if err != nil {
		return nil, err
	}
	if m := regionRE.FindStringSubmatch(u.Hostname()); m != nil {
		signIn.Region = m[1]
	}
	cfg, err := signIn.AWS(ctx)
	if err != nil {
		return nil, err
	}
	client := sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = aws.String(u.Scheme + "://" + u.Host) })
	return &Queue{client, queueURL}, nil
}

// News is what some messages tell.
type News struct {
	// Objects were written or overwritten; one may be named several times.
	Objects []Object
	// Foreign counts the messages that are none of S3's.
	Foreign int

	receipts []string
}

// Object is one that was written.
type Object struct{ Bucket, Key string }

// Wait blocks until there are messages, and takes those that are there, up to some
// thousand. Its error is that of ctx, or says what to do.
func (q *Queue) Wait(ctx context.Context) (News, error) {
	var news News
	for {
		wait := int32(longPoll)
		if len(news.receipts) > 0 {
			wait = settle
		}
		out, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &q.url, MaxNumberOfMessages: atOnce, WaitTimeSeconds: wait,
		})
		if err != nil {
			return News{}, q.fail(ctx, "receive from", "sqs:ReceiveMessage", err)
		}
		for _, m := range out.Messages {
			objects, ok := parse([]byte(aws.ToString(m.Body)))
			if !ok {
				news.Foreign++
			}
			news.Objects = append(news.Objects, objects...)
			news.receipts = append(news.receipts, aws.ToString(m.ReceiptHandle))
		}
		if len(news.receipts) > 0 && len(out.Messages) == 0 || len(news.receipts) >= mostMessages {
			return news, nil
		}
	}
}

// Done deletes the messages, also those that are none of S3's. One that cannot be
// deleted comes again.
func (q *Queue) Done(ctx context.Context, news News) error {
	for from := 0; from < len(news.receipts); from += atOnce {
		var batch []types.DeleteMessageBatchRequestEntry
		for i, receipt := range news.receipts[from:min(from+atOnce, len(news.receipts))] {
			batch = append(batch, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &receipt})
		}
		if _, err := q.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &q.url, Entries: batch}); err != nil {
			return q.fail(ctx, "delete messages from", "sqs:DeleteMessage", err)
		}
	}
	return nil
}

const (
	// between is how long the queue is left alone after some news: each run commits, and
	// where deliveries never stop, runs without a pause would make many small files.
	between = 10 * time.Second
	// afterFailure is how long it is left alone after an error.
	afterFailure = 30 * time.Second
)

// Follow passes on what the queue says until ctx ends, the first at once. pass returns
// when somebody took it, or ctx ended. failed is told of errors; Follow goes on.
func (q *Queue) Follow(ctx context.Context, pass func(News), failed func(error)) {
	for ctx.Err() == nil {
		pause := between
		news, err := q.Wait(ctx)
		if err == nil {
			pass(news)
		} else if ctx.Err() == nil {
			failed(err)
			pause = afterFailure
		}
		over := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-over.C:
		}
		over.Stop()
	}
}

// Waiting is about how many messages the queue holds, and an error where it cannot be
// asked.
func (q *Queue) Waiting(ctx context.Context) (messages int, err error) {
	out, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameApproximateNumberOfMessages},
	})
	if err != nil {
		return 0, q.fail(ctx, "ask", "sqs:GetQueueAttributes", err)
	}
	return strconv.Atoi(out.Attributes[string(types.QueueAttributeNameApproximateNumberOfMessages)])
}

// fail says what to do about an error of SQS. action is the permission that is needed.
func (q *Queue) fail(ctx context.Context, op, action string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	hint := "check the URL of the queue, network and proxy"
	var api interface{ ErrorCode() string }
	switch {
	case errors.Is(err, store.ErrNoCredentials):
		hint = "there are no AWS credentials for it"
	case errors.As(err, &api):
		switch api.ErrorCode() {
		case "AccessDenied", "AccessDeniedException", "KmsAccessDenied":
			hint = "allow " + action + " on the queue, and kms:Decrypt if it is encrypted with a KMS key of yours"
		case "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue":
			hint = "there is no such queue: check its URL"
		}
	}
	return fmt.Errorf("%s %s: %s: %w", op, q.url, hint, err)
}

package plugin

import (
	"context"
	"fmt"

	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/notify"
)

// queueURL reads the queue of notifications: only a bucket has one.
func (f *fields) queueURL() string {
	text := f.text("queueUrl")
	if text == "" {
		return ""
	}
	if err := notify.CheckURL(text); err != nil {
		f.say("queueUrl", "%v", err)
		return ""
	}
	return text
}

// openQueue signs in to the queue as to the first source that is a bucket; nil if there
// is no queue. It sends nothing.
func (s Settings) openQueue(ctx context.Context) (*notify.Queue, error) {
	if s.Queue == "" {
		return nil, nil
	}
	for _, l := range s.Sources {
		if l.s3 == nil {
			continue
		}
		signIn := *l.s3
		signIn.Endpoint = "" // of the bucket
		q, err := notify.Open(ctx, s.Queue, signIn)
		if err != nil {
			return nil, &SettingsError{[]string{fmt.Sprintf("queueUrl: %v", err)}}
		}
		return q, nil
	}
	return nil, nil // settings have been checked for one
}

// checkQueue asks the queue how much waits in it.
func (c checkup) checkQueue(ctx context.Context) (finding, error) {
	q, err := c.settings.openQueue(ctx)
	if err != nil {
		return finding{}, err
	}
	n, err := q.Waiting(ctx)
	if err != nil {
		return finding{}, &store.Error{Op: "ask the queue", URL: c.settings.Queue, Kind: store.ErrUnavailable, Err: err}
	}
	return finding{text: fmt.Sprintf("can be asked, and has about %d messages", n)}, nil
}

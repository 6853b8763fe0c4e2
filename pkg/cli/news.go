package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/auditlake/auditlake/pkg/etl"
	"github.com/auditlake/auditlake/pkg/store"
	"github.com/auditlake/auditlake/pkg/store/notify"
)

// news is what a watch hears between its runs. Without a queue it hears nothing.
type news struct {
	queue   *notify.Queue
	sources []string // URLs
	heard   chan notify.News
}

// openNews signs in to the queue as to the first source that is a bucket.
func openNews(ctx context.Context, queueURL string, sources []string, opened []etl.Source) (*news, error) {
	n := &news{heard: make(chan notify.News)}
	if queueURL == "" {
		return n, nil
	}
	for _, s := range opened {
		n.sources = append(n.sources, s.URL)
	}
	for _, u := range sources {
		if cfg, err := store.ParseS3URL(u); err == nil {
			n.queue, err = notify.Open(ctx, queueURL, cfg)
			if err != nil {
				return nil, fmt.Errorf("--queue: %w", err)
			}
			return n, nil
		}
	}
	return nil, fmt.Errorf("--queue: none of the sources is a bucket, and only buckets notify")
}

// listen passes on what the queue says, one after the other has been dealt with, until
// ctx ends.
func (n *news) listen(ctx context.Context, errOut io.Writer) {
	if n.queue == nil {
		return
	}
	n.queue.Follow(ctx, func(heard notify.News) {
		select {
		case n.heard <- heard:
		case <-ctx.Done():
		}
	}, func(err error) {
		_, _ = fmt.Fprintf(errOut, "%s no news: %v; runs go on by the clock\n", now(), err)
	})
}

func now() string { return time.Now().UTC().Format(time.RFC3339) }

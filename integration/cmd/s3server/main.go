// Command s3server serves a folder by S3 at a free port of 127.0.0.1, makes the
// buckets it is given and prints the endpoint, on a line that begins with
// http:// (versitygw prints others before it). It ends with the first signal or
// when its standard input ends, so that no server outlives the program that
// started it.
//
//	go run -C integration ./cmd/s3server /absolute/folder logs lake
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/auditlake/auditlake/integration/s3server"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "s3server:", err)
		os.Exit(1)
	}
}

func run(args []string) (err error) {
	if len(args) == 0 {
		return errors.New("usage: s3server FOLDER [BUCKET ...]")
	}
	ctx, stopSignals := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stopSignals()
	endpoint, stop, err := s3server.Run(ctx, args[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, bucket := range args[1:] {
		if err := s3server.CreateBucket(ctx, endpoint, bucket); err != nil {
			return err
		}
	}
	fmt.Println(endpoint)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	select {
	case <-ctx.Done():
	case <-ended:
	}
	return nil
}

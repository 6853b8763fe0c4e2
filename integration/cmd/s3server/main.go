// Command s3server serves a folder by S3, makes the buckets it is given and
// prints the endpoint, on a line that begins with http:// (versitygw prints
// others before it).
//
//	go run -C integration ./cmd/s3server /absolute/folder logs lake
//
// It serves a free port of 127.0.0.1 and ends with the first signal or when its
// standard input ends, so that no server outlives the program that started it.
// With -listen it is a service: at that address, until the first signal.
package main

import (
	"context"
	"errors"
	"flag"
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
	flags := flag.NewFlagSet("s3server", flag.ContinueOnError)
	listen := flags.String("listen", "", "serve this address, such as 0.0.0.0:9000 in a container, whatever becomes of standard input")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("usage: s3server [-listen ADDRESS] FOLDER [BUCKET ...]")
	}
	ctx, stopSignals := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stopSignals()
	address, ended := *listen, make(chan struct{})
	if address == "" {
		address = s3server.Loopback
		go func() {
			defer close(ended)
			_, _ = io.Copy(io.Discard, os.Stdin)
		}()
	}
	endpoint, stop, err := s3server.Run(ctx, flags.Arg(0), address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, bucket := range flags.Args()[1:] {
		if err := s3server.CreateBucket(ctx, endpoint, bucket); err != nil {
			return err
		}
	}
	fmt.Println(endpoint)
	select {
	case <-ctx.Done():
	case <-ended:
	}
	return nil
}

// Package s3server runs a real S3 server, versitygw over a folder, inside this
// process: in tests by [Start], elsewhere by [Run].
//
// versitygw allows one gateway in a process at a time, and its folder is the
// working directory of the process while it runs; use absolute paths.
package s3server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"

	"github.com/auditlake/auditlake/pkg/store"
)

// The only account of the server.
const (
	AccessKeyID     = "testkey"
	SecretAccessKey = "testsecret"
	Region          = "us-east-1"
)

const healthPath = "/.health"

// running has room for the one gateway of the process.
var running = make(chan struct{}, 1)

// Loopback is any free port that only this machine reaches.
const Loopback = "127.0.0.1:0"

// Run serves dir, which must be on a file system with extended attributes, at
// the TCP address, such as Loopback. The account is no secret: the
// address must not be one that strangers reach. Run waits until another gateway
// of this process has stopped. The caller calls stop, which cuts all connections;
// the end of ctx ends the service too. A bucket is a folder in dir.
func Run(ctx context.Context, dir, address string) (endpoint string, stop func() error, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", nil, err
	}
	select {
	case running <- struct{}{}:
	case <-ctx.Done():
		return "", nil, fmt.Errorf("wait for the other S3 server of this process: %w", ctx.Err())
	}
	g := &gateway{ended: make(chan error, 1)}
	if err := g.start(ctx, dir, address); err != nil {
		return "", nil, errors.Join(fmt.Errorf("serve %s by S3: %w", dir, err), g.stop())
	}
	return "http://" + g.relay.listener.Addr().String(), sync.OnceValue(g.stop), nil
}

// gateway is what runs; stop undoes as much of start as was done.
type gateway struct {
	before string // working directory
	cancel context.CancelFunc
	ended  chan error
	relay  *relay
}

func (g *gateway) start(ctx context.Context, dir, address string) (err error) {
	if g.before, err = os.Getwd(); err != nil {
		return err
	}
	backend, err := posix.New(dir, meta.XattrMeta{}, posix.PosixOpts{})
	if err != nil {
		return err
	}
	inner, err := freeAddress()
	if err != nil {
		return err
	}
	ctx, g.cancel = context.WithCancel(ctx)
	go func() {
		g.ended <- embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
			RootUserAccess: AccessKeyID, RootUserSecret: SecretAccessKey, Region: Region,
			Ports: []string{inner}, HealthPath: healthPath, Quiet: true, KeepAlive: true,
			MaxConnections: 1000, MaxRequests: 1000, MultipartMaxParts: 10000,
		})
	}()
	if g.relay, err = newRelay(address, inner); err != nil {
		return err
	}
	return awaitReady(ctx, "http://"+inner)
}

func (g *gateway) stop() error {
	var failed []error
	if g.relay != nil {
		failed = append(failed, g.relay.close())
	}
	if g.cancel != nil {
		g.cancel()
		failed = append(failed, <-g.ended)
	}
	if g.before != "" {
		failed = append(failed, os.Chdir(g.before))
	}
	<-running
	return errors.Join(failed...)
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", Loopback)
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// awaitReady asks every few milliseconds: the gateway tells nobody when it
// listens, measured after 8 ms.
func awaitReady(ctx context.Context, endpoint string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+healthPath, nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(request)
		if err == nil {
			return answer.Body.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("start the S3 server: %w", err)
		case <-tick.C:
		}
	}
}

// Config is how a store reaches a bucket of the server.
func Config(endpoint, bucket string) store.S3Config {
	return store.S3Config{
		Bucket: bucket, Endpoint: endpoint, PathStyle: true, Region: Region,
		AccessKeyID: AccessKeyID, SecretAccessKey: SecretAccessKey,
	}
}

// Client is a plain client of the server, for what a store cannot do.
func Client(endpoint string) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(endpoint), UsePathStyle: true, Region: Region,
		Credentials: credentials.NewStaticCredentialsProvider(AccessKeyID, SecretAccessKey, ""),
	})
}

// CreateBucket makes a bucket of this name unless it is there.
func CreateBucket(ctx context.Context, endpoint, bucket string) error {
	_, err := Client(endpoint).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket})
	var ours *types.BucketAlreadyOwnedByYou
	if errors.As(err, &ours) {
		return nil
	}
	return err
}

// Start runs a server over a temporary folder until the test ends and returns
// its URL and the way to an empty bucket. Start it once in a test and share it with the
// subtests: a second Start waits for the end of the first.
func Start(t testing.TB) (endpoint string, cfg store.S3Config) {
	t.Helper()
	endpoint, stop, err := Run(context.WithoutCancel(t.Context()), t.TempDir(), Loopback)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("stop the S3 server: %v", err)
		}
	})
	const bucket = "test"
	if err := CreateBucket(t.Context(), endpoint, bucket); err != nil {
		t.Fatal(err)
	}
	return endpoint, Config(endpoint, bucket)
}

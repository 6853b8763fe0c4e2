// Package trinoserver runs a real Trino, one process that is coordinator and
// worker, for tests and benchmarks. [Start] is for tests; [Run] for what is none.
//
//	Maven Central ──► <cache>/auditlake/interop/trino-476/{lib,plugin}    once
//	                  <data>/{etc,meta,var,server.log}                    each run
//
// Its catalog "lake" is the Delta Lake connector with register_table, over a lake
// in a bucket or in a folder, and "scratch" is tables in memory. The metastore of
// the lake is files in the data folder: nothing is registered at the start.
//
// The server listens on 127.0.0.1 alone and ends with the process that runs it,
// however that ends. What is lacking here, such as a Java that is new enough, is
// engines.ErrLacking.
package trinoserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/auditlake/auditlake/internal/engines"
	"github.com/auditlake/auditlake/pkg/store"
)

// Version is the Trino that runs.
const Version = "476"

// Catalog is the name under which queries find the lake.
const Catalog = "lake"

// Scratch is the name of a catalog whose tables are in memory.
const Scratch = "scratch"

// Config says where the lake is and how large the server may be.
type Config struct {
	// Lake is the bucket that lakes are in, with its endpoint and keys; if it is
	// zero they are in folders of this machine.
	Lake store.S3Config
	// HeapMiB is the Java heap; 0 is 1024.
	HeapMiB int
}

// Location is how the server is told of a place: below the bucket of a lake on S3,
// the absolute path of a folder otherwise.
func (c Config) Location(path string) string {
	if c.Lake.Bucket != "" {
		return "s3://" + c.Lake.Bucket + "/" + path
	}
	return "local://" + filepath.ToSlash(path)
}

// Server is a Trino that answers.
type Server struct {
	URL string // http://127.0.0.1:port

	log   string // path
	cmd   *exec.Cmd
	ended chan struct{}              // closed when the process is gone
	hold  interface{ Close() error } // the server lives as long as this is open
}

// Start runs a server until the test ends. It skips the test where Trino cannot be
// had, unless INTEROP_REQUIRE=1.
func Start(t testing.TB, config Config) *Server {
	t.Helper()
	began := time.Now()
	s, err := Run(t.Context(), config, t.TempDir(), t.Logf)
	switch {
	case errors.Is(err, engines.ErrLacking) && os.Getenv("INTEROP_REQUIRE") == "":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	t.Logf("Trino answers after %s", time.Since(began).Round(100*time.Millisecond))
	return s
}

// Run installs Trino, if that was not done before, starts it with data as its
// folder, and waits until it answers. ctx bounds the start and not the life of the
// server; the caller ends that with Stop.
func Run(ctx context.Context, config Config, data string, log func(format string, args ...any)) (*Server, error) {
	shell, err := engines.Program("A shell, which ends Trino with its test,", "sh")
	if err != nil {
		return nil, err
	}
	java, err := findJava()
	if err != nil {
		return nil, err
	}
	home, err := install(ctx, log)
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	args, err := config.write(home, data, address)
	if err != nil {
		return nil, fmt.Errorf("configure Trino: %w", err)
	}
	s := &Server{URL: "http://" + address, log: filepath.Join(data, "server.log"), ended: make(chan struct{})}
	if err := s.start(shell, append([]string{java}, args...)); err != nil {
		return nil, fmt.Errorf("start Trino: %w", err)
	}
	if err := s.awaitReady(ctx); err != nil {
		s.Stop()
		return nil, fmt.Errorf("start Trino: %w\n%s", err, s.LogTail())
	}
	return s, nil
}

// guard is a shell that runs a program until its own standard input ends, which
// it does with whoever holds the other end.
const guard = `exec 3<&0
"$@" </dev/null 3<&- &
program=$!
{ cat <&3; kill -9 $program; } >/dev/null 2>&1 &
wait $program`

func (s *Server) start(shell string, command []string) error {
	out, err := os.Create(s.log)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }() // the process has its own
	s.cmd = exec.Command(shell, append([]string{"-c", guard, "sh"}, command...)...)
	s.cmd.Dir = filepath.Dir(s.log) // where it puts logs of its own
	s.cmd.Stdout, s.cmd.Stderr = out, out
	if s.hold, err = s.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = s.cmd.Wait() // killed, always
		close(s.ended)
	}()
	return nil
}

// Stop kills the server and waits until it is gone. It is safe to call twice.
func (s *Server) Stop() {
	_ = s.hold.Close()
	<-s.ended
}

// LogTail is the end of what the server has logged.
func (s *Server) LogTail() string {
	const most = 6000
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}

// startTime bounds a start, which takes 8 s where two processors have nothing else to do.
const startTime = 5 * time.Minute

// awaitReady asks until a table is written: the server says that it has started,
// and answers what its coordinator can, before its one worker is known to it. The
// catalogs of a worker become known together.
func (s *Server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := s.Query(ctx, "CREATE TABLE IF NOT EXISTS "+Scratch+".default.ready AS SELECT true AS ready")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-s.ended:
			return errors.New("the server has ended")
		case <-tick.C:
		}
	}
}

// write puts the configuration into the data folder and gives the arguments of Java.
func (c Config) write(home, data, address string) ([]string, error) {
	etc, meta := filepath.Join(data, "etc"), filepath.Join(data, "meta")
	for _, dir := range []string{filepath.Join(etc, "catalog"), meta} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	heap := c.HeapMiB
	if heap == 0 {
		heap = 1024
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	catalog := map[string]string{
		"connector.name":                         "delta_lake",
		"hive.metastore":                         "file",
		"fs.native-local.enabled":                "true",
		"local.location":                         "/",
		"hive.metastore.catalog.dir":             "local://" + filepath.ToSlash(meta),
		"delta.register-table-procedure.enabled": "true",
	}
	if l := c.Lake; l.Bucket != "" {
		maps.Copy(catalog, map[string]string{
			"fs.native-s3.enabled": "true", "s3.endpoint": l.Endpoint, "s3.region": l.Region,
			"s3.path-style-access": fmt.Sprint(l.PathStyle),
			"s3.aws-access-key":    l.AccessKeyID, "s3.aws-secret-key": l.SecretAccessKey,
		})
	}
	for file, properties := range map[string]map[string]string{
		"config.properties": {
			"coordinator": "true", "node-scheduler.include-coordinator": "true",
			"http-server.http.port": port, "discovery.uri": "http://" + address,
			"http-server.log.enabled":  "false", // it would be in the folder of whoever runs the test
			"failure-detector.enabled": "false", // a server that is slow to answer itself would give itself up
			"query.max-memory":         fmt.Sprintf("%dMB", heap/2), "query.max-memory-per-node": fmt.Sprintf("%dMB", heap/2),
		},
		"log.properties":                     {"io.trino": "WARN", "io.airlift": "WARN"},
		"catalog/" + Catalog + ".properties": catalog,
		"catalog/" + Scratch + ".properties": {"connector.name": "memory"},
	} {
		var text strings.Builder
		for _, key := range slices.Sorted(maps.Keys(properties)) {
			fmt.Fprintf(&text, "%s=%s\n", key, properties[key])
		}
		if err := os.WriteFile(filepath.Join(etc, filepath.FromSlash(file)), []byte(text.String()), 0o600); err != nil {
			return nil, err
		}
	}
	return []string{
		// Tests are short: what the second compiler makes would hardly be used.
		"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", fmt.Sprintf("-Xmx%dm", heap),
		"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-Djdk.attach.allowAttachSelf=true",
		"-Dnode.environment=test", "-Dnode.id=one", "-Dnode.data-dir=" + data,
		"-Dnode.bind-ip=127.0.0.1", "-Dnode.internal-address=127.0.0.1",
		"-Dconfig=" + filepath.Join(etc, "config.properties"), "-Dlog.levels-file=" + filepath.Join(etc, "log.properties"),
		"-Dcatalog.config-dir=" + filepath.Join(etc, "catalog"), "-Dplugin.dir=" + filepath.Join(home, "plugin"),
		"-cp", filepath.Join(home, "lib", "*"), "io.trino.server.TrinoServer",
	}, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// client does not keep connections: a test that ends leaves none behind.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

//go:build mage

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/build"
	"github.com/grafana/grafana-plugin-sdk-go/build/buildinfo"

	"github.com/auditlake/auditlake/internal/pack"
)

// releaseFolder takes the package; it is ignored by git as all of bin is.
const releaseFolder = "bin/release"

// signTool is pinned: what signs is run with a token.
const signTool = "@grafana/sign-plugin@3.3.3"

// actionlint is run at a pinned version, as benchstat is.
const actionlint = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"

// Workflows checks the workflows of GitHub in .github, which run nowhere else.
func Workflows(ctx context.Context) error { return steps(ctx, goStep("run", actionlint)) }

// Package makes the plugin's zip for all six platforms, its checksums and its SBOM in bin/release, and tests it. It takes what is committed: -dirty lets it take other files too, for trying out, -here only makes the executable for this machine, and -tag=v1.2.3 makes it fail unless version and changelog are that. With GRAFANA_ACCESS_POLICY_TOKEN it is signed, for the servers that -rooturls names, if any.
func Package(ctx context.Context, dirty, here *bool, tag, rooturls *string) error {
	r, err := pack.Describe(ctx, ".")
	if err != nil {
		return err
	}
	if len(r.Changed) > 0 && (dirty == nil || !*dirty) {
		return fmt.Errorf("a package is of a commit, and these files are not as in %.8s: %s. Commit them, or try out with --dirty", r.Commit, strings.Join(r.Changed, ", "))
	}
	if tag != nil {
		if err := r.CheckTag(*tag); err != nil {
			return err
		}
	}
	if here != nil && *here {
		r.Platforms = []pack.Platform{{OS: runtime.GOOS, Arch: runtime.GOARCH}}
	}

	all := []step{
		{"empty dist", func(context.Context) error { return os.RemoveAll("dist") }},
		npmPackages,
		npmStep("build"),
	}
	for _, p := range r.Platforms {
		all = append(all, releaseBuild(r, p))
	}
	all = append(all, step{"finish", func(ctx context.Context) error { return r.Finish(ctx, "dist") }})
	if os.Getenv("GRAFANA_ACCESS_POLICY_TOKEN") != "" {
		all = append(all, sign(rooturls))
	}
	var made pack.Files
	return steps(ctx, append(all,
		step{"pack", func(context.Context) (err error) {
			made, err = r.Write("dist", releaseFolder)
			return err
		}},
		step{"check", func(context.Context) error { return r.Check(made.Zip) }},
		step{"test the package", func(ctx context.Context) error { return testPackage(ctx, made) }},
		step{"sum", func(context.Context) error {
			for _, path := range []string{made.Zip, made.SHA1, made.SHA256, made.SBOM} {
				info, err := os.Stat(path)
				if err != nil {
					return err
				}
				fmt.Printf("    %s: %d bytes\n", path, info.Size())
			}
			return nil
		}},
	)...)
}

// releaseBuild is the SDK's build of an executable without anything that is not
// in the commit: no paths, and its time instead of now.
func releaseBuild(r *pack.Release, p pack.Platform) step {
	return step{"build " + r.ExecutableName(p), func(context.Context) error {
		info, err := json.Marshal(buildinfo.Info{Time: r.BuildTime(), PluginID: r.ID, Version: r.Version})
		if err != nil {
			return err
		}
		err = build.SetBeforeBuildCallback(func(cfg build.Config) (build.Config, error) {
			cfg.CustomVars = map[string]string{
				versionFlag: r.Version,
				"github.com/grafana/grafana-plugin-sdk-go/build/buildinfo.buildInfoJSON": string(info),
			}
			if cfg.Env != nil { // there is none when it asks where to put the manifest
				// What git tells of tags depends on how much of it was cloned.
				cfg.Env["GOFLAGS"] = "-trimpath -buildvcs=false"
			}
			return cfg, nil
		})
		if err != nil {
			return err
		}
		return build.Build{}.Custom(p.OS, p.Arch)
	}}
}

// sign has grafana.com sign what is in dist.
func sign(rooturls *string) step {
	return step{"sign", func(ctx context.Context) error {
		args := []string{"--yes", signTool}
		if rooturls != nil {
			args = append(args, "--rootUrls", *rooturls)
		}
		if err := run(ctx, ".", "npx", args...); err != nil {
			return errors.Join(err, errors.New("a plugin that the catalog does not know yet is signed for servers: --rootUrls=https://grafana.example.com"))
		}
		return nil
	}}
}

// testPackage unpacks the package and starts it as Grafana does.
func testPackage(ctx context.Context, made pack.Files) error {
	path, err := filepath.Abs(made.Zip)
	if err != nil {
		return err
	}
	return runWith(ctx, os.Stdout, ".", []string{"AUDITLAKE_PACKAGE=" + path}, "go", "test", "-count=1", "-run=^TestThePackage", "./internal/pack")
}

// packageHere is a package for this machine, to test how it is made.
var packageHere = step{"package for this machine", func(ctx context.Context) error {
	yes := true
	return Package(ctx, &yes, &yes, nil, nil)
}}

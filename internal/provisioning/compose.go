package provisioning

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Compose is docker-compose.yaml, as far as it is used.
type Compose struct {
	Keys     []string             `yaml:"x-s3-keys"` // anchors
	Services map[string]Service   `yaml:"services"`
	Volumes  map[string]*struct{} `yaml:"volumes"`
}

// Service is one container.
type Service struct {
	Build struct {
		Context string            `yaml:"context"`
		Target  string            `yaml:"target"`
		Args    map[string]string `yaml:"args"`
	} `yaml:"build"`
	Command     []string          `yaml:"command"`
	Environment map[string]string `yaml:"environment"`
	Ports       []string          `yaml:"ports"`
	Volumes     []string          `yaml:"volumes"`
	DependsOn   map[string]struct {
		Condition string `yaml:"condition"`
	} `yaml:"depends_on"`
	Healthcheck *struct {
		Test     []string      `yaml:"test"`
		Interval time.Duration `yaml:"interval"`
		Timeout  time.Duration `yaml:"timeout"`
		Retries  int           `yaml:"retries"`
	} `yaml:"healthcheck"`
	Restart string `yaml:"restart"`
}

// ReadCompose parses docker-compose.yaml.
func ReadCompose(body []byte) (Compose, error) {
	var c Compose
	if err := strictYAML(body, &c); err != nil {
		return c, fmt.Errorf("docker-compose.yaml: %w", err)
	}
	return c, nil
}

var (
	hostRE          = regexp.MustCompile(`https?://([\w.-]+)`)
	interpolationRE = regexp.MustCompile(`\$(\{\w+(:-[^}]+)?\}|\w+)`)
)

// Problems lists what does not fit together within the file and with the
// Dockerfile that all services are built from.
func (c Compose) Problems(file Dockerfile) []string {
	n := &notes{}
	mounted := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(c.Services)) {
		s, where := c.Services[name], "service "+name
		if s.Build.Context != "." || !file.HasStage(s.Build.Target) {
			n.add(where, "the Dockerfile has no target %q (context %q)", s.Build.Target, s.Build.Context)
		}
		for arg := range s.Build.Args {
			if _, ok := file.Args[arg]; !ok {
				n.add(where, "the Dockerfile takes no argument %s", arg)
			}
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				n.add(where, "port %s is open to other machines, and its password is known", port)
			}
		}
		for _, v := range s.Volumes {
			volume, path, _ := strings.Cut(v, ":")
			if _, ok := c.Volumes[volume]; !ok || !strings.HasPrefix(path, "/") {
				n.add(where, "volume %s is not declared", v)
			}
			mounted[volume] = true
		}
		for other, d := range s.DependsOn {
			n.oneOf(where, "the condition", d.Condition, "service_healthy")
			if c.Services[other].Healthcheck == nil {
				n.add(where, "it waits for %s, which has no health check", other)
			}
		}
		if h := s.Healthcheck; h != nil && (len(h.Test) < 2 || h.Test[0] != "CMD" || h.Interval <= 0 || h.Timeout <= 0 || h.Retries < 1) {
			n.add(where, "the health check %+v is not complete", *h)
		}
		n.oneOf(where, "restart", s.Restart, "unless-stopped")
		c.checkTexts(n, where, s)
	}
	for volume := range c.Volumes {
		if !mounted[volume] {
			n.add("volume "+volume, "nothing mounts it")
		}
	}
	return n.list
}

// checkTexts looks into arguments and environment for hosts that are no service,
// and for variables that stay empty.
func (c Compose) checkTexts(n *notes, where string, s Service) {
	texts := append(slices.Collect(maps.Values(s.Environment)), s.Command...)
	texts = append(texts, slices.Collect(maps.Values(s.Build.Args))...)
	if s.Healthcheck != nil {
		texts = append(texts, s.Healthcheck.Test...)
	}
	for _, text := range texts {
		for _, host := range hostRE.FindAllStringSubmatch(text, -1) {
			if _, ok := c.Services[host[1]]; !ok && host[1] != "127.0.0.1" {
				n.add(where, "there is no service %s", host[1])
			}
		}
		for _, v := range interpolationRE.FindAllStringSubmatch(text, -1) {
			if v[2] == "" {
				n.add(where, "%s has no default", v[0])
			}
		}
	}
}

package provisioning

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Dockerfile is what a Dockerfile says about its stages and what they copy.
type Dockerfile struct {
	Args   map[string]string // those before the first FROM, with their defaults
	Stages []Stage
}

// Stage is one image on the way to another, or a target.
type Stage struct {
	Name, From string
	Args       []string
	Copies     []Copy
	Entrypoint []string
	// Run are the commands, for their variables.
	Run []string
}

// Copy is a COPY: from the repository, or from a stage.
type Copy struct {
	From    string
	Sources []string
	To      string
}

// HasStage says whether there is a target of this name.
func (d Dockerfile) HasStage(name string) bool {
	return slices.ContainsFunc(d.Stages, func(s Stage) bool { return s.Name == name })
}

// Stage is the stage of this name; the zero Stage if there is none.
func (d Dockerfile) Stage(name string) Stage {
	for _, s := range d.Stages {
		if s.Name == name {
			return s
		}
	}
	return Stage{}
}

// ReadDockerfile parses a Dockerfile without continued lines. An instruction that
// is not known here is an error.
func ReadDockerfile(text string) (Dockerfile, error) {
	d := Dockerfile{Args: map[string]string{}}
	lines := bufio.NewScanner(strings.NewReader(text))
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := d.instruction(line); err != nil {
			return d, fmt.Errorf("Dockerfile line %d: %w", number, err)
		}
	}
	return d, lines.Err()
}

func (d *Dockerfile) instruction(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	words := strings.Fields(rest)
	if verb == "ARG" && len(d.Stages) == 0 {
		name, value, ok := strings.Cut(rest, "=")
		if !ok {
			return fmt.Errorf("the argument %s has no default", name)
		}
		d.Args[name] = value
		return nil
	}
	if verb == "FROM" {
		if strings.HasPrefix(words[0], "--platform=") {
			words = words[1:]
		}
		if len(words) != 3 || words[1] != "AS" {
			return errors.New("a stage needs an image and a name")
		}
		d.Stages = append(d.Stages, Stage{From: words[0], Name: words[2]})
		return nil
	}
	if len(d.Stages) == 0 {
		return fmt.Errorf("%s before the first stage", verb)
	}
	s := &d.Stages[len(d.Stages)-1]
	switch verb {
	case "ARG":
		s.Args = append(s.Args, words...)
	case "COPY":
		c := Copy{}
		if from, ok := strings.CutPrefix(words[0], "--from="); ok {
			c.From, words = from, words[1:]
		}
		if len(words) < 2 {
			return errors.New("COPY needs what and where to")
		}
		c.Sources, c.To = words[:len(words)-1], words[len(words)-1]
		s.Copies = append(s.Copies, c)
	case "ENTRYPOINT", "CMD":
		var list []string
		if err := json.Unmarshal([]byte(rest), &list); err != nil {
			return fmt.Errorf("%s is no list of strings: signals would not reach the program", verb)
		}
		if verb == "ENTRYPOINT" {
			s.Entrypoint = list
		}
	case "RUN":
		s.Run = append(s.Run, rest)
	case "ENV", "WORKDIR", "USER", "EXPOSE":
	default:
		return fmt.Errorf("the instruction %s is not known", verb)
	}
	return nil
}

var argRE = regexp.MustCompile(`\$\{?([A-Z_]+)\}?`)

// magefiles are the files of mage, which is built of all of them or not at all.
const magefiles = "Magefile*.go"

// Problems lists what the repository does not have, what ignore keeps from the
// builder, stages and arguments that are used before there are any, and stages
// that run mage with a part of its files.
func (d Dockerfile) Problems(repository fs.FS, ignore string) []string {
	n := &notes{}
	args := map[string][]string{} // of each stage, with those of the stage below it
	mage := map[string]bool{}     // whether a stage has the files of mage, also from below
	for i, s := range d.Stages {
		where := "stage " + s.Name
		earlier := func(name string) bool {
			return slices.ContainsFunc(d.Stages[:i], func(e Stage) bool { return e.Name == name })
		}
		for _, arg := range argRE.FindAllStringSubmatch(s.From, -1) {
			if _, ok := d.Args[arg[1]]; !ok {
				n.add(where, "the argument %s is not declared", arg[1])
			}
		}
		args[s.Name] = append(slices.Clone(args[s.From]), s.Args...)
		mage[s.Name] = mage[s.From] || slices.ContainsFunc(s.Copies, func(c Copy) bool {
			return c.From == "" && slices.Contains(c.Sources, magefiles)
		})
		for _, command := range s.Run {
			if strings.HasPrefix(command, "go tool mage ") && !mage[s.Name] {
				n.add(where, "it runs mage and does not copy %s", magefiles)
			}
			for _, arg := range argRE.FindAllStringSubmatch(command, -1) {
				if !slices.Contains(args[s.Name], arg[1]) {
					n.add(where, "the argument %s is not declared", arg[1])
				}
			}
		}
		for _, c := range s.Copies {
			switch {
			case c.From != "" && !earlier(c.From):
				n.add(where, "it copies from %s, which is no earlier stage", c.From)
			case c.From != "":
			case len(c.Sources) > 1 && !strings.HasSuffix(c.To, "/"):
				n.add(where, "several files are copied to %s, which is no folder", c.To)
			default:
				checkSources(n, where, c.Sources, repository, ignore)
			}
		}
		if strings.HasPrefix(s.From, "$") || strings.ContainsAny(s.From, ":/") {
			continue
		}
		if !earlier(s.From) {
			n.add(where, "it is built on %s, which is no earlier stage", s.From)
		}
	}
	return n.list
}

func checkSources(n *notes, where string, sources []string, repository fs.FS, ignore string) {
	for _, source := range sources {
		if found, err := fs.Glob(repository, path.Clean(source)); err != nil || len(found) == 0 {
			n.add(where, "it copies %s, which the repository does not have", source)
		}
		if ignored(ignore, source) {
			n.add(where, "it copies %s, which .dockerignore leaves out", source)
		}
	}
}

// ignored says whether a path or a folder above it is a line of .dockerignore;
// **/ stands for any folders. Exceptions are not understood.
func ignored(ignore, name string) bool {
	for line := range strings.Lines(ignore) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		anywhere, deep := strings.CutPrefix(line, "**/")
		for dir := path.Clean(name); dir != "."; dir = path.Dir(dir) {
			if dir == line || deep && path.Base(dir) == anywhere {
				return true
			}
		}
	}
	return false
}

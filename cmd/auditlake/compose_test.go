package main

import (
	"os"
	"testing"

	"github.com/auditlake/auditlake/internal/provisioning"
)

// TestTheComposeFileCallsItRight: options that are misspelt there would show only
// where there is Docker.
func TestTheComposeFileCallsItRight(t *testing.T) {
	body, err := os.ReadFile("../../docker-compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	services, err := provisioning.ReadCompose(body)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	images, err := provisioning.ReadDockerfile(string(file))
	if err != nil {
		t.Fatal(err)
	}
	entry := images.Stage("generator").Entrypoint
	if len(entry) < 2 || entry[0] != "auditlake" || entry[1] != "generate" {
		t.Fatalf("the generator is %q", entry)
	}
	cmd := generateCommand()
	if err := cmd.ParseFlags(append(entry[2:], services.Services["generator"].Command...)); err != nil {
		t.Fatal(err)
	}
	if follow, err := cmd.Flags().GetBool("follow"); err != nil || !follow {
		t.Errorf("it does not go on: %v", err)
	}
	if err := cmd.ValidateRequiredFlags(); err != nil {
		t.Error(err)
	}
}

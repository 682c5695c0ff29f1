// Package imports_test checks what the linter cannot see: what is linked into a program through others.
package imports_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What a package may not bring along.
const (
	awsSDK   = "github.com/aws/aws-sdk-go-v2/"
	emr      = "github.com/aws/aws-sdk-go-v2/service/emr"
	dynamodb = "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	sqs      = "github.com/aws/aws-sdk-go-v2/service/sqs"
	slack    = "github.com/slack-go/slack"
	bolt     = "go.etcd.io/bbolt"
	cmp      = "github.com/google/go-cmp"
	yaml     = "go.yaml.in/yaml"
	tests    = "showtime/test/"
)

func TestNothingComesAlongUnasked(t *testing.T) {
	t.Parallel()
	watch(t)
	tests := []struct {
		name, pkg string
		without   []string
	}{
		{"receiver_decides_nothing", "showtime/cmd/receiver", []string{emr, dynamodb, slack, bolt, "showtime/internal/usecase", "showtime/blocks", "showtime/lifecycle/awsemr", cmp, yaml, tests}},
		{"worker_has_no_embedded_store", "showtime/cmd/worker", []string{bolt, cmp, yaml, tests, "showtime/slash", "showtime/interactions", "showtime/events"}},
		{"tool_has_no_test_helpers", "showtime/cmd/showtime", []string{cmp, yaml, tests}},
		{"lifecycle_knows_neither_aws_nor_slack", "showtime/lifecycle", []string{awsSDK, slack, "showtime/approval", "showtime/internal/"}},
		{"approval_knows_nothing_of_ours", "showtime/approval", []string{awsSDK, slack, "showtime/lifecycle", "showtime/internal/"}},
		{"slash_stands_alone", "showtime/slash", []string{awsSDK, slack, "showtime/interactions", "showtime/events", "showtime/blocks", "showtime/lifecycle", "showtime/approval"}},
		{"interactions_stands_alone", "showtime/interactions", []string{awsSDK, slack, "showtime/slash", "showtime/events", "showtime/blocks", "showtime/lifecycle", "showtime/approval"}},
		{"events_stands_alone", "showtime/events", []string{awsSDK, slack, "showtime/slash", "showtime/interactions", "showtime/blocks", "showtime/lifecycle", "showtime/approval"}},
		{"blocks_draws_only", "showtime/blocks", []string{awsSDK, "showtime/internal/usecase", "showtime/internal/store", "showtime/internal/queue"}},
		{"use_cases_know_no_adapters", "showtime/internal/usecase", []string{awsSDK, bolt, "showtime/internal/wiring"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, dep := range deps(t, tt.pkg) {
				for _, banned := range tt.without {
					if strings.HasPrefix(dep, banned) && dep != tt.pkg {
						t.Errorf("%s brings %s along", tt.pkg, dep)
					}
				}
			}
		})
	}
}

// The import table speaks of programs; a new one must not slip past it.
func TestOnlyTheToolHasTheEmbeddedStore(t *testing.T) {
	t.Parallel()
	for _, program := range list(t, "showtime/cmd/...") {
		if got, want := slices.Contains(deps(t, program), bolt), program == "showtime/cmd/showtime"; got != want {
			t.Errorf("%s has the embedded store: %t, want %t", program, got, want)
		}
	}
}

// Otherwise the tests above would pass on a list that is empty or wrong.
func TestDepsAreSeen(t *testing.T) {
	t.Parallel()
	if !slices.Contains(deps(t, "showtime/lifecycle/awsemr"), emr) {
		t.Error("lifecycle/awsemr is not seen to import EMR")
	}
	if !slices.Contains(deps(t, "showtime/cmd/receiver"), sqs) {
		t.Error("the receiver is not seen to import SQS")
	}
}

// watch looks at every source file, because go test keeps a result until a file that the test itself has
// looked at changes, and what go list reads does not count.
func watch(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		_, err = os.Stat(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// deps gives everything that is linked into a package; no tests.
func deps(t *testing.T, pkg string) []string {
	t.Helper()
	return list(t, "-deps", pkg)
}

func list(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list %s: %v", strings.Join(args, " "), err)
	}
	return strings.Fields(string(out))
}

package playhouse

import (
	"testing"

	"github.com/rs/zerolog"
)

// Every run has secrets of its own: nothing that is printed or leaked by one opens another.
func TestSecretsAreOfOneRun(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 3 {
		house, err := New(t.Context(), Options{Log: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = house.Close() })
		for _, name := range []string{"SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN"} {
			secret, ok := house.environment()(name)
			if !ok || len(secret) < 20 || seen[secret] {
				t.Errorf("%s is missing, short or of another run", name)
			}
			seen[secret] = true
		}
	}
}

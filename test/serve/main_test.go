package serve_test

import (
	"os"
	"testing"

	"showtime/test/serve"
)

func TestMain(m *testing.M) {
	if _, child := os.LookupEnv(serve.Child); child {
		os.Exit(serve.Main())
	}
	os.Exit(m.Run())
}

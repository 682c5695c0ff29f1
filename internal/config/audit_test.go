package config_test

import (
	"strings"
	"testing"

	"showtime/internal/config"
)

func TestReadAudit(t *testing.T) {
	t.Parallel()
	const cluster = `{"name":"exploration"}`
	tests := []struct {
		name string
		env  map[string]string
		want config.Audit
		bad  string // the variable the error names
	}{
		{"folder", map[string]string{"SHOWTIME_CLUSTER": cluster}, config.Audit{ClusterName: "exploration", Data: "./data"}, ""},
		{"table", map[string]string{"SHOWTIME_CLUSTER": cluster, "SHOWTIME_TABLE": "showtime"}, config.Audit{ClusterName: "exploration", Table: "showtime", Data: "./data"}, ""},
		{"no_cluster", nil, config.Audit{Data: "./data"}, "SHOWTIME_CLUSTER"},
		{"bad_table", map[string]string{"SHOWTIME_CLUSTER": cluster, "SHOWTIME_TABLE": "a b"}, config.Audit{ClusterName: "exploration", Data: "./data"}, "SHOWTIME_TABLE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := config.ReadAudit(func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok })
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if (err != nil) != (tt.bad != "") || err != nil && !strings.Contains(err.Error(), tt.bad) {
				t.Errorf("error %v, want one that names %q", err, tt.bad)
			}
		})
	}
}

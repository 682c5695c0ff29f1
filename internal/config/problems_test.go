package config_test

import (
	"slices"
	"strings"
	"testing"

	"showtime/internal/config"
)

// TestProblems sets one variable wrongly and expects that serve, which reads everything, names it and
// only it. Every value carries the word "hidden", or is too short to give anything away: the error
// must not repeat it.
func TestProblems(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, variable, value string }{
		{"secret_empty_among_several", "SLACK_SIGNING_SECRET", "hidden,,hidden2"},
		{"secret_trailing_comma", "SLACK_SIGNING_SECRET", "hidden,"},
		{"secret_only_comma", "SLACK_SIGNING_SECRET", ","},
		{"secret_with_space", "SLACK_SIGNING_SECRET", "hidden secret"},
		{"bot_token_of_a_user", "SLACK_BOT_TOKEN", "xoxp-hidden"},
		{"bot_token_only_prefix", "SLACK_BOT_TOKEN", "xoxb-"},
		{"bot_token_with_line_break", "SLACK_BOT_TOKEN", "xoxb-hidden\nx"},
		{"app_token_of_a_bot", "SLACK_APP_TOKEN", "xoxb-hidden"},
		{"team_id", "SLACK_TEAM_ID", "hidden"},
		{"team_id_of_app", "SLACK_TEAM_ID", "A1"},
		{"team_id_small_letters", "SLACK_TEAM_ID", "Thidden"},
		{"app_id", "SLACK_APP_ID", "T1"},
		{"api_url_plain_http", "SLACK_API_URL", "http://hidden.example.com/api/"},
		{"api_url_looks_like_loopback", "SLACK_API_URL", "http://127.0.0.1.hidden.com/"},
		{"api_url_user", "SLACK_API_URL", "https://u:hidden@slack.com/api/"},
		{"api_url_user_on_loopback", "SLACK_API_URL", "http://127.0.0.1:80@hidden.com/"},
		{"api_url_query", "SLACK_API_URL", "https://slack.com/api/?hidden"},
		{"api_url_fragment", "SLACK_API_URL", "https://slack.com/api/#hidden"},
		{"api_url_scheme", "SLACK_API_URL", "ftp://hidden/"},
		{"api_url_no_host", "SLACK_API_URL", "https:///hidden"},
		{"api_url_no_scheme", "SLACK_API_URL", "hidden/api"},
		{"api_url_broken", "SLACK_API_URL", "https://hidden:x%zz/"},
		{"api_url_port", "SLACK_API_URL", "https://hidden:99999/"},
		{"installation_space", "SHOWTIME_INSTALLATION", "hidden name"},
		{"installation_star", "SHOWTIME_INSTALLATION", "hidden*"},
		{"installation_slash", "SHOWTIME_INSTALLATION", "hidden/x"},
		{"installation_dash_first", "SHOWTIME_INSTALLATION", "-hidden"},
		{"installation_not_ascii", "SHOWTIME_INSTALLATION", "hiddén"},
		{"installation_long", "SHOWTIME_INSTALLATION", strings.Repeat("hidden", 11)},
		{"cluster_no_file", "SHOWTIME_CLUSTER", "/no/hidden.json"},
		{"cluster_broken", "SHOWTIME_CLUSTER", `{"hidden"`},
		{"cluster_without_name", "SHOWTIME_CLUSTER", `{}`},
		{"channels_user", "SHOWTIME_CHANNELS", "C1,U1"},
		{"channels_name", "SHOWTIME_CHANNELS", "#hidden"},
		{"channels_empty_item", "SHOWTIME_CHANNELS", "C1,,C2"},
		{"channels_direct_message", "SHOWTIME_CHANNELS", "D1"},
		{"admin_channel", "SHOWTIME_ADMIN_CHANNEL", "hidden"},
		{"analysts_name", "SHOWTIME_ANALYSTS", "@hidden"},
		{"analysts_star_and_more", "SHOWTIME_ANALYSTS", "*,U1"},
		{"analysts_letter_only", "SHOWTIME_ANALYSTS", "U"},
		{"analysts_token", "SHOWTIME_ANALYSTS", "xoxb-hidden"},
		{"admins_star", "SHOWTIME_ADMINS", "*"},
		{"admins_channel", "SHOWTIME_ADMINS", "C1"},
		{"admins_unset", "SHOWTIME_ADMINS", ""},
		{"approval", "SHOWTIME_APPROVAL", "hidden"},
		{"approval_case", "SHOWTIME_APPROVAL", "Admin"},
		{"reason", "SHOWTIME_REASON", "hidden"},
		{"phrases_no_json", "SHOWTIME_PHRASES", "hidden"},
		{"phrases_list", "SHOWTIME_PHRASES", `["hidden"]`},
		{"phrases_null", "SHOWTIME_PHRASES", `null`},
		{"phrases_unknown_key", "SHOWTIME_PHRASES", `{"hidden":["x"]}`},
		{"phrases_key_case", "SHOWTIME_PHRASES", `{"Start":["hidden"]}`},
		{"phrases_no_list", "SHOWTIME_PHRASES", `{"start":"hidden"}`},
		{"phrases_numbers", "SHOWTIME_PHRASES", `{"start":[1]}`},
		{"phrases_empty", "SHOWTIME_PHRASES", `{"start":[" "]}`},
		{"phrases_twice", "SHOWTIME_PHRASES", `{"start":["Hidden now"],"destroy":["hidden  NOW"]}`},
		{"phrases_more_behind", "SHOWTIME_PHRASES", `{} hidden`},
		{"queue_standard", "SHOWTIME_QUEUE_URL", "https://sqs.example.com/1/hidden"},
		{"queue_name_only", "SHOWTIME_QUEUE_URL", "hidden.fifo"},
		{"queue_user", "SHOWTIME_QUEUE_URL", "https://u:hidden@sqs.example.com/1/q.fifo"},
		{"table_short", "SHOWTIME_TABLE", "ab"},
		{"table_characters", "SHOWTIME_TABLE", "hidden table"},
		{"listen_no_port", "SHOWTIME_LISTEN", "hidden"},
		{"listen_port_name", "SHOWTIME_LISTEN", "127.0.0.1:hidden"},
		{"listen_port_high", "SHOWTIME_LISTEN", "127.0.0.1:65536"},
		{"listen_url", "SHOWTIME_LISTEN", "http://hidden:80"},
		{"admin_listen_same", "SHOWTIME_ADMIN_LISTEN", "127.0.0.1:8080"},
		{"lifecycle_plain_http", "SHOWTIME_LIFECYCLE_URL", "http://hidden.internal/"},
		{"lifecycle_token_without_url", "SHOWTIME_LIFECYCLE_TOKEN", "hidden"},
		{"log_level", "LOG_LEVEL", "hidden"},
		{"log_level_number", "LOG_LEVEL", "-2"},
		{"secret_path_no_slash", "SLACK_SECRET_PATH", "hidden/path"},
		{"secret_path_only_slash", "SLACK_SECRET_PATH", "/"},
		{"secret_path_double_slash", "SLACK_SECRET_PATH", "/hidden//path"},
		{"secret_path_characters", "SLACK_SECRET_PATH", "/hidden path"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := full(map[string]string{"SLACK_APP_TOKEN": "xapp-1", tt.variable: tt.value})
			_, plain := config.ReadServe(e.lookup, false)
			_, socket := config.ReadServe(e.lookup, true)
			problems := append(blamed(plain), blamed(socket)...)
			if tt.variable == "SLACK_SECRET_PATH" && len(problems) > 0 {
				problems = slices.DeleteFunc(problems, func(n string) bool { return n != tt.variable })
			}
			if got := slices.Compact(problems); len(got) != 1 || got[0] != tt.variable {
				t.Errorf("problems are with %v, want %s\n%v", got, tt.variable, plain)
			}
			for _, err := range []error{plain, socket} {
				if err != nil && strings.Contains(strings.ToLower(err.Error()), "hidd") {
					t.Errorf("the error repeats the value: %v", err)
				}
			}
		})
	}
}

func TestSecretPathInsteadOfSecrets(t *testing.T) {
	t.Parallel()
	e := full(map[string]string{"SLACK_SECRET_PATH": "/showtime"})
	_, err := config.ReadServe(e.lookup, false)
	if got := blamed(err); !slices.Equal(got, []string{"SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"}) {
		t.Errorf("problems are with %v, want the two secrets: which one holds would be a guess", got)
	}
	if strings.Contains(err.Error(), "xoxb-1") {
		t.Errorf("the error repeats a secret: %v", err)
	}
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, variable, value string }{
		{"api_url_gov", "SLACK_API_URL", "https://slack-gov.com/api"},
		{"api_url_loopback_v6", "SLACK_API_URL", "http://[::1]:8000/api/"},
		{"api_url_localhost", "SLACK_API_URL", "http://localhost:8000/api/"},
		{"queue_local", "SHOWTIME_QUEUE_URL", "http://localhost:5000/123456789012/q.fifo"},
		{"listen_all", "SHOWTIME_LISTEN", ":8080"},
		{"listen_any_port", "SHOWTIME_LISTEN", "127.0.0.1:0"},
		{"listen_v6", "SHOWTIME_LISTEN", "[::1]:8080"},
		{"phrase_list_empty", "SHOWTIME_PHRASES", `{"start":[]}`},
		{"phrases_all", "SHOWTIME_PHRASES", `{"start":["a","b"],"status":["c"],"destroy":["d"]}`},
		{"analysts_unset", "SHOWTIME_ANALYSTS", ""},
		{"installation_dots", "SHOWTIME_INSTALLATION", "team.prod_2-eu"},
		{"log_level_disabled", "LOG_LEVEL", "disabled"},
		{"table_default_of_stack", "SHOWTIME_TABLE", "showtime-Table-1ABC"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := config.ReadServe(full(map[string]string{tt.variable: tt.value}).lookup, false); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAnyPortTwiceIsNoClash(t *testing.T) {
	t.Parallel()
	e := full(map[string]string{"SHOWTIME_LISTEN": "127.0.0.1:0", "SHOWTIME_ADMIN_LISTEN": "127.0.0.1:0"})
	if _, err := config.ReadServe(e.lookup, false); err != nil {
		t.Error(err)
	}
}

package grant_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"showtime/lifecycle/httpapi/grant"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func row(name, proof, rest string) string {
	return fmt.Sprintf(`{"name":%q,%s,"clusters":["a"],"verbs":["read"]%s}`, name, proof, rest)
}

func hashed(token string) string { return fmt.Sprintf(`"token_sha256":%q`, grant.Hash(token)) }

func TestParse(t *testing.T) {
	t.Parallel()
	role := `"principal":"arn:aws:iam::123456789012:role/hunting"`
	tests := []struct{ name, grants, problem string }{
		{"empty", "", ""},
		{"token", row("a", hashed("t"), ""), ""},
		{"principal", row("a", role, ""), ""},
		{"expires", row("a", role, `,"expires":"2026-12-01T00:00:00Z"`), ""},
		{"no_proof", `{"name":"a","clusters":["a"],"verbs":["read"]}`, "either token_sha256 or principal"},
		{"two_proofs", row("a", hashed("t")+","+role, ""), "either token_sha256 or principal"},
		{"no_hash", row("a", `"token_sha256":"secret"`, ""), "64 hexadecimal"},
		{"name_of_a_person", row("U0ANA", hashed("t"), ""), "name: must be"},
		{"name_of_showtime", row("showtime", hashed("t"), ""), "calls itself"},
		{"name_twice", row("a", hashed("t"), "") + "," + row("a", hashed("u"), ""), "twice"},
		{"token_twice", row("a", hashed("t"), "") + "," + row("b", hashed("t"), ""), "twice"},
		{"role_twice", row("a", role, "") + "," + row("b", `"principal":"arn:aws:iam::123456789012:role/path/hunting"`, ""), "twice"},
		{"everybody", row("a", `"principal":"arn:aws:iam::123456789012:root"`, ""), "ARN of an IAM role or user"},
		{"pattern", row("a", `"principal":"arn:aws:iam::123456789012:role/*"`, ""), "ARN of an IAM role or user"},
		{"unknown_verb", `{"name":"a",` + hashed("t") + `,"clusters":["a"],"verbs":["own"]}`, "verbs: must be of"},
		{"no_verbs", `{"name":"a",` + hashed("t") + `,"clusters":["a"]}`, "verbs: are missing"},
		{"no_clusters", `{"name":"a",` + hashed("t") + `,"verbs":["read"]}`, "clusters: must name"},
		{"unknown_key", row("a", hashed("t"), `,"admin":true`), "unknown field"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := grant.Parse([]byte(`{"grants":[` + tt.grants + `]}`))
			switch {
			case tt.problem == "" && err != nil:
				t.Error(err)
			case tt.problem != "" && (err == nil || !strings.Contains(err.Error(), tt.problem)):
				t.Errorf("%v, want %q", err, tt.problem)
			case err != nil && strings.Contains(err.Error(), "secret"):
				t.Errorf("%v repeats a value", err)
			}
		})
	}
	if _, err := grant.Parse([]byte(`{"grants":[]} {}`)); err == nil {
		t.Error("something may follow the object")
	}
}

func TestPrincipal(t *testing.T) {
	t.Parallel()
	set, err := grant.Parse([]byte(`{"grants":[` + row("hunting", `"principal":"arn:aws:iam::123456789012:role/team/hunting"`, "") + "," +
		row("ana", `"principal":"arn:aws:iam::123456789012:user/ana"`, `,"expires":"2026-11-23T10:00:00Z"`) + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, arn, want string }{
		{"session_of_the_role", "arn:aws:sts::123456789012:assumed-role/hunting/i-0abc", "hunting"},
		{"role", "arn:aws:iam::123456789012:role/hunting", "hunting"},
		{"user", "arn:aws:iam::123456789012:user/ana", "ana"},
		{"other_account", "arn:aws:sts::210987654321:assumed-role/hunting/i-0abc", ""},
		{"other_role", "arn:aws:sts::123456789012:assumed-role/hunting2/x", ""},
		{"role_named_in_the_session", "arn:aws:sts::123456789012:assumed-role/other/hunting", ""},
		{"user_named_like_the_role", "arn:aws:iam::123456789012:user/hunting", ""},
		{"nobody", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if g, ok := set.Principal(tt.arn, now); g.Name != tt.want || ok != (tt.want != "") {
				t.Errorf("%q, %v; want %q", g.Name, ok, tt.want)
			}
		})
	}
	if _, ok := set.Principal("arn:aws:iam::123456789012:user/ana", now.Add(time.Hour)); ok {
		t.Error("an expired grant opens")
	}
	if _, ok := set.Token("", now); ok {
		t.Error("no token opens the grant of a principal")
	}
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	at := now
	l := grant.NewLimiter(grant.Limit{Burst: 2, PerSecond: 2}, func() time.Time { return at })
	for range 2 {
		if w := l.Take("a"); w != 0 {
			t.Fatalf("waits %s within its burst", w)
		}
	}
	if w := l.Take("a"); w != 500*time.Millisecond {
		t.Errorf("waits %s", w)
	}
	if w := l.Take("b"); w != 0 {
		t.Errorf("another one waits %s", w)
	}
	at = at.Add(-time.Hour) // a clock that went back gives nothing
	if w := l.Take("a"); w == 0 {
		t.Error("a clock that went back gave a request")
	}
	at = at.Add(500 * time.Millisecond)
	if w := l.Take("a"); w != 0 {
		t.Errorf("then waits %s", w)
	}
}

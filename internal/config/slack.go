package config

import (
	"fmt"
	"strings"

	"showtime/internal/roles"
)

func (r *reader) signingSecrets(path string) []string {
	secrets := r.list(varSigning)
	switch {
	case path != "" && len(secrets) > 0:
		r.fail(varSigning, "must be unset when "+varSecretPath+" is set")
		return nil
	case path == "" && r.get(varSigning) == "":
		r.fail(varSigning, "is required: the app's signing secret (or set "+varSecretPath+")")
	}
	for i, s := range secrets {
		if !oneWord(s) {
			r.fail(varSigning, fmt.Sprintf("item %d has a character no signing secret has", i+1))
		}
	}
	return secrets
}

// secret reads a token that stands either in its variable or below the SSM path.
func (r *reader) secret(name, prefix, path string) string {
	v := r.get(name)
	switch {
	case path != "" && v != "":
		r.fail(name, "must be unset when "+varSecretPath+" is set")
		return ""
	case path != "":
		return ""
	case v == "":
		r.fail(name, "is required: a token that begins with "+prefix+" (or set "+varSecretPath+")")
	case !strings.HasPrefix(v, prefix) || len(v) == len(prefix) || !oneWord(v):
		r.fail(name, "must be a token that begins with "+prefix)
		return ""
	}
	return v
}

// secretPath reads the SSM path and takes the slash off its end.
func (r *reader) secretPath() string {
	v := r.get(varSecretPath)
	path := strings.TrimRight(v, "/")
	for i, part := range strings.Split(path, "/") {
		if bad := strings.Trim(part, alphanumeric+"_.-") != "" || (part == "") != (i == 0); v != "" && bad {
			r.fail(varSecretPath, "must be an SSM parameter path like /showtime/slack")
			return ""
		}
	}
	if v != "" && path == "" {
		r.fail(varSecretPath, "must be an SSM parameter path like /showtime/slack")
	}
	return path
}

func (r *reader) channels() []string {
	ids := r.list(varChannels)
	if r.get(varChannels) == "" {
		r.fail(varChannels, "is required: channel ids (C… or G…), comma-separated, the first for cards")
	}
	for i, id := range ids {
		if !isID(id, "CG") {
			r.fail(varChannels, fmt.Sprintf("item %d must be a channel id (C… or G…)", i+1))
		}
	}
	return ids
}

func (r *reader) adminChannel(channels []string) string {
	id := r.id(varAdminChannel, "CG", "a channel id (C… or G…)")
	if id == "" && len(channels) > 0 {
		return channels[0]
	}
	return id
}

func (r *reader) admins() roles.People {
	if r.get(varAdmins) == "" {
		r.fail(varAdmins, "is required: user ids (U… or W…) and user-group ids (S…), comma-separated")
	}
	p := r.people(varAdmins)
	if p.Everybody {
		r.fail(varAdmins, "must name its people: * is not for admins")
	}
	return p
}

func (r *reader) people(name string) roles.People {
	var p roles.People
	items := r.list(name)
	for i, id := range items {
		switch {
		case id == "*":
			p.Everybody = true
		case isID(id, "UW"):
			p.Users = append(p.Users, id)
		case isID(id, "S"):
			p.Groups = append(p.Groups, id)
		default:
			r.fail(name, fmt.Sprintf("item %d must be a user id (U… or W…) or a user-group id (S…)", i+1))
		}
	}
	if p.Everybody && len(items) > 1 {
		r.fail(name, "must be * alone or a list without it")
	}
	return p
}

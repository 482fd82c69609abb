package oidctest

import (
	"context"
	"html/template"
	"net/http"
)

// form is the log-in page. Its fields have the names and identifiers username and password, its button the identifier login.
var form = template.Must(template.New("login").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Log in</title></head>
<body><h1>Log in</h1>{{if .Wrong}}<p id="wrong">Wrong name or password.</p>{{end}}
<form method="post" action="/login">
<input type="hidden" name="id" value="{{.ID}}">
<label for="username">Name</label> <input id="username" name="username" autocomplete="username">
<label for="password">Password</label> <input id="password" name="password" type="password" autocomplete="current-password">
<button id="login" type="submit">Log in</button>
</form></body></html>`))

func showForm(w http.ResponseWriter, r *http.Request) {
	writeForm(w, http.StatusOK, r.FormValue("id"), false)
}

func writeForm(w http.ResponseWriter, status int, id string, wrong bool) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = form.Execute(w, map[string]any{"ID": id, "Wrong": wrong})
}

func checkForm(s *storage, callback func(context.Context, string) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PostFormValue("id")
		if !s.logIn(id, r.PostFormValue("username"), r.PostFormValue("password")) {
			writeForm(w, http.StatusForbidden, id, true)
			return
		}
		http.Redirect(w, r, callback(r.Context(), id), http.StatusFound)
	}
}

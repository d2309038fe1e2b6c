// Package web holds what the gateway serves to browsers: the first page, and the Socket.IO client that pages load as /socket.io.js.
package web

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed page
var page embed.FS

// dist holds what `make web` brings from npm, which needs Node; without it the gateway builds all the same.
//
//go:embed all:dist
var dist embed.FS

const socketIOClient = "dist/socket.io.min.js"

// Page serves the first page and its parts.
func Page() http.Handler {
	parts, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	files := http.FileServerFS(parts)
	return readOnly(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		files.ServeHTTP(w, r)
	})
}

// SocketIOClient serves the browser build of socket.io-client 4.8.
func SocketIOClient() http.Handler { return socketIOClientOf(dist) }

func socketIOClientOf(built fs.FS) http.Handler {
	return readOnly(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if _, err := fs.Stat(built, socketIOClient); err != nil {
			http.Error(w, "// The Socket.IO client is not part of this build: it takes Node and npm to fetch it. Install them, run `make web` and build again.",
				http.StatusNotFound)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=3600")
		http.ServeFileFS(w, r, built, socketIOClient)
	})
}

// readOnly refuses what would change something.
func readOnly(serve http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "this path serves GET and HEAD only", http.StatusMethodNotAllowed)
			return
		}
		serve(w, r)
	})
}

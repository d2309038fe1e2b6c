// Package web holds what the gateway serves to browsers: the pages, and the Socket.IO client that pages of anybody load as /socket.io.js.
package web

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed page
var page embed.FS

// dist holds what `make web` builds, which needs Node; without it the gateway builds all the same.
//
//go:embed all:dist
var dist embed.FS

const socketIOClient = "socket.io.min.js"

// Pages serves the pages; in a build without them, the plain page, which says how to get them.
func Pages() http.Handler { return pagesOf(built()) }

// SocketIOClient serves the browser build of socket.io-client 4.8.
func SocketIOClient() http.Handler { return socketIOClientOf(built()) }

// PlainPage serves a page that needs nothing built, and its parts.
func PlainPage() http.Handler {
	files := http.FileServerFS(sub(page, "page"))
	return readOnly(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		files.ServeHTTP(w, r)
	})
}

func built() fs.FS { return sub(dist, "dist") }

func sub(files fs.FS, folder string) fs.FS {
	parts, err := fs.Sub(files, folder)
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return parts
}

func socketIOClientOf(built fs.FS) http.Handler {
	client, files := file{name: socketIOClient, caching: "public, max-age=3600"}, &unpacked{FS: built}
	return readOnly(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if client.serve(w, r, files) {
			return
		}
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		http.Error(w, "// The Socket.IO client is not part of this build: it takes Node and npm to fetch it. Install them, run `make web` and build again.",
			http.StatusNotFound)
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

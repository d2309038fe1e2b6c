package service

import (
	"net/http"
	"net/http/pprof"

	"atlasstream/pkg/clientip"
)

// profiles are those of net/http/pprof, without the command line, which may have secrets.
func profiles() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("/debug/pprof/", pprof.Index)
	routes.HandleFunc("/debug/pprof/profile", pprof.Profile)
	routes.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	routes.HandleFunc("/debug/pprof/trace", pprof.Trace)
	routes.HandleFunc("/debug/pprof/cmdline", http.NotFound)
	return routes
}

// onLoopback serves whoever is on the same machine, or in the same pod, as kubectl port-forward is: profiles cost time and tell much, and the port may have
// to be open to a network for probes and metrics.
func onLoopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !clientip.Of(r.RemoteAddr).IsLoopback() {
			http.Error(w, "profiles are for clients on the loopback interface only, such as kubectl port-forward", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

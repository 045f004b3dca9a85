package service

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"

	"greenshield/redline/service/gate"
)

// New returns a handler of all routes of the parts, with the gate around them, which is one of the parts itself.
func New(g *gate.Gate, parts ...Part) http.Handler {
	mux := http.NewServeMux()
	g.Routes(mux)
	for _, p := range parts {
		p.Routes(mux)
	}
	return g.Wrap(gate.Routed(mux))
}

// Server answers by a handler until it is stopped.
type Server struct {
	Handler http.Handler
	TLS     *tls.Config // nil: without TLS
	Log     *slog.Logger
	// Stopping is called when the server stops, before it waits for requests that are being answered.
	Stopping func()
	Limits   Limits // the zero value of a limit is that of DefaultLimits
}

// Limits are what connections may take.
type Limits struct {
	Header, Read, Write, Idle time.Duration // until a request's header, all of it, and its answer are through; between two
	Stop                      time.Duration // that requests have to end when the server stops
	Connections               int           // at one time
}

// DefaultLimits are limits for an office. A handler of long uploads or streams may set others for its own request, by
// [http.ResponseController].
var DefaultLimits = Limits{
	Header: 5 * time.Second, Read: 30 * time.Second, Write: 60 * time.Second, Idle: 2 * time.Minute,
	Stop: 10 * time.Second, Connections: 1024,
}

// maxHeader bounds the header of a request, in bytes.
const maxHeader = 64 << 10

// Serve answers what comes in at a listener, which it closes. When ctx ends, it takes no more, waits for what is being
// answered, Limits.Stop at most, and returns nil. It returns an error when the listener fails.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	limits := s.Limits
	for _, one := range []struct{ at, otherwise *time.Duration }{
		{&limits.Header, &DefaultLimits.Header}, {&limits.Read, &DefaultLimits.Read},
		{&limits.Write, &DefaultLimits.Write}, {&limits.Idle, &DefaultLimits.Idle}, {&limits.Stop, &DefaultLimits.Stop},
	} {
		if *one.at == 0 {
			*one.at = *one.otherwise
		}
	}
	if limits.Connections == 0 {
		limits.Connections = DefaultLimits.Connections
	}
	server := &http.Server{
		Handler: s.Handler, TLSConfig: s.TLS, MaxHeaderBytes: maxHeader,
		ReadHeaderTimeout: limits.Header, ReadTimeout: limits.Read, WriteTimeout: limits.Write, IdleTimeout: limits.Idle,
		ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn),
	}
	l = netutil.LimitListener(l, limits.Connections)
	failed := make(chan error, 1)
	go func() {
		if s.TLS != nil {
			failed <- server.ServeTLS(l, "", "")
		} else {
			failed <- server.Serve(l)
		}
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	if s.Stopping != nil {
		s.Stopping()
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), limits.Stop)
	defer cancel()
	if err := server.Shutdown(end); errors.Is(err, context.DeadlineExceeded) {
		s.Log.Warn("requests were cut off", "after", limits.Stop.String())
		return server.Close()
	} else if err != nil {
		return err
	}
	return nil
}

package service

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"greenshield/redline/service/gate"
)

// long is a limit that no test reaches.
const long = time.Hour

// slow is a part whose answers the test holds.
type slow struct {
	begun chan struct{} // has an element for each request that has come
	end   chan struct{} // an element ends one of POST /held
	read  chan error    // how reading a body ended
}

func (s *slow) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /held", func(w http.ResponseWriter, _ *http.Request) {
		s.begun <- struct{}{}
		<-s.end
		fmt.Fprint(w, "whole")
	})
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
		fmt.Fprint(w, "data: 1\n\n")
		_ = http.NewResponseController(w).Flush()
		s.begun <- struct{}{}
		<-r.Context().Done()
		fmt.Fprint(w, "data: end\n\n")
	})
	mux.HandleFunc("POST /body", func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		s.read <- err
	})
}

// started is a server that runs at an address until stop is called, which returns what Serve does.
func started(t *testing.T, limits Limits) (at string, part *slow, stop func() error) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	g, err := gate.New(gate.Options{Alone: &gate.User{Login: "local", Role: gate.Keeper}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	part = &slow{begun: make(chan struct{}, 9), end: make(chan struct{}, 9), read: make(chan error, 9)}
	server := Server{Handler: New(g, part), Log: log, Stopping: g.EndStreams, Limits: limits}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, l) }()
	t.Cleanup(cancel)
	return l.Addr().String(), part, func() error { cancel(); return <-ended }
}

// connected is a connection on which something is sent.
func connected(t *testing.T, at, sent string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, sent); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSlowClients: who sends a header or a body too slowly, or nothing more, loses his connection.
func TestSlowClients(t *testing.T) {
	const short = 50 * time.Millisecond
	const header = "POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n"
	t.Run("header", func(t *testing.T) {
		at, _, _ := started(t, Limits{Header: short, Read: long, Write: long, Idle: long})
		if rest, err := io.ReadAll(connected(t, at, header)); err != nil || strings.HasPrefix(string(rest), "HTTP/1.1 2") {
			t.Errorf("%q, %v", rest, err)
		}
	})
	t.Run("body", func(t *testing.T) {
		at, part, _ := started(t, Limits{Header: long, Read: short, Write: long, Idle: long})
		c := connected(t, at, header+"\r\nhalf")
		if err := <-part.read; err == nil {
			t.Error("half a body was read as a whole one")
		}
		if _, err := io.ReadAll(c); err != nil {
			t.Error(err)
		}
	})
	t.Run("idle", func(t *testing.T) {
		at, _, _ := started(t, Limits{Header: long, Read: long, Write: long, Idle: short})
		c := connected(t, at, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		if all, err := io.ReadAll(c); err != nil || !strings.HasSuffix(string(all), `{"status":"ok"}`+"\n") {
			t.Errorf("%q, %v", all, err)
		}
	})
	t.Run("large header", func(t *testing.T) {
		at, _, _ := started(t, Limits{})
		c := connected(t, at, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("x", 80<<10)+"\r\n\r\n")
		if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.Contains(line, " 431 ") {
			t.Errorf("%q, %v", line, err)
		}
	})
}

// TestConnectionsAreBounded: who comes when there are as many as may be waits until another one leaves.
func TestConnectionsAreBounded(t *testing.T) {
	at, _, _ := started(t, Limits{Connections: 1})
	const question = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
	first := connected(t, at, question)
	if _, err := bufio.NewReader(first).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	second := connected(t, at, question)
	if err := second.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := second.Read(make([]byte, 1)); err == nil {
		t.Errorf("%d bytes beside the first", n)
	}
	first.Close()
	if err := second.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(second).ReadString('\n'); err != nil || !strings.Contains(line, " 200 ") {
		t.Errorf("%q, %v", line, err)
	}
}

// TestGracefulStop: a server that stops takes nothing more, answers what it has begun and ends streams of events.
func TestGracefulStop(t *testing.T) {
	at, part, stop := started(t, Limits{Stop: long})
	held := connected(t, at, "POST /held HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
	events := connected(t, at, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
	<-part.begun
	<-part.begun
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	if all, err := io.ReadAll(events); err != nil || !strings.Contains(string(all), "data: 1\n\n") ||
		!strings.Contains(string(all), "data: end\n\n") {
		t.Errorf("the stream: %q, %v", all, err)
	}
	select {
	case err := <-ended:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	if c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", at); err == nil {
		c.Close()
		t.Error("it still takes connections")
	}
	part.end <- struct{}{}
	if all, err := io.ReadAll(held); err != nil || !strings.HasSuffix(string(all), "whole") {
		t.Errorf("the answer: %q, %v", all, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestStopIsBounded: a server does not wait for ever.
func TestStopIsBounded(t *testing.T) {
	at, part, stop := started(t, Limits{Stop: 50 * time.Millisecond})
	c := connected(t, at, "POST /held HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
	<-part.begun
	if err := stop(); err != nil {
		t.Error(err)
	}
	if all, _ := io.ReadAll(c); len(all) > 0 {
		t.Errorf("%q", all)
	}
	part.end <- struct{}{}
}

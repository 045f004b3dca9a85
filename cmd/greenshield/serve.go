package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/service"
	"greenshield/redline/service/gate"
	"greenshield/redline/service/intake"
)

// serveOptions are the flags of the server.
type serveOptions struct {
	ledgerOptions     // of which dryRun and at have no flags here
	runs, state       string
	listen, publicURL string
	certificate, key  string
	users, jobs       string
	memory, workers   []string // bounds of runs that are started over HTTP
	hosts             []string
	data, images      []string // folders; NAME=FILE
}

// serveCommand returns the command that serves what runs found and what the ledger knows.
func (p *program) serveCommand() *cobra.Command {
	o := &serveOptions{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve runs and the ledger in an office's network",
		Long: `serve answers over HTTP, until it is stopped: with what the runs in a folder found, with what the ledger
knows, and it takes what reviewers say. It fetches nothing from elsewhere.

Without --users it listens on this computer alone, and everybody who reaches it reads; with --as and
--level he speaks by that name, and may do everything. With --users those come in whom a file names,
each with a token and a role; without TLS a server in front of it should speak it.

Requests are for localhost, the host of --public-url and those of --allow-host; others are refused.
A line of JSON for each request goes to standard error. SIGTERM and Ctrl-C end it when what is being
answered is through, after ten seconds at the latest; the exit status is 0 then.
` + exitHelp,
		Example: `  greenshield serve --ledger ledger.gpkg --runs runs --as 李明 --level county
  greenshield serve --ledger postgres://greenshield@db/ledger --users users.yaml --listen 10.1.2.3:8443 \
    --tls-cert cert.pem --tls-key key.pem --allow-host greenshield.example
  greenshield serve token li.ming`,
		ValidArgsFunction: cobra.NoFileCompletions,
		Args:              atMost(0, "serve takes no arguments"),
		RunE:              func(cmd *cobra.Command, _ []string) error { return p.serve(cmd.Context(), o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.place, "ledger", "", "the ledger: a `FILE`, or postgres://…")
	flags.StringVar(&o.runs, "runs", "", "`FOLDER` whose folders are runs")
	flags.StringArrayVar(&o.data, "data", nil, "`FOLDER` in which inputs of runs may lie, too, when they are not beside "+
		"them; may stand several times")
	flags.StringArrayVar(&o.images, "image", nil, "`NAME=FILE`: a picture from above (GeoTIFF) that every run can show; "+
		"may stand several times")
	flags.StringVar(&o.state, "state", "", "`FOLDER` that the server keeps its own files in; without it "+
		".greenshield-serve beside the runs or the ledger")
	flags.StringVar(&o.jobs, "jobs", "", "`FOLDER` of job files that keepers may start")
	flags.StringArrayVar(&o.memory, "max-memory", nil, "memory that a run which a keeper starts may use, whatever its "+
		"job file allows, `BYTES` such as 4GiB (default 2GiB)")
	flags.StringArrayVar(&o.workers, "workers", nil, "parallel workers that such a run may have, at most `N` (default "+
		"those of its job file)")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8080", "`ADDRESS` and port; port 0 takes a free one and prints it")
	flags.StringVar(&o.publicURL, "public-url", "", "`URL` by which browsers reach the server, when another one "+
		"is in front")
	flags.StringArrayVar(&o.hosts, "allow-host", nil, "`NAME` that requests may use for the server; may stand "+
		"several times")
	flags.StringVar(&o.certificate, "tls-cert", "",
		"`FILE` with the certificate (PEM), and those between it and the root")
	flags.StringVar(&o.key, "tls-key", "", "`FILE` with the key of the certificate (PEM)")
	flags.StringVar(&o.users, "users", "", "`FILE` of those who may come in (YAML)")
	flags.StringVar(&o.as, "as", "", "`NAME` by which everybody speaks where there are no users")
	flags.StringVar(&o.level, "level", "", "`LEVEL` at which everybody speaks where there are no users: "+
		"county, city or province")
	cmd.AddCommand(p.serveToken())
	return cmd
}

// serveToken returns the command that makes a token.
func (p *program) serveToken() *cobra.Command {
	return &cobra.Command{
		Use:   "token [LOGIN]",
		Short: "Make a token for a user of the server",
		Long: `token prints a random token, which its user keeps to himself, and the lines that let him in, for the file
that serve --users names. The token itself is kept nowhere.
` + exitHelp,
		Example:           "  greenshield serve token li.ming",
		ValidArgsFunction: cobra.NoFileCompletions,
		Args:              atMost(1, "token takes one login"),
		RunE: func(_ *cobra.Command, args []string) error {
			login := "LOGIN"
			if len(args) == 1 {
				login = args[0]
			}
			token := gate.NewToken()
			p.printf("token: %s\n", token)
			p.printf("  - login: %s\n    token_sha256: \"%s\"\n", login, gate.TokenSum(token))
			return nil
		},
	}
}

// serve runs the server until ctx ends.
func (p *program) serve(ctx context.Context, o *serveOptions) (err error) {
	options, err := p.gateOptions(o)
	if err != nil {
		return err
	}
	certificate, err := o.tls()
	if err != nil {
		return err
	}
	options.TLS = certificate != nil
	options.Bodies = map[string]int64{"/evidence": intake.DefaultMaxUpload + 1<<20} // with what stands around the file
	options.Log = slog.New(slog.NewJSONHandler(p.stderr, nil))
	s := &serving{program: p, options: o, log: options.Log}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.open(ctx); err != nil {
		return err
	}
	if s.store != nil {
		options.Ready = func(ctx context.Context) error { _, err := s.store.Head(ctx); return err }
	}
	g, err := gate.New(*options)
	if err != nil {
		return redline.Faultf(redline.Usage, "the public address cannot be used: %w", err)
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return redline.Faultf(redline.Usage, "the server cannot listen: %w", err)
	}
	scheme := "http"
	if certificate != nil {
		scheme = "https"
	}
	p.printf("serving at %s\n", scheme+"://"+listener.Addr().String())
	p.onInterrupt(func() bool { return true }) // the server ends by itself, once what it answers is through
	s.prepare(ctx)
	server := service.Server{
		Handler: service.New(g, s.parts...), TLS: certificate, Log: options.Log, Stopping: g.EndStreams,
	}
	return redline.WithKind(redline.Output, server.Serve(ctx, listener))
}

// gateOptions returns who may come in, and how, after it has refused what would let others in than the user means.
func (p *program) gateOptions(o *serveOptions) (*gate.Options, error) {
	options := &gate.Options{Hosts: o.hosts}
	loopback, err := o.onLoopback()
	if err != nil {
		return nil, err
	}
	if o.publicURL != "" {
		u, err := url.Parse(strings.TrimRight(o.publicURL, "/"))
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.User != nil {
			return nil, redline.Faultf(redline.Usage,
				"--public-url: %q is no address; write it as https://office.example/greenshield", o.publicURL)
		}
		options.PublicURL = u
		loopback = loopback && isLoopback(u.Hostname())
	}
	if o.users == "" {
		if !loopback || len(o.hosts) > 0 {
			return nil, redline.Faultf(redline.Usage, "others could reach the server, and everybody would be let in; "+
				"name those who may by --users FILE, or listen on 127.0.0.1 alone")
		}
		options.Alone, err = o.alone()
		return options, err
	}
	if o.as != "" || o.level != "" {
		return nil, redline.Faultf(redline.Usage, "the users file says who speaks; leave out --as and --level")
	}
	if options.Users, err = gate.ReadUsers(o.users); err != nil {
		return nil, err
	}
	options.UsersFile = o.users
	if info, err := os.Stat(o.users); err == nil && info.Mode()&0o007 != 0 {
		p.warn(fmt.Sprintf("%s: everybody on this computer can read or write it; "+
			"chmod 640 keeps it to its owner and group", o.users))
	}
	if host, _, _ := net.SplitHostPort(o.listen); !loopback && host != "" {
		options.Hosts = append(options.Hosts, host)
	}
	if listening, _ := o.onLoopback(); !listening && o.certificate == "" {
		p.warn("tokens and cookies go over the network as they are; give --tls-cert and --tls-key, " +
			"or have a server in front speak TLS")
	}
	return options, nil
}

// alone returns who everybody is where there are no users.
func (o *serveOptions) alone() (*gate.User, error) {
	if o.as == "" && o.level == "" {
		return &gate.User{Role: gate.Reader}, nil
	}
	by, err := o.by(true)
	if err != nil {
		return nil, err
	}
	return &gate.User{Login: "local", Name: by.Name, Role: gate.Keeper, Level: by.Level}, nil
}

// onLoopback tells whether the server can be reached from this computer alone.
func (o *serveOptions) onLoopback() (bool, error) {
	host, port, err := net.SplitHostPort(o.listen)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return false, redline.Faultf(redline.Usage,
			"--listen: %q is no address with its port; write it as 127.0.0.1:8080", o.listen)
	}
	return isLoopback(host), nil
}

// isLoopback tells whether a name or number is of this computer for itself.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// tls returns the certificate of the server, nil for none.
func (o *serveOptions) tls() (*tls.Config, error) {
	if o.certificate == "" && o.key == "" {
		return nil, nil
	}
	if o.certificate == "" || o.key == "" {
		return nil, redline.Faultf(redline.Usage,
			"a certificate and its key belong together; give both --tls-cert and --tls-key")
	}
	pair, err := tls.LoadX509KeyPair(o.certificate, o.key)
	if err != nil {
		return nil, redline.Faultf(redline.Usage, "the certificate or its key cannot be used: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

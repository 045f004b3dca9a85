package gate

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what Prometheus may ask for.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec   // by route, method, status
	seconds  *prometheus.HistogramVec // by route
	refused  *prometheus.CounterVec   // by reason
	running  prometheus.Gauge
}

func newMetrics(sessions func() int) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "greenshield_http_requests_total", Help: "Requests answered.",
		}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "greenshield_http_request_seconds", Help: "Seconds until a request was answered.",
			Buckets: []float64{.005, .01, .025, .05, .1, .2, .5, 1, 2.5, 10},
		}, []string{"route"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "greenshield_http_refused_total", Help: "Requests that were not let in.",
		}, []string{"reason"}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "greenshield_http_requests_running", Help: "Requests being answered.",
		}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.refused, m.running,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "greenshield_sessions", Help: "Sessions kept.",
		}, func() float64 { return float64(sessions()) }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Registry is where parts may register metrics of their own.
func (g *Gate) Registry() prometheus.Registerer { return g.metrics.registry }

func (m *metrics) count(route, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

package gdalraster

/*
#include <cpl_conv.h>
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <stdlib.h>

// gr_sign returns the address by which the store answers a request for an object, NULL when there are no credentials.
// Credentials may have to be asked for at a service of the cloud, for which alone this thread has a network.
static char *gr_sign(const char *name, const char *verb, int anonymous) {
	const char *options[] = {verb, "EXPIRATION_DELAY=900", NULL};
	CPLSetThreadLocalConfigOption("GDAL_HTTP_PROXY", "");
	char *url = anonymous ? CPLStrdup(VSIGetActualURL(name) ? VSIGetActualURL(name) : "")
		: VSIGetSignedURL(name, (CSLConstList)options);
	CPLSetThreadLocalConfigOption("GDAL_HTTP_PROXY", NULL);
	return url;
}
*/
import "C"

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/airbusgeo/godal"
	"golang.org/x/net/http/httpproxy"

	"greenshield/raster/object"
)

// cloudEnv are the prefixes of the environment variables that say where object stores are, and who asks.
var cloudEnv = []string{"AWS_", "OSS_"}

// objectMark stands before the name of an object for GDAL, which then reads by way of [object].
const objectMark = "/vsiobject"

// networkEnv are the variables that GDAL, too, gives such a meaning, and that hold for objects alone.
var networkEnv = []string{"GDAL_HTTP_PROXY", "GDAL_HTTP_TIMEOUT", "GDAL_HTTP_MAX_RETRY", "GDAL_HTTP_RETRY_DELAY"}

// AllowNetwork lets objects of stores be read by this process, for whose sake the variables of the environment that
// begin with AWS_ and OSS_ are kept. It must be called before [Init]. Links inside files stay dead. It uses the proxies
// of GDAL_HTTP_PROXY or http_proxy, https_proxy and no_proxy, and the certificates of CURL_CA_BUNDLE, if they are set;
// GDAL_HTTP_TIMEOUT, GDAL_HTTP_MAX_RETRY and GDAL_HTTP_RETRY_DELAY, in seconds, are 30, 7 and 1 unless they are. The
// error names a variable that cannot be used.
func AllowNetwork() error {
	access := &object.Access{Sign: sign, Patience: 30 * time.Second, Retries: 7, Delay: time.Second}
	seconds := func(name string, into *time.Duration) error {
		text := os.Getenv(name)
		v, err := strconv.ParseFloat(text, 64)
		switch {
		case text == "":
			return nil
		case err != nil || !(v > 0 && v <= 3600):
			return fmt.Errorf("%s: %q is no number of seconds up to 3600", name, text)
		}
		*into = time.Duration(v * float64(time.Second))
		return nil
	}
	if err := seconds("GDAL_HTTP_TIMEOUT", &access.Patience); err != nil {
		return err
	}
	if err := seconds("GDAL_HTTP_RETRY_DELAY", &access.Delay); err != nil {
		return err
	}
	if text := os.Getenv("GDAL_HTTP_MAX_RETRY"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 100 {
			return fmt.Errorf("GDAL_HTTP_MAX_RETRY: %q is no number from 0 to 100", text)
		}
		access.Retries = n
	}
	for _, name := range []string{"AWS_S3_ENDPOINT", "OSS_ENDPOINT"} {
		if v := os.Getenv(name); strings.ContainsAny(v, "/ ") {
			return fmt.Errorf("%s: %q is not a host alone, or HOST:PORT; leave out http:// or https://, for which %sHTTPS=NO "+
				"or YES stands, and what follows the port", name, v, name[:len("AWS_")])
		}
	}
	if file := os.Getenv("AWS_SHARED_CREDENTIALS_FILE"); file != "" { // as all programs but GDAL call it
		setOption("CPL_AWS_CREDENTIALS_FILE", file)
	}
	roots, err := certificates(os.Getenv("CURL_CA_BUNDLE"))
	if err != nil {
		return err
	}
	proxies := httpproxy.FromEnvironment()
	if p := os.Getenv("GDAL_HTTP_PROXY"); p != "" {
		proxies.HTTPProxy, proxies.HTTPSProxy = p, p
	}
	proxy := proxies.ProxyFunc()
	access.Transport = &http.Transport{
		Proxy:               func(r *http.Request) (*url.URL, error) { return proxy(r.URL) },
		DialContext:         (&net.Dialer{Timeout: access.Patience}).DialContext,
		TLSClientConfig:     &tls.Config{RootCAs: roots},
		DisableCompression:  true,
		MaxIdleConnsPerHost: 32,
		IdleConnTimeout:     time.Minute,
	}
	for _, name := range networkEnv {
		_ = os.Unsetenv(name)
	}
	object.Allow(access)
	return nil
}

// certificates returns those of a file in PEM, nil for no file: then those of the system count.
func certificates(name string) (*x509.CertPool, error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("CURL_CA_BUNDLE: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("CURL_CA_BUNDLE: %s: holds no certificate (PEM)", name)
	}
	return pool, nil
}

// sign is the Sign of [object.Access].
func sign(name, verb string) (string, error) {
	runtime.LockOSThread() // options and messages are those of the thread
	defer runtime.UnlockOSThread()
	n, v := C.CString(name), C.CString("VERB="+verb)
	defer C.free(unsafe.Pointer(n))
	defer C.free(unsafe.Pointer(v))
	anonymous := C.int(0)
	switch strings.ToUpper(os.Getenv("AWS_NO_SIGN_REQUEST")) {
	case "YES", "TRUE", "ON", "1":
		if strings.HasPrefix(name, "/vsis3/") {
			anonymous = 1
		}
	}
	address := C.gr_sign(n, v, anonymous)
	defer C.VSIFree(unsafe.Pointer(address))
	if address == nil || *address == 0 {
		return "", fmt.Errorf("%s: no credentials for its object store; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "+
			"OSS_ACCESS_KEY_ID and OSS_SECRET_ACCESS_KEY", name)
	}
	return C.GoString(address), nil
}

// GDALName returns what GDAL opens for a file or object: an absolute path is that itself.
func GDALName(path string) string {
	if object.Named(path) {
		return objectMark + path
	}
	return path
}

// objects gives GDAL the objects that were found before; others do not exist for it.
type objects struct{}

var _ godal.KeySizerReaderAt = objects{}

// Size implements [godal.KeySizerReaderAt].
func (objects) Size(name string) (int64, error) {
	info, err := object.Known(strings.TrimPrefix(name, objectMark))
	if err != nil {
		return -1, err // as godal wants it
	}
	return info.Size(), nil
}

// ReadAt implements [godal.KeySizerReaderAt].
func (objects) ReadAt(name string, p []byte, at int64) (int, error) {
	f, err := object.Open(strings.TrimPrefix(name, objectMark))
	if err != nil {
		return 0, err
	}
	return f.ReadAt(p, at)
}

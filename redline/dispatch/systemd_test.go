package dispatch

import (
	"strings"
	"testing"
)

// TestSystemdQuotes: whatever is in a name stays one word of a command, and nothing of it is replaced.
func TestSystemdQuotes(t *testing.T) {
	for _, tt := range []struct {
		words []string
		want  string
	}{
		{[]string{"/usr/bin/g", "a b", "数据"}, `"/usr/bin/g" "a b" "数据"`},
		{[]string{"/opt/$a/g", "$HOME", "100%"}, `"/opt/$a/g" "$$HOME" "100%%"`},
		{[]string{"/g", `a"b\c`, "x\ny", "'", ";"}, `"/g" "a\"b\\c" "x\ny" "'" ";"`},
	} {
		if got := systemdCommand(tt.words); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.words, got, tt.want)
		}
	}
}

// TestTemporary: the service has folders /tmp and /var/tmp of its own only when nothing that it needs lies there, a folder
// that it writes, a program or a map.
func TestTemporary(t *testing.T) {
	for _, tt := range []struct {
		timer Timer
		want  string
	}{
		{Timer{Command: []string{"/usr/bin/g", "yearly", "/srv/y.yaml"}, Writable: []string{"/srv"}, Needs: []string{"/srv/tmp/a.tif", "/tmpx"}}, ""},
		{Timer{Needs: []string{"/srv/a.tif", "/tmp/a.tif"}}, "/tmp/a.tif"},
		{Timer{Needs: []string{"/srv/../var//tmp/a.tif"}}, "/srv/../var//tmp/a.tif"},
		{Timer{Writable: []string{"/tmp"}}, "/tmp"},
		{Timer{Writable: []string{"/var/tmp/"}}, "/var/tmp/"},
		{Timer{Command: []string{"/usr/bin/g", "yearly", "/tmp/y.yaml"}}, "/tmp/y.yaml"},
	} {
		if got := tt.timer.Temporary(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.timer, got, tt.want)
		}
		if tt.timer.Command == nil {
			tt.timer.Command = []string{"/usr/bin/g"}
		}
		service, _ := tt.timer.Units()
		if strings.Contains(service, "\nPrivateTmp=yes\n") != (tt.want == "") {
			t.Errorf("%+v has the service\n%s", tt.timer, service)
		}
	}
}

// TestUnits: what may be written, who it is, and whether other machines may be reached stand in the service.
func TestUnits(t *testing.T) {
	u := &Timer{Name: "y", Description: "a\n[Service]\nUser=root 5%\\", Command: []string{"/usr/bin/g", "yearly"}, Calendar: "hourly",
		User: "office", Writable: []string{"/srv/a b", "/srv/50%"}, MemoryMax: 4 << 30}
	service, timer := u.Units()
	for _, line := range []string{
		"Description=a [Service] User=root 5%%", `ExecStart="/usr/bin/g" "yearly"`, "User=office", `ReadWritePaths="/srv/a b" "/srv/50%%"`,
		"MemoryMax=4096M", "PrivateTmp=yes", "IPAddressDeny=any", "RestrictAddressFamilies=AF_UNIX",
	} {
		if !strings.Contains(service, "\n"+line+"\n") {
			t.Errorf("no line %s in\n%s", line, service)
		}
	}
	for _, line := range []string{"OnCalendar=hourly", "Persistent=yes", "WantedBy=timers.target"} {
		if !strings.Contains(timer, "\n"+line+"\n") {
			t.Errorf("no line %s in\n%s", line, timer)
		}
	}
	u.Network, u.Writable = true, []string{"/var/tmp/x"}
	service, _ = u.Units()
	for _, line := range []string{"IPAddressDeny", "PrivateTmp"} {
		if strings.Contains(service, line) {
			t.Errorf("%s in\n%s", line, service)
		}
	}
	if strings.Contains(service, "\n\n\n") || !strings.Contains(service, "AF_INET6 AF_UNIX\n") {
		t.Errorf("the service is\n%s", service)
	}
}

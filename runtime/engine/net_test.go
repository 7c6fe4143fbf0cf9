package engine

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"neap/runtime/container"
	"neap/runtime/fault"
	"neap/runtime/testenv"
)

// needIptables skips where the firewall's tools are not installed; make deps
// installs them.
func needIptables(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("iptables"); err != nil {
		t.Skip("iptables is not installed: make deps")
	}
}

func fetch(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

func wantPage(t *testing.T, url string) {
	t.Helper()
	testenv.Eventually(t, time.Minute, func() bool {
		page, err := fetch(t.Context(), url)
		return err == nil && strings.Contains(page, "It works!")
	}, url+" answers")
}

// hostAddress is an address of this host other than loopback.
func hostAddress(t *testing.T) string {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return n.IP.String()
		}
	}
	return ""
}

func TestPublish(t *testing.T) {
	needIptables(t)
	e := open(t)
	ctx := t.Context()
	c := start(t, e, Spec{Name: "web", Network: "bridge", Argv: []string{"httpd"}, Publish: []string{"80"}})
	ports, err := c.Published()
	if err != nil || len(ports) != 1 || ports[0].HostPort < 32768 {
		t.Fatalf("%+v %v", ports, err)
	}
	port := ports[0].HostPort
	wantPage(t, fmt.Sprintf("http://127.0.0.1:%d/", port))
	v, err := c.Look()
	if err != nil {
		t.Fatal(err)
	}
	gateway := v.Facts.Network[0].Gateway
	if host := hostAddress(t); host != "" {
		wantPage(t, fmt.Sprintf("http://%s:%d/", host, port))
	}
	inside := []string{"wget", "-q", "-O", "-", "-T", "3", fmt.Sprintf("http://%s:%d/", gateway, port)}
	r := run(t, e, Spec{Image: "box", Argv: inside})
	if !strings.Contains(string(r.Stdout), "It works!") {
		t.Errorf("from a second container: %q %q", r.Stdout, r.Stderr)
	}
	if r, err := c.Exec(ctx, ExecSpec{Argv: inside}, nil, nil); err != nil || !strings.Contains(string(r.Stdout), "It works!") {
		t.Errorf("from itself: %q %q %v", r.Stdout, r.Stderr, err)
	}
	rules, err := exec.Command("iptables", "-t", "nat", "-S").Output()
	if err != nil || !strings.Contains(string(rules), fmt.Sprintf("--to-destination %s:80", v.Facts.Network[0].IP)) {
		t.Errorf("no DNAT rule: %v\n%s", err, rules)
	}
	killBoth(t, e) // the new keeper binds the port again
	if _, err := e.keeper.Input(ctx, c.ID()); err != nil {
		t.Fatal(err)
	}
	if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
		t.Error("a foreigner got the port", l.Close())
	}
	_, err = e.Run(ctx, Spec{Image: "box", Name: "late", Argv: []string{"httpd"}, Publish: []string{fmt.Sprintf("%d:80", port)}})
	if !fault.Is(err, fault.Exists) || !strings.Contains(err.Error(), "web") {
		t.Errorf("taken port: %v", err)
	}
	if err := c.Remove(ctx, RemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	again := start(t, e, Spec{Name: "web", Network: "bridge", Argv: []string{"httpd"}, Publish: []string{fmt.Sprintf("%d:80", port)}})
	wantPage(t, fmt.Sprintf("http://127.0.0.1:%d/", port))
	if err := again.Remove(ctx, RemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
}

func TestModes(t *testing.T) {
	needIptables(t)
	e := open(t)
	web := start(t, e, Spec{Name: "web", Network: "bridge", Argv: []string{"httpd"}})
	r := run(t, e, Spec{Image: "box", Network: "container:web", Argv: []string{"sh", "-c", "until wget -q -O - http://127.0.0.1/; do sleep 0.1; done"}})
	if !strings.Contains(string(r.Stdout), "It works!") {
		t.Errorf("container:web: %q %q", r.Stdout, r.Stderr)
	}
	none := run(t, e, Spec{Image: "box", Network: "none", Argv: []string{"cat", "/proc/net/dev"}})
	if strings.Count(string(none.Stdout), ":") != 1 {
		t.Errorf("none: %q", none.Stdout)
	}
	host := run(t, e, Spec{Image: "box", Network: "host", Argv: []string{"cat", "/proc/net/dev"}})
	if strings.Count(string(host.Stdout), ":") < 2 {
		t.Errorf("host: %q", host.Stdout)
	}
	if err := web.Stop(t.Context(), StopOptions{}); err != nil {
		t.Fatal(err)
	}
	_, err := e.Run(t.Context(), Spec{Image: "box", Network: "container:web", Argv: []string{"true"}})
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("join a stopped one: %v", err)
	}
	wantState(t, web, container.Exited)
}

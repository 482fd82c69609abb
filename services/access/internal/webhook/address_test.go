package webhook

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func TestAddressesAreCheckedAsWritten(t *testing.T) {
	for text, want := range map[string]struct{ strict, private bool }{
		"https://example.org/hook?x=1":            {true, true},
		"https://example.org:8443/":               {true, true},
		"https://example.org.:443/":               {true, true},
		"https://xn--80ak6aa92e.com/":             {true, true},
		"https://1.1.1.1/":                        {true, true},
		"https://[2606:4700:4700::1111]/":         {true, true},
		"http://example.org/":                     {false, true},
		"https://localhost/":                      {false, true},
		"https://x.localhost/":                    {false, true},
		"https://printer/":                        {false, true},
		"https://db.internal/":                    {false, true},
		"https://nas.local/":                      {false, true},
		"http://127.0.0.1:8080/":                  {false, true},
		"https://127.0.0.1/":                      {false, true},
		"https://10.1.2.3/":                       {false, true},
		"https://172.16.0.1/":                     {false, true},
		"https://192.168.1.1/":                    {false, true},
		"https://100.64.0.1/":                     {false, true},
		"https://[::1]/":                          {false, true},
		"https://[fd00::1]/":                      {false, true},
		"https://example.org:22/":                 {false, true},
		"https://169.254.169.254/latest/":         {false, false},
		"https://168.63.129.16/":                  {false, false},
		"https://100.100.100.200/":                {false, false},
		"https://[fd00:ec2::254]/":                {false, false},
		"https://[fe80::1]/":                      {false, false},
		"https://[fe80::1%25eth0]/":               {false, false},
		"https://0.0.0.0/":                        {false, false},
		"https://[::]/":                           {false, false},
		"https://224.0.0.1/":                      {false, false},
		"https://[ff02::1]/":                      {false, false},
		"https://255.255.255.255/":                {false, false},
		"https://192.0.2.1/":                      {false, false},
		"https://[::ffff:127.0.0.1]/":             {false, false},
		"https://[::ffff:7f00:1]/":                {false, false},
		"https://[::ffff:169.254.169.254]/":       {false, false},
		"https://[64:ff9b::a9fe:a9fe]/":           {false, false},
		"https://[2002:7f00:1::]/":                {false, false},
		"https://2130706433/":                     {false, false},
		"https://0x7f000001/":                     {false, false},
		"https://0X7F.1/":                         {false, false},
		"https://0177.0.0.1/":                     {false, false},
		"https://127.1/":                          {false, false},
		"https://127.0.0.1./":                     {false, false},
		"https://evil.example.0x7f/":              {false, false},
		"https://user@example.org/":               {false, false},
		"https://user:password@example.org/":      {false, false},
		"https://example.org#fragment":            {false, false},
		"https://example.org/#":                   {false, false},
		"https://example.org:0/":                  {false, false},
		"https://example.org:/":                   {false, false},
		"https://example.org:65536/":              {false, false},
		"https://example.org:+443/":               {false, false},
		"https://exаmple.org/":                    {false, false},
		"https://１２７.０.０.１/":                      {false, false},
		"https://exa mple.org/":                   {false, false},
		"https://example..org/":                   {false, false},
		"https:///path":                           {false, false},
		"https:example.org":                       {false, false},
		"//example.org/":                          {false, false},
		"ftp://example.org/":                      {false, false},
		"file:///etc/passwd":                      {false, false},
		"gopher://example.org/":                   {false, false},
		"":                                        {false, false},
		"https://example.org\\@127.0.0.1/":        {false, false},
		"https://example.org\r\nHost: 127.0.0.1/": {false, false},
	} {
		if err := (Addresses{}).Check(text); (err == nil) != want.strict {
			t.Errorf("%q: %v", text, err)
		}
		if err := (Addresses{AllowPrivate: true}).Check(text); (err == nil) != want.private {
			t.Errorf("%q with private addresses: %v", text, err)
		}
	}
}

func FuzzAddresses(f *testing.F) {
	for _, text := range []string{"https://example.org/", "https://[::1]:8443/a?b#c", "https://0x7f.1/", "https://a@b/", "http://10.0.0.1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if (Addresses{}).Check(text) != nil {
			return
		}
		if (Addresses{AllowPrivate: true}).Check(text) != nil {
			t.Errorf("%q is refused only where more is allowed", text)
		}
		// What is taken is called: the request must be for what was checked.
		request, err := http.NewRequest(http.MethodPost, text, nil)
		if err != nil {
			t.Fatalf("%q is taken, but cannot be called: %v", text, err)
		}
		if request.URL.Scheme != "https" || request.URL.User != nil || request.URL.Hostname() == "" {
			t.Errorf("%q calls %v", text, request.URL)
		}
		if ip, err := netip.ParseAddr(request.URL.Hostname()); err == nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() || ip.Is4In6()) {
			t.Errorf("%q calls %v", text, ip)
		}
	})
}

// nameServer answers each name with addresses in turn.
type nameServer struct {
	mu    sync.Mutex
	names map[string][]string
	asked atomic.Int32
}

// resolver runs the name server and returns what asks it.
func (n *nameServer) resolver(t *testing.T) *net.Resolver {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			size, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			var message dnsmessage.Message
			if message.Unpack(buffer[:size]) != nil || len(message.Questions) != 1 {
				continue
			}
			answer, _ := n.answer(message).Pack()
			_, _ = conn.WriteTo(answer, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func (n *nameServer) answer(message dnsmessage.Message) *dnsmessage.Message {
	n.mu.Lock()
	defer n.mu.Unlock()
	question := message.Questions[0]
	out := &dnsmessage.Message{Header: dnsmessage.Header{ID: message.ID, Response: true, RecursionAvailable: true}, Questions: message.Questions}
	name := strings.TrimSuffix(question.Name.String(), ".")
	addresses := n.names[name]
	if len(addresses) == 0 {
		out.RCode = dnsmessage.RCodeNameError
		return out
	}
	header := dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class}
	ip := netip.MustParseAddr(addresses[0])
	switch {
	case question.Type == dnsmessage.TypeA && ip.Is4():
		out.Answers = append(out.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: ip.As4()}})
		n.asked.Add(1)
	case question.Type == dnsmessage.TypeAAAA && ip.Is6():
		out.Answers = append(out.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}})
		n.asked.Add(1)
	}
	return out
}

func TestNamesThatLeadToPrivateAddressesAreNotCalled(t *testing.T) {
	called := make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { called <- r.Host }))
	defer receiver.Close()
	port := receiver.Listener.Addr().(*net.TCPAddr).AddrPort().Port()
	names := &nameServer{names: map[string][]string{
		"loopback.example": {"127.0.0.1"}, "loopback6.example": {"::1"}, "private.example": {"10.0.0.1"}, "shared.example": {"100.64.0.1"},
		"metadata.example": {"169.254.169.254"}, "mapped.example": {"::ffff:127.0.0.1"}, "local6.example": {"fe80::1"}, "unique.example": {"fd00::1"},
		"nat64.example": {"64:ff9b::7f00:1"}, "zero.example": {"0.0.0.0"}, "multicast.example": {"224.0.0.1"},
	}}
	resolver := names.resolver(t)
	client := newClient(Addresses{}, 5*time.Second, nil, resolver)
	for name := range names.names {
		url := (&net.TCPAddr{Port: int(port)}).String()
		a := post(t.Context(), client, "http://"+name+url, "msg_1", []byte("{}"), nil, time.Now())
		if a.taken || a.result != "the host has no public address" {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if int(names.asked.Load()) < len(names.names) {
		t.Errorf("%d of %d names were looked up: the test tests nothing", names.asked.Load(), len(names.names))
	}
	for _, address := range []string{"http://127.0.0.1", "http://[::1]", "http://localhost", "http://[::ffff:127.0.0.1]"} {
		url := (&net.TCPAddr{Port: int(port)}).String()
		if a := post(t.Context(), client, address+url, "msg_1", []byte("{}"), nil, time.Now()); a.taken {
			t.Errorf("%s: %+v", address, a)
		}
	}
	select {
	case host := <-called:
		t.Errorf("%s was called", host)
	default:
	}
	// Where it is allowed the very same name works.
	open := newClient(Addresses{AllowPrivate: true}, 5*time.Second, nil, resolver)
	if a := post(t.Context(), open, "http://loopback.example"+(&net.TCPAddr{Port: int(port)}).String(), "msg_1", []byte("{}"), nil, time.Now()); !a.taken {
		t.Errorf("allowed: %+v", a)
	}
	if a := post(t.Context(), open, "http://metadata.example/", "msg_1", []byte("{}"), nil, time.Now()); a.result != "the host has no public address" {
		t.Errorf("metadata: %+v", a)
	}
	if a := post(t.Context(), open, "http://unknown.example/", "msg_1", []byte("{}"), nil, time.Now()); a.result != "the host is not known" {
		t.Errorf("an unknown host: %+v", a)
	}
}

func TestANameThatMovesBetweenCheckAndCallIsRefused(t *testing.T) {
	names := &nameServer{names: map[string][]string{"moves.example": {"127.0.0.1"}}}
	client := newClient(Addresses{}, 5*time.Second, nil, names.resolver(t))
	// As written the address is fine, and it may have led elsewhere when it was checked.
	if err := (Addresses{}).Check("https://moves.example:8443/"); err != nil {
		t.Fatal(err)
	}
	if a := post(t.Context(), client, "https://moves.example:8443/", "msg_1", []byte("{}"), nil, time.Now()); a.result != "the host has no public address" {
		t.Errorf("got %+v", a)
	}
}

func TestAProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	used := make(chan string, 1)
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { used <- r.URL.String() }))
	defer proxy.Close()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	client := newClient(Addresses{}, time.Second, nil, (&nameServer{names: map[string][]string{"a.example": {"10.0.0.1"}}}).resolver(t))
	if a := post(t.Context(), client, "http://a.example/", "msg_1", []byte("{}"), nil, time.Now()); a.taken {
		t.Errorf("got %+v", a)
	}
	if client.Transport.(*http.Transport).Proxy != nil || len(used) > 0 {
		t.Error("a proxy is used")
	}
}

func TestPauses(t *testing.T) {
	all := pauses()
	for i, want := range all {
		for range 20 {
			got, again := nextPause(i+1, 0)
			if !again || got < want || got > want+want/5 {
				t.Fatalf("after attempt %d: %v, %v", i+1, got, again)
			}
		}
	}
	if _, again := nextPause(len(all)+1, 0); again {
		t.Error("it never ends")
	}
	if got, _ := nextPause(1, time.Hour); got != time.Hour {
		t.Errorf("asked for an hour: %v", got)
	}
	if got, _ := nextPause(1, 1000*time.Hour); got != greatestPause {
		t.Errorf("asked for much more: %v", got)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "soon": 0, "-5": 0, "90": 90 * time.Second, "999999999999": 0, "4000000000": greatestPause, "Sun, 01 Mar 2026 12:01:00 GMT": time.Minute,
		"Sun, 01 Mar 2026 11:00:00 GMT": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// FuzzRetryAfter reads what an address answers, which is whatever its owner likes.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "0", "90", "-5", "+5", "4294967295", "18446744073709551616", "Sun, 01 Mar 2026 12:01:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "1e9"} {
		f.Add(seed)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		if wait := retryAfter(text, now); wait < 0 || wait > greatestPause {
			t.Fatalf("%q means a wait of %v", text, wait)
		}
	})
}

package gateway

import (
	"net/http"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// What the services of the suite say to each other must not be said over REST, whatever somebody declares there.
func TestInternalMethodsAreNotRouted(t *testing.T) {
	internal := map[protoreflect.FullName]bool{"otklik.access.v1.AuditService.AppendAuditEntries": true, "otklik.segmentation.v1.DirectoryService.ResolveRegions": true}
	for _, services := range []protoreflect.ServiceDescriptors{
		accessv1.File_otklik_access_v1_credential_service_proto.Services(), accessv1.File_otklik_access_v1_vault_service_proto.Services(),
		surveyv1.File_otklik_survey_v1_person_service_proto.Services(), surveyv1.File_otklik_survey_v1_event_feed_service_proto.Services(),
		scoringv1.File_otklik_scoring_v1_person_service_proto.Services(), commentv1.File_otklik_comment_v1_person_service_proto.Services(),
		commentv1.File_otklik_comment_v1_event_feed_service_proto.Services(),
	} {
		for i := range services.Len() {
			for j := range services.Get(i).Methods().Len() {
				internal[services.Get(i).Methods().Get(j).FullName()] = true
			}
		}
	}
	if len(internal) < 10 {
		t.Fatalf("only %d internal methods were found", len(internal))
	}
	routed := map[protoreflect.FullName]bool{}
	for _, r := range newQuietGateway(t).rest.routes {
		routed[r.rpc.FullName()] = true
		if internal[r.rpc.FullName()] {
			t.Errorf("%s %s leads to %s", r.method, r.template, r.rpc.FullName())
		}
	}
	for _, service := range routedServices() {
		for i := range service.Methods().Len() {
			// What clients stream is for gRPC alone.
			m := service.Methods().Get(i)
			if name := m.FullName(); !routed[name] && !internal[name] && !m.IsStreamingClient() {
				t.Errorf("%s has no route", name)
			}
		}
	}
}

func TestPagesOfOtherOriginsReachWhatPublishableKeysMayDo(t *testing.T) {
	open := map[protoreflect.Name]bool{}
	for _, r := range newQuietGateway(t).rest.routes {
		if r.crossOrigin {
			open[r.rpc.Name()] = true
		}
	}
	want := []protoreflect.Name{"SubmitResponse", "BatchSubmitResponses", "RecordRefusal", "GetRevision", "GetCaller"}
	for _, name := range want {
		if !open[name] {
			t.Errorf("%s is closed to them", name)
		}
	}
	if len(open) != len(want) {
		t.Errorf("open are %v", open)
	}
}

func TestClientAddress(t *testing.T) {
	trusted, err := parseProxies([]string{"10.0.0.0/8", "127.0.0.1", "fd00::/8"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"203.0.113.5:1234", nil, "203.0.113.5"},
		{"203.0.113.5:1234", []string{"1.1.1.1"}, "203.0.113.5"},
		{"10.0.0.1:80", nil, "10.0.0.1"},
		{"10.0.0.1:80", []string{"1.1.1.1"}, "1.1.1.1"},
		{"10.0.0.1:80", []string{"6.6.6.6, 1.1.1.1"}, "1.1.1.1"},
		{"10.0.0.1:80", []string{"6.6.6.6", "1.1.1.1,10.2.2.2 , 10.3.3.3:99"}, "1.1.1.1"},
		{"10.0.0.1:80", []string{"10.9.9.9"}, "10.9.9.9"},
		{"10.0.0.1:80", []string{"1.1.1.1, garbage"}, "10.0.0.1"},
		{"10.0.0.1:80", []string{"1.1.1.1,"}, "10.0.0.1"},
		{"[::ffff:10.0.0.1]:80", []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		{"[fd00::1%eth0]:80", []string{"2001:db8::2"}, "2001:db8::2"},
		{"@", []string{"1.1.1.1"}, "invalid IP"},
	} {
		if got := trusted.clientAddress(c.peer, c.forwarded).String(); got != c.want {
			t.Errorf("%s, %q: %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}

// However a client fills the header, an address to the left of the first that is not trusted never counts.
func FuzzClientAddress(f *testing.F) {
	for _, seed := range []string{"", "1.1.1.1", "1.1.1.1, 10.0.0.2", "::1", "[::1]:80, x", ",,,", "10.0.0.1:80:80", " 1.2.3.4\t,10.1.1.1", "fe80::1%a,b"} {
		f.Add(seed)
	}
	trusted, err := parseProxies([]string{"10.0.0.0/8"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, claimed string) {
		if got := trusted.clientAddress("203.0.113.5:1", []string{claimed}); got.String() != "203.0.113.5" {
			t.Fatalf("a client that is no proxy became %s", got)
		}
		// The proxy appends whom it sees.
		if got := trusted.clientAddress("10.0.0.1:1", []string{claimed, "198.51.100.9"}); got.String() != "198.51.100.9" {
			t.Fatalf("behind a proxy the client became %s", got)
		}
		if got := trusted.clientAddress("10.0.0.1:1", []string{claimed + ", 198.51.100.9"}); got.String() != "198.51.100.9" {
			t.Fatalf("behind a proxy that joins lists the client became %s", got)
		}
		trusted.clientAddress(claimed, []string{claimed})
	})
}

// Whatever a browser sends as cookies, what becomes a bearer token can stand in a header, and a second cookie of the name is never taken.
func FuzzSessionCookie(f *testing.F) {
	for _, seed := range []string{"", "otklik-session=otw_0123456789abcdef0123", "otklik-session=a; otklik-session=b", `otklik-session="otw_0123456789abcdef"`, "otklik-session=\r\nx: y", ";;=;", "Otklik-Session=otw_0123456789abcdef0123"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		c := cookies{}
		r := &http.Request{Header: http.Header{"Cookie": {header}}}
		if token := c.sessionToken(r); token != "" && !soundToken.MatchString(token) {
			t.Fatalf("%q gave the token %q", header, token)
		}
		twice := &http.Request{Header: http.Header{"Cookie": {"otklik-session=otw_0123456789abcdef0123; otklik-session=otw_0123456789abcdef9999; " + header}}}
		if token := c.sessionToken(twice); token != "" {
			t.Fatalf("one of two cookies was taken: %q", token)
		}
	})
}

func TestOriginsThatAreTheGatewaysOwn(t *testing.T) {
	for _, c := range []struct {
		public, host, origin, want string
	}{
		{"", "otklik.example", "https://otklik.example", ""},
		{"", "otklik.example:8080", "http://otklik.example:8080", ""},
		{"", "otklik.example", "https://otklik.example:443", "https://otklik.example:443"},
		{"", "otklik.example", "https://evil.example", "https://evil.example"},
		{"", "otklik.example", "null", "null"},
		{"", "otklik.example", "otklik.example", "otklik.example"},
		{"https://Otklik.example:443/", "otklik.example", "https://otklik.example", ""},
		{"https://otklik.example", "otklik.example", "http://otklik.example", "http://otklik.example"},
		{"https://otklik.example", "gateway.internal:8080", "https://otklik.example", ""},
		{"https://otklik.example", "gateway.internal:8080", "http://gateway.internal:8080", ""},
		{"https://otklik.example", "gateway.internal:8080", "http://evil.example", "http://evil.example"},
		{"https://otklik.example", "otklik.example", "", "null"},
		{"https://otklik.example", "otklik.example", "https://a\xff", "null"},
	} {
		g := &Gateway{}
		if c.public != "" {
			u, err := parsePublicURL(c.public)
			if err != nil {
				t.Fatal(err)
			}
			g.publicURL = u
		}
		r := &http.Request{Host: c.host, Header: http.Header{"Origin": {c.origin}}}
		if got := g.foreignOrigin(r); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	for _, bad := range []string{"otklik.example", "https://", "ftp://a", "https://a/b", "https://u@a", "https://a?b", "https://a#b"} {
		if _, err := parsePublicURL(bad); err == nil {
			t.Errorf("%s was taken as a public address", bad)
		}
	}
}

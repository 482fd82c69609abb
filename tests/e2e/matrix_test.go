package e2e

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/e2e/cases"
	"github.com/otklik/otklik/tests/harness"
)

// matrixFile says for each method which roles may call it. It is written by hand: whoever adds a method or a role decides there.
const matrixFile = "testdata/matrix.yaml"

// readMatrix reads the declared matrix and fails unless it has a line for every method of every service, the internal ones included.
func readMatrix(t *testing.T) map[string][]harness.Role {
	t.Helper()
	raw, err := os.ReadFile(matrixFile)
	if err != nil {
		t.Fatal(err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	matrix := make(map[string][]harness.Role)
	if err := dec.Decode(&matrix); err != nil {
		t.Fatal(err)
	}
	methods := cases.Methods()
	for name, method := range methods {
		if _, ok := matrix[name]; !ok {
			t.Errorf("%s lacks %s, which needs %s", matrixFile, name, accessOf(method).GetPermission())
		}
	}
	for name := range matrix {
		if methods[name] == nil {
			t.Errorf("%s has %s, which does not exist", matrixFile, name)
		}
	}
	return matrix
}

func accessOf(m protoreflect.MethodDescriptor) *typev1.Access {
	access, _ := proto.GetExtension(m.Options(), typev1.E_Access).(*typev1.Access)
	return access
}

// letIn tells whether a call came as far as its handler or its rules: it was refused for no lack of credentials or permission.
func letIn(err error) bool {
	code := status.Code(err)
	return code != codes.Unauthenticated && code != codes.PermissionDenied
}

// TestMatrix calls every method as every role, over gRPC and by each of its REST routes, and compares who is let in with the declared matrix. The
// requests are empty or name nothing that exists, so that who is let in changes nothing.
func TestMatrix(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := harness.Run(t, harness.Options{Layout: layout})
		matrix := readMatrix(t)
		for _, role := range harness.Roles() {
			key := harness.KeyFor(harness.Organization, role)
			for name, method := range cases.Methods() {
				want := slices.Contains(matrix[name], role)
				_, err := first(t.Context(), suite.Conn(key), method, emptyRequest(t, method))
				if letIn(err) != want {
					t.Errorf("%s, %s: %v; let in: %t, want %t", role, name, err, letIn(err), want)
				}
				if !want && status.Code(err) != codes.PermissionDenied {
					t.Errorf("%s, %s: %v; want PERMISSION_DENIED", role, name, err)
				}
			}
			for _, route := range cases.Routes() {
				name := cases.Name(route.Method)
				want := slices.Contains(matrix[name], role)
				answer := callRoute(t, suite, route, key)
				if got := answer.Status != 401 && answer.Status != 403; got != want {
					t.Errorf("%s, %s %s: status %d: %s; want to be let in: %t", role, route.Verb, route.Template, answer.Status, answer.Body, want)
				}
			}
		}
	})
}

// TestRestrictedCallersStayAmongUnits calls every method by the key of a manager of one location: what reaches the whole organisation is refused.
func TestRestrictedCallersStayAmongUnits(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := harness.Run(t, harness.Options{Layout: layout})
		matrix := readMatrix(t)
		key := createKey(t, suite, `{"displayName": "Store 1", "kind": "KIND_SECRET", "roles": ["manager"], "units": {"locations": ["store-1"]}}`)
		for name, method := range cases.Methods() {
			want := slices.Contains(matrix[name], "manager") && accessOf(method).GetReach() != typev1.Access_REACH_ORGANIZATION
			if _, err := first(t.Context(), suite.Conn(key), method, emptyRequest(t, method)); letIn(err) != want {
				t.Errorf("%s: %v; want to be let in: %t", name, err, want)
			}
		}
	})
}

// TestNobodyIsLetIn calls every method without credentials and with ones that prove nobody: all get the same answer.
func TestNobodyIsLetIn(t *testing.T) {
	onBothStores(t, func(t *testing.T, layout harness.Layout) {
		suite := harness.Run(t, harness.Options{Layout: layout})
		admin := harness.KeyFor(harness.Organization, harness.Admin)
		var revoked struct {
			Secret string
			APIKey struct{ Name string }
		}
		askREST(t, suite, "POST", "/v1/apiKeys", `{"apiKey": {"displayName": "Soon revoked", "kind": "KIND_SECRET", "roles": ["admin"]}}`, &revoked)
		askREST(t, suite, "POST", "/v1/"+revoked.APIKey.Name+":revoke", "{}", nil)
		unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"admin","aud":"otklik"}`)) + "."
		for what, key := range map[string]string{
			"unknown": "otk_" + strings.Repeat("0", 43), "cut short": admin[:len(admin)-1], "with more": admin + "0", "its hash": harness.HashKey(admin), "revoked": revoked.Secret,
			"unsigned token": unsigned, "dots": "..", "spaces": "   ",
		} {
			var same string
			for name, method := range cases.Methods() {
				_, err := first(t.Context(), suite.Conn(key), method, emptyRequest(t, method))
				if status.Code(err) != codes.Unauthenticated {
					t.Errorf("%s, %s: %v, want UNAUTHENTICATED", what, name, err)
					continue
				}
				told := status.Convert(err).Message()
				if same == "" {
					same = told
				}
				if told != same {
					t.Errorf("%s, %s: %q, elsewhere %q: the answer tells credentials apart", what, name, told, same)
				}
			}
		}
		for _, route := range cases.Routes() {
			if answer := callRoute(t, suite, route, ""); answer.Status != 401 {
				t.Errorf("%s %s without credentials: status %d: %s", route.Verb, route.Template, answer.Status, answer.Body)
			}
		}
	})
}

func emptyRequest(t *testing.T, method protoreflect.MethodDescriptor) proto.Message {
	t.Helper()
	m, err := cases.New(method.Input())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// callRoute calls a route with names of nothing and an empty body.
func callRoute(t *testing.T, suite *harness.Suite, route cases.Route, key string) *harness.Answer {
	t.Helper()
	request := harness.Request{Method: route.Verb, Path: route.Path("1")}
	if route.Body {
		request.Body = []byte("{}")
	}
	response, err := suite.REST(key).Open(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer := &harness.Answer{Status: response.StatusCode, Header: response.Header}
	if response.StatusCode >= 400 {
		var body bytes.Buffer
		_, _ = body.ReadFrom(response.Body)
		answer.Body = body.Bytes()
	}
	return answer
}

// createKey makes a key by the administrator and returns its secret, once the suite knows it.
func createKey(t *testing.T, suite *harness.Suite, key string) string {
	t.Helper()
	var created struct{ Secret string }
	askREST(t, suite, "POST", "/v1/apiKeys", fmt.Sprintf(`{"apiKey": %s}`, key), &created)
	if created.Secret == "" {
		t.Fatal("a key without a secret")
	}
	return created.Secret
}

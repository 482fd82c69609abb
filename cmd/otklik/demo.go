package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/cmd/otklik/internal/sample"
	"github.com/otklik/otklik/cmd/otklik/internal/suite"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/telemetry"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// newDemoCommand runs the whole suite and shows it to somebody new.
func newDemoCommand() *cobra.Command {
	cmd := newServeCommand("demo", "Run the whole suite; an organisation without surveys gets a small sample survey", runDemo, "data", "http", "grpc")
	addDevFlag(cmd)
	return cmd
}

func runDemo(ctx context.Context, out, errOut io.Writer, config suite.Config) error {
	if len(config.Auth.Keys) > 0 {
		return errors.New("run the demo: the configuration holds keys, whose secrets the demo does not know; start otklik all instead")
	}
	if config.Telemetry == telemetry.DefaultConfig() {
		config.Telemetry.LogLevel = "warn" // the terminal is for the demo's own words
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	shown := make(chan error, 1)
	err := suite.All(ctx, config, func(r suite.Ready) {
		suite.Announce(out)(r)
		go func() {
			err := show(ctx, errOut, r)
			if rpcerr.Code(err) == codes.Unavailable {
				err = nil // the suite is in this process: it is unavailable only when it was told to stop
			}
			shown <- err
			if err != nil {
				stop() // nobody wants to look at a demo that shows nothing
			}
		}()
	})
	select {
	case failed := <-shown:
		return errors.Join(failed, err)
	default:
		return err
	}
}

// show loads the sample survey if there is none, and tells where to look and what is to be seen.
func show(ctx context.Context, w io.Writer, r suite.Ready) error {
	key := r.Key
	if key == "" {
		raw, err := os.ReadFile(r.KeyFile)
		if err != nil {
			return fmt.Errorf("read the key: %w", err)
		}
		key = strings.TrimSpace(string(raw))
	}
	conn, err := rpcclient.Dial(rpcclient.Peer{Target: r.GRPC, Key: key}, rpcclient.DefaultConfig(), nil)
	if err != nil {
		return fmt.Errorf("connect to the suite: %w", err)
	}
	defer conn.Close()
	loaded, err := sample.Load(ctx, surveyv1.NewSurveyServiceClient(conn), nil)
	if err != nil {
		return fmt.Errorf("load the sample survey: %w", err)
	}
	if loaded {
		fmt.Fprintf(w, "\nA sample survey was loaded: %d answers, made up by Otklik.\n", sample.Responses)
		if err := showScore(ctx, w, conn); err != nil {
			return err
		}
		if err := showApp(ctx, w, conn, r.HTTP); err != nil {
			return err
		}
	}
	if r.Key != "" {
		fmt.Fprintf(w, "\n  Scores    %s/#key=%s\n  API docs  %s/docs\n  Key       %s\n            not printed again; it lies in %s\n", r.HTTP, r.Key, r.HTTP, r.Key, r.KeyFile)
	} else {
		fmt.Fprintf(w, "\n  Scores    %s/\n  API docs  %s/docs\n  Key       lies in %s\n", r.HTTP, r.HTTP, r.KeyFile)
	}
	fmt.Fprint(w, "\nCtrl-C stops it; what was stored stays.\n\n")
	return nil
}

// showApp makes a key such as stands in an app, and shows how an app submits with it.
func showApp(ctx context.Context, w io.Writer, conn grpc.ClientConnInterface, http string) error {
	made, err := accessv1.NewAccessServiceClient(conn).CreateApiKey(ctx, &accessv1.CreateApiKeyRequest{ApiKey: &accessv1.ApiKey{
		DisplayName: "Sample app", Kind: accessv1.ApiKey_KIND_PUBLISHABLE, Surveys: []string{sample.Survey},
	}})
	if err != nil {
		return fmt.Errorf("make a publishable key: %w", err)
	}
	fmt.Fprintf(w, `
An app submits by a publishable key, which does nothing else:
  curl %s/v1/%s/responses -H 'Authorization: Bearer %s' \
    -H 'Content-Type: application/json' -d '{"responseId": "first", "response": {"language": "en", "answers": [{"question": "%s", "score": 9}]}}'
`, http, sample.Survey, made.GetSecret(), sample.Question)
	return nil
}

// showScore waits until the sample is counted and prints its headline.
func showScore(ctx context.Context, w io.Writer, conn grpc.ClientConnInterface) error {
	client := scoringv1.NewScoringServiceClient(conn)
	query := &scoringv1.QueryScoresRequest{Query: &scoringv1.ScoreQuery{
		Survey: sample.Survey, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS, scoringv1.Metric_METRIC_RESPONSE_RATE},
	}}
	loadedAt := time.Now()
	for {
		answer, err := client.QueryScores(ctx, query)
		if err != nil {
			return fmt.Errorf("ask for the score: %w", err)
		}
		if answer.GetWatermark().AsTime().Before(loadedAt) {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(50 * time.Millisecond):
				continue
			}
		}
		for _, s := range answer.GetScores() {
			fmt.Fprintf(w, "  %-26s %6.1f   95 %%: %.1f … %.1f   n = %d\n", headline(s.GetVariant()),
				s.GetEstimate(), s.GetInterval().GetLower(), s.GetInterval().GetUpper(), s.GetN())
		}
		return nil
	}
}

func headline(v scoringv1.Variant) string {
	switch v {
	case scoringv1.Variant_VARIANT_NPS_ANSWERED:
		return "NPS, of those who answered"
	case scoringv1.Variant_VARIANT_NPS_CONTACTED:
		return "NPS, of those asked"
	default:
		return "Response rate, %"
	}
}

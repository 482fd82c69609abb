package command

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// NewConsentCommand returns `otklik consent`.
func NewConsentCommand(env Env) *cobra.Command {
	return newGroup("consent", "Record and show what persons consented to",
		"Record and show what persons consented to or refused, for which purpose and on what evidence. Nothing is changed: a withdrawal follows a consent.",
		newConsentRecord(env), newConsentShow(env))
}

func newConsentRecord(env Env) *cobra.Command {
	var purpose, evidence, language, decided, requestID string
	var granted, refused bool
	cmd := &cobra.Command{
		Use:     "record [RESPONDENT] --purpose PURPOSE (--granted | --refused) --evidence TEXT",
		Short:   "Record that a person consented, refused or withdrew",
		Long:    "Record that a person consented, refused or withdrew." + respondentHelp,
		Example: `  otklik consent record customer-17 --purpose contact --granted --evidence "form K-3 of 2026, box 2, signed"`,
		Args:    respondentArgument,
	}
	c := newCall(env, cmd)
	flags := cmd.Flags()
	flags.StringVar(&purpose, "purpose", "", "what for: "+names("", "PURPOSE_", surveyv1.Purpose(0).Descriptor())+" (needed)")
	flags.BoolVar(&granted, "granted", false, "the person consented")
	flags.BoolVar(&refused, "refused", false, "the person refused or withdrew")
	flags.StringVar(&evidence, "evidence", "", "the words that the person was shown, or the name and version of the text (needed)")
	flags.StringVar(&language, "language", "", "language of the words, for example ky")
	flags.StringVar(&decided, "time", "", "when the person decided, for example 2026-03-15T09:30+06:00 (default: now)")
	flags.StringVar(&requestID, "request-id", "", "an identifier of this call: the same one never records twice")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		number, err := value("purpose", "PURPOSE_", purpose, surveyv1.Purpose(0).Descriptor())
		if err != nil {
			return err
		}
		switch {
		case number == 0:
			return exit.Usagef("--purpose is needed")
		case granted == refused:
			return exit.Usagef("either --granted or --refused is needed")
		case evidence == "":
			return exit.Usagef("--evidence is needed")
		}
		var at *timestamppb.Timestamp
		if at, err = parseBound("time", decided, time.UTC); err != nil {
			return err
		}
		who, err := respondent(cmd, args)
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			recorded, err := conn.Survey.RecordConsent(ctx, &surveyv1.RecordConsentRequest{Respondent: who, RequestId: requestID, Given: &surveyv1.ConsentGiven{
				Purpose: surveyv1.Purpose(number), Granted: granted, Evidence: evidence, Language: language, DecideTime: at,
			}})
			if err != nil {
				return fmt.Errorf("record the consent: %w", err)
			}
			if c.json {
				return c.printJSON(recorded)
			}
			return c.consentTable(recorded.GetConsent())
		})
	})
	return cmd
}

func (c *call) consentTable(consents ...*surveyv1.Consent) error {
	var rows [][]string
	for _, consent := range consents {
		given := consent.GetGiven()
		decision := "refused"
		if given.GetGranted() {
			decision = "granted"
		}
		at := given.GetDecideTime()
		if at == nil {
			at = consent.GetCreateTime()
		}
		rows = append(rows, []string{
			idOf(consent.GetName()), enumWord("PURPOSE_", given.GetPurpose()), decision, formatMoment(at), orDash(consent.GetRecorder()), given.GetEvidence(),
		})
	}
	return c.table([]string{"CONSENT", "PURPOSE", "DECISION", "TIME", "RECORDED BY", "EVIDENCE"}, rows)
}

func newConsentShow(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show [RESPONDENT]",
		Short: "Show where a person stands, and all decisions",
		Long:  "Show where a person stands for each purpose, and all decisions, the newest first." + respondentHelp,
		Args:  respondentArgument,
	}
	c := newCall(env, cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		who, err := respondent(cmd, args)
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Survey.QueryConsents(ctx, &surveyv1.QueryConsentsRequest{Respondent: who})
			if err != nil {
				return fmt.Errorf("query consents: %w", err)
			}
			if c.json {
				return c.printJSON(got)
			}
			var rows [][]string
			for _, s := range got.GetStatuses() {
				stands := "no"
				if s.GetGranted() {
					stands = "yes"
				}
				rows = append(rows, []string{enumWord("PURPOSE_", s.GetPurpose()), stands})
			}
			if err := c.table([]string{"PURPOSE", "CONSENTS"}, rows); err != nil || len(got.GetConsents()) == 0 {
				return err
			}
			if err := c.write("\n"); err != nil {
				return err
			}
			return c.consentTable(got.GetConsents()...)
		})
	})
	return cmd
}

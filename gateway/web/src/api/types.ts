import type { components } from "./schema.gen";

type Schemas = components["schemas"];

export type Survey = Schemas["otklik.survey.v1.Survey"];
export type Revision = Schemas["otklik.survey.v1.Revision"];
export type Question = Schemas["otklik.survey.v1.Question"];
export type LocalizedText = Schemas["otklik.type.v1.LocalizedText"];
export type Score = Schemas["otklik.scoring.v1.Score"];
export type ScoreQuery = Schemas["otklik.scoring.v1.ScoreQuery"];
export type Scale = Schemas["otklik.type.v1.Scale"];
export type Metric = Schemas["otklik.scoring.v1.Metric"];
export type Variant = Schemas["otklik.scoring.v1.Variant"];
export type TimeGrain = Schemas["otklik.type.v1.TimeGrain"];
export type ListSurveysResponse = Schemas["otklik.survey.v1.ListSurveysResponse"];
export type GetRevisionResponse = Schemas["otklik.survey.v1.GetRevisionResponse"];
export type QueryScoresResponse = Schemas["otklik.scoring.v1.QueryScoresResponse"];
export type WatchScoresResponse = Schemas["otklik.scoring.v1.WatchScoresResponse"];
export type Suppression = Schemas["otklik.scoring.v1.Suppression"];
export type Units = Schemas["otklik.type.v1.Units"];
export type PersonRecord = Schemas["otklik.type.v1.PersonRecord"];
export type Caller = Schemas["otklik.access.v1.GetCallerResponse"];
export type ApiKey = Schemas["otklik.access.v1.ApiKey"];
export type ApiKeyWithSecret = Schemas["otklik.access.v1.CreateApiKeyResponse"];
export type Member = Schemas["otklik.access.v1.Member"];
export type AuditEntry = Schemas["otklik.access.v1.AuditEntry"];
export type AuditOutcome = Schemas["otklik.access.v1.AuditEntry.Outcome"];
export type AuditPage = Schemas["otklik.access.v1.ListAuditEntriesResponse"];
export type AuditVerdict = Schemas["otklik.access.v1.VerifyAuditLogResponse"];
export type Erasure = Schemas["otklik.access.v1.Erasure"];
export type Webhook = Schemas["otklik.access.v1.Webhook"];
export type WebhookEvent = Schemas["otklik.access.v1.WebhookEvent"];
export type WebhookWithSecret = Schemas["otklik.access.v1.CreateWebhookResponse"];
export type WebhookDelivery = Schemas["otklik.access.v1.WebhookDelivery"];
export type Aspect = Schemas["otklik.comment.v1.Aspect"];
export type Comment = Schemas["otklik.comment.v1.Comment"];
export type CommentPage = Schemas["otklik.comment.v1.ListCommentsResponse"];
export type CommentFilter = Schemas["otklik.comment.v1.CommentFilter"];
export type Sentiment = Schemas["otklik.comment.v1.Sentiment"];
export type ThemeInsight = Schemas["otklik.comment.v1.ThemeInsight"];
export type ThemesAnswer = Schemas["otklik.comment.v1.QueryThemesResponse"];
export type EmergingTheme = Schemas["otklik.comment.v1.EmergingTheme"];
export type EmergingAnswer = Schemas["otklik.comment.v1.QueryEmergingThemesResponse"];
export type Evidence = Schemas["otklik.comment.v1.Evidence"];
export type ConfidenceInterval = Schemas["otklik.type.v1.ConfidenceInterval"];
export type Light = Schemas["otklik.segmentation.v1.Light"];
export type LightColour = Schemas["otklik.segmentation.v1.LightColour"];
export type LightPage = Schemas["otklik.segmentation.v1.ListLightsResponse"];
export type WorkOrderEntry = Schemas["otklik.segmentation.v1.WorkOrderEntry"];
export type WorkOrderPage = Schemas["otklik.segmentation.v1.ListWorkOrderResponse"];
export type Case = Schemas["otklik.segmentation.v1.Case"];
export type CaseState = Schemas["otklik.segmentation.v1.Case.State"];
export type RootCause = Schemas["otklik.segmentation.v1.Case.RootCause"];
export type CaseEntry = Schemas["otklik.segmentation.v1.CaseEntry"];
export type CasePage = Schemas["otklik.segmentation.v1.ListCasesResponse"];
export type GetCaseResponse = Schemas["otklik.segmentation.v1.GetCaseResponse"];
export type ErrorBody = Schemas["Error"];

/** 64-bit integers come as strings. None that is shown here exceeds what a number holds exactly. */
export function integer(value: number | string | undefined): number {
  return value === undefined ? 0 : Number(value);
}

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
export type ErrorBody = Schemas["Error"];

/** 64-bit integers come as strings. None that is shown here exceeds what a number holds exactly. */
export function integer(value: number | string | undefined): number {
  return value === undefined ? 0 : Number(value);
}

/** What comments express, in the order of choices. */
export const sentiments = ["SENTIMENT_POSITIVE", "SENTIMENT_NEGATIVE", "SENTIMENT_MIXED", "SENTIMENT_NEUTRAL"] as const;

export type SentimentKey = (typeof sentiments)[number];

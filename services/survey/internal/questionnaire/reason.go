package questionnaire

// The reasons of violations of a questionnaire. They are part of the API: clients may compare them.
const (
	ReasonQuestionsMissing     = "QUESTIONS_MISSING"
	ReasonQuestionsTooMany     = "QUESTIONS_TOO_MANY"
	ReasonQuestionIDDuplicate  = "QUESTION_ID_DUPLICATE"
	ReasonKindMissing          = "KIND_MISSING"
	ReasonLanguageMissing      = "DEFAULT_LANGUAGE_MISSING"
	ReasonTextBlank            = "TEXT_BLANK"
	ReasonControlCharacter     = "TEXT_CONTROL_CHARACTER"
	ReasonScaleOrder           = "SCALE_ORDER"
	ReasonScaleRange           = "SCALE_RANGE"
	ReasonScalePrecision       = "SCALE_PRECISION"
	ReasonScaleStep            = "SCALE_STEP"
	ReasonScaleTooLong         = "SCALE_TOO_LONG"
	ReasonThresholdMissing     = "THRESHOLD_MISSING"
	ReasonThresholdOutOfScale  = "THRESHOLD_OUT_OF_SCALE"
	ReasonThresholdPrecision   = "THRESHOLD_PRECISION"
	ReasonThresholdsOverlap    = "THRESHOLDS_OVERLAP"
	ReasonCommentUnscored      = "COMMENT_THRESHOLD_UNSCORED"
	ReasonCommentThreshold     = "COMMENT_THRESHOLD_MISPLACED"
	ReasonMaxLengthRange       = "MAX_LENGTH_RANGE"
	ReasonOptionsTooFew        = "OPTIONS_TOO_FEW"
	ReasonOptionIDDuplicate    = "OPTION_ID_DUPLICATE"
	ReasonMeaningChanged       = "QUESTION_MEANING_CHANGED"
	ReasonMaxChoicesOutOfRange = "MAX_CHOICES_OUT_OF_RANGE"
)

// The reasons of violations of a response. They are part of the API: clients may compare them.
const (
	ReasonQuestionUnknown   = "QUESTION_UNKNOWN"
	ReasonAnswerDuplicate   = "ANSWER_DUPLICATE"
	ReasonAnswerRequired    = "ANSWER_REQUIRED"
	ReasonAnswerEmpty       = "ANSWER_EMPTY"
	ReasonAnswerKind        = "ANSWER_KIND_MISMATCH"
	ReasonScoreOutOfScale   = "SCORE_OUT_OF_SCALE"
	ReasonScoreOffStep      = "SCORE_OFF_STEP"
	ReasonOptionUnknown     = "OPTION_UNKNOWN"
	ReasonOptionDuplicate   = "OPTION_DUPLICATE"
	ReasonOptionsEmpty      = "OPTIONS_EMPTY"
	ReasonOptionsTooMany    = "OPTIONS_TOO_MANY"
	ReasonTextTooLong       = "TEXT_TOO_LONG"
	ReasonCommentNotAllowed = "COMMENT_NOT_ALLOWED"
	ReasonCommentRequired   = "COMMENT_REQUIRED"
	ReasonCommentTooLong    = "COMMENT_TOO_LONG"
)

import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { ApiError } from "../api/error";

/** Says what went wrong and what can be done about it. */
export function Problem({ error, retry }: { error: ApiError; retry?: () => void }) {
  const { t } = useTranslation();
  return (
    <div className="problem" role="alert">
      <p>{textOf(error, t)}</p>
      {error.requestId !== "" && error.status >= 500 && (
        <p className="small">{t("error.id", { id: error.requestId })}</p>
      )}
      {retry && (
        <button type="button" onClick={retry}>
          {t("error.retry")}
        </button>
      )}
    </div>
  );
}

function textOf(error: ApiError, t: TFunction): string {
  if (error.status === 0) {
    return t("error.network");
  }
  if (error.reason === "TOO_MANY_ROWS") {
    return t("trend.coarser");
  }
  if (error.reason === "MONTHS_NOT_WHOLE" || error.reason === "NOT_PROTECTABLE") {
    return t("error.protected");
  }
  return error.status === 404 ? t("error.notFound") : t("error.generic", { message: error.message });
}

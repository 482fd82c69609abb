import { useTranslation } from "react-i18next";
import { useFormat, type Watched } from "./hooks";

/** Whether what is shown is fresh: the state of the connection, and up to when data was counted. */
export function Live({ watched }: { watched: Watched }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <p className="live">
      <span className={`dot ${watched.state}`} aria-hidden="true" />
      <span role="status">{t(`live.${watched.state}`)}</span>
      {watched.watermark !== undefined && (
        <span className="watermark">{t("watermark", { time: format.moment(watched.watermark) })}</span>
      )}
    </p>
  );
}

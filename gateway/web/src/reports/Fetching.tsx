import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import { integer } from "../api/types";
import { useAction } from "../app/action";
import { download } from "../settings/download";
import { bytesOf } from "./file";
import { Refused } from "./Refused";
import type { Export, ExportPart } from "./types";

/** Fetches the file of an export part by part, and goes on where it was cut off. */
export function Fetching({ client, of }: { client: Client; of: Export }) {
  const { t } = useTranslation();
  const action = useAction();
  // Kept where a part failed: the next attempt begins with the one that is missing.
  const [parts, setParts] = useState<readonly Blob[]>([]);
  const [done, setDone] = useState(0);
  const fetchAll = async () => {
    const found = [...parts];
    let offset = done;
    for (;;) {
      const part: ExportPart = await client.get(`${of.name}:download?offset=${offset}`);
      const size = integer(part.size);
      if (part.data) {
        found.push(new Blob([bytesOf(part.data)]));
        offset = integer(part.nextOffset);
        setParts([...found]);
        setDone(offset);
      }
      if (!part.data || offset >= size) {
        download(part.fileName ?? "otklik-export", part.contentType ?? "application/octet-stream", found);
        setParts([]);
        setDone(0);
        return;
      }
    }
  };
  const bytes = integer(of.bytes);
  return (
    <>
      <button type="button" className="primary" disabled={action.busy} onClick={() => void action.run(fetchAll)}>
        {t(done > 0 && !action.busy ? "reports.exports.goOn" : "reports.exports.download")}
      </button>
      {action.busy && bytes > 0 && <progress aria-label={t("reports.exports.fetching")} value={done} max={bytes} />}
      <Refused error={action.error} />
    </>
  );
}

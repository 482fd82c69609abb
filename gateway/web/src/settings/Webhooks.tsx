import { type FormEvent, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Client } from "../api/client";
import type { Webhook, WebhookDelivery, WebhookEvent, WebhookWithSecret } from "../api/types";
import { useAction } from "../app/action";
import { useFormat, useResource } from "../app/hooks";
import { Fact, Rotate } from "./Keys";
import { Cards, Choices, ConfirmButton, Failure, Field, FormEnd, Moment, Panel, Secret, useCollection } from "./parts";

/** What can be sent; a ping is sent on request only. */
const events = [
  "WEBHOOK_EVENT_RESPONSE_ACCEPTED",
  "WEBHOOK_EVENT_REFUSAL_RECORDED",
  "WEBHOOK_EVENT_PERSON_ERASED",
  "WEBHOOK_EVENT_ALERT_OPENED",
  "WEBHOOK_EVENT_ALERT_CHANGED",
  "WEBHOOK_EVENT_ALERT_RESOLVED",
  "WEBHOOK_EVENT_CASE_OPENED",
  "WEBHOOK_EVENT_CASE_DUE",
  "WEBHOOK_EVENT_CASE_BREACHED",
  "WEBHOOK_EVENT_CASE_CLOSED",
  "WEBHOOK_EVENT_LIGHT_CHANGED",
  "WEBHOOK_EVENT_SEGMENT_ENTERED",
  "WEBHOOK_EVENT_SEGMENT_LEFT",
  "WEBHOOK_EVENT_REPORT_DELIVERED",
  "WEBHOOK_EVENT_REPORT_OVERDUE",
] as const satisfies readonly WebhookEvent[];

type EventKey = (typeof events)[number] | "WEBHOOK_EVENT_PING";

interface Props {
  client: Client;
  may: (permission: string) => boolean;
}

/** The addresses to which events are sent. */
export function Webhooks({ client, may }: Props) {
  const { t } = useTranslation();
  const webhooks = useCollection<Webhook>(client, "webhooks");
  const [made, setMade] = useState<{ name: string; secret: string }>();
  const told = (name: string, secret: string) => {
    setMade({ name, secret });
    webhooks.reload();
  };
  return (
    <Panel title={t("settings.webhooks.title")} hint={t("settings.webhooks.hint")}>
      {made !== undefined && (
        <Secret
          title={t("settings.webhooks.secretOf", { name: made.name })}
          secret={made.secret}
          done={() => setMade(undefined)}
        />
      )}
      {may("access.webhooks.create") && <NewWebhook client={client} told={told} />}
      <Cards
        things={webhooks}
        none={t("settings.webhooks.none")}
        card={(webhook) => (
          <WebhookCard webhook={webhook} client={client} may={may} told={told} changed={webhooks.reload} />
        )}
      />
    </Panel>
  );
}

function WebhookCard(
  props: Props & { webhook: Webhook; told: (name: string, secret: string) => void; changed: () => void },
) {
  const { webhook, client, may } = props;
  const { t } = useTranslation();
  const action = useAction();
  const [open, setOpen] = useState(false);
  const [round, setRound] = useState(0);
  const title = webhook.displayName || webhook.url || "";
  return (
    <>
      <div className="heading">
        <h3>{title}</h3>
        {webhook.disabled && <span className="state off">{t("settings.webhooks.disabled")}</span>}
      </div>
      <dl className="facts">
        <Fact name={t("settings.webhooks.url")}>
          <code>{webhook.url}</code>
        </Fact>
        <Fact name={t("settings.webhooks.events")}>
          {(webhook.events ?? []).map((event) => t(`settings.webhooks.event.${event as EventKey}`)).join(", ")}
        </Fact>
        <Fact name={t("settings.webhooks.lastSuccess")}>
          <Moment of={webhook.lastSuccessTime} none={t("settings.never")} />
        </Fact>
        <Fact name={t("settings.webhooks.lastFailure")}>
          <Moment of={webhook.lastFailureTime} none={t("settings.never")} />
        </Fact>
      </dl>
      <Failure error={action.error} />
      <div className="row">
        {may("access.webhooks.ping") && (
          <button
            type="button"
            disabled={action.busy}
            onClick={() =>
              void action.run(async () => {
                await client.send("POST", `${webhook.name}:ping`, {});
                setOpen(true);
                setRound((n) => n + 1);
              })
            }
          >
            {t("settings.webhooks.ping")}
          </button>
        )}
        {may("access.webhooks.deliveries") && (
          <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
            {t("settings.webhooks.deliveries")}
          </button>
        )}
        {may("access.webhooks.rotate") && (
          <Rotate
            busy={action.busy}
            rotate={(overlap) =>
              void action.run(async () => {
                const answer: { secret?: string } = await client.send("POST", `${webhook.name}:rotateSecret`, {
                  overlap: `${overlap}s`,
                });
                props.told(title, answer.secret ?? "");
              })
            }
          />
        )}
        {may("access.webhooks.update") && (
          <button
            type="button"
            disabled={action.busy}
            onClick={() =>
              void action.run(async () => {
                await client.send("PATCH", webhook.name ?? "", {
                  webhook: { disabled: !webhook.disabled, etag: webhook.etag ?? "" },
                  updateMask: "disabled",
                });
                props.changed();
              })
            }
          >
            {webhook.disabled ? t("settings.webhooks.enable") : t("settings.webhooks.disable")}
          </button>
        )}
        {may("access.webhooks.delete") && (
          <ConfirmButton
            label={t("settings.remove")}
            question={t("settings.webhooks.removeQuestion")}
            confirm={t("settings.remove")}
            disabled={action.busy}
            act={() =>
              void action.run(async () => {
                await client.send("DELETE", webhook.name ?? "");
                props.changed();
              })
            }
          />
        )}
      </div>
      {open && <Deliveries key={round} client={client} may={may} webhook={webhook.name ?? ""} />}
    </>
  );
}

/** How often deliveries are looked at while they are shown, in milliseconds. */
const deliveriesInterval = 3000;

function Deliveries({ client, may, webhook }: Props & { webhook: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const action = useAction();
  const load = useCallback(
    (signal: AbortSignal) =>
      client.get<{ deliveries?: readonly WebhookDelivery[] }>(`${webhook}/deliveries?pageSize=20`, signal),
    [client, webhook],
  );
  const deliveries = useResource(load, deliveriesInterval);
  const list = deliveries.value?.deliveries;
  return (
    <>
      <Failure error={deliveries.error ?? action.error} />
      {list === undefined && deliveries.error === undefined && <p role="status">{t("loading")}</p>}
      {list?.length === 0 && <p className="muted">{t("settings.webhooks.noDeliveries")}</p>}
      {list !== undefined && list.length > 0 && (
        <div className="scroll">
          <table className="words">
            <caption className="hidden">{t("settings.webhooks.deliveries")}</caption>
            <thead>
              <tr>
                <th scope="col">{t("settings.webhooks.when")}</th>
                <th scope="col">{t("settings.webhooks.what")}</th>
                <th scope="col">{t("settings.webhooks.outcome")}</th>
                <th scope="col">{t("settings.webhooks.attempts")}</th>
                <th scope="col">
                  <span className="hidden">{t("settings.webhooks.replay")}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {list.map((delivery) => (
                <tr key={delivery.name}>
                  <td>{delivery.createTime && format.moment(delivery.createTime)}</td>
                  <td>
                    {t(`settings.webhooks.event.${delivery.event as EventKey}`)}
                    {delivery.resource && (
                      <>
                        <br />
                        <code>{delivery.resource}</code>
                      </>
                    )}
                  </td>
                  <td>
                    {t(`settings.webhooks.state.${delivery.state as "STATE_PENDING"}`)}
                    {delivery.lastResult && <span className="muted small line">{delivery.lastResult}</span>}
                  </td>
                  <td>{delivery.attempts}</td>
                  <td>
                    {may("access.webhooks.replay") && delivery.state !== "STATE_PENDING" && (
                      <button
                        type="button"
                        disabled={action.busy}
                        onClick={() =>
                          void action.run(async () => {
                            await client.send("POST", `${delivery.name}:replay`, {});
                            deliveries.reload();
                          })
                        }
                      >
                        {t("settings.webhooks.replay")}
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function NewWebhook({ client, told }: { client: Client; told: (name: string, secret: string) => void }) {
  const { t } = useTranslation();
  const action = useAction();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [chosen, setChosen] = useState<readonly EventKey[]>(["WEBHOOK_EVENT_RESPONSE_ACCEPTED"]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const made = await action.run(async () => {
      const answer: WebhookWithSecret = await client.send("POST", "webhooks", {
        webhook: { displayName: name.trim(), url: url.trim(), events: chosen },
      });
      told(answer.webhook?.displayName || answer.webhook?.url || "", answer.secret ?? "");
    });
    if (made) {
      setOpen(false);
      setName("");
      setUrl("");
    }
  };

  if (!open) {
    return (
      <button type="button" className="primary" onClick={() => setOpen(true)}>
        {t("settings.webhooks.create")}
      </button>
    );
  }
  return (
    <form className="card form" onSubmit={(e) => void submit(e)}>
      <h3>{t("settings.webhooks.create")}</h3>
      <Field label={t("settings.displayName")} value={name} change={setName} maxLength={200} />
      <Field
        label={t("settings.webhooks.url")}
        hint={t("settings.webhooks.urlHint")}
        type="url"
        value={url}
        change={setUrl}
        required
        maxLength={2000}
      />
      <Choices<EventKey>
        legend={t("settings.webhooks.events")}
        options={events}
        chosen={chosen}
        change={setChosen}
        text={(event) => t(`settings.webhooks.event.${event}`)}
      />
      <FormEnd
        action={action}
        submit={t("settings.webhooks.create")}
        disabled={chosen.length === 0}
        cancel={() => setOpen(false)}
      />
    </form>
  );
}

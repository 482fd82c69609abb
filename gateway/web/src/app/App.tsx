import { useCallback, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Client, isAbort } from "../api/client";
import type { ApiError } from "../api/error";
import { type LoginError, loadSession, logOut, noSession, type Session, takeLoginError } from "../api/session";
import type { Caller } from "../api/types";
import { Cases } from "../attention/Cases";
import { Lights } from "../attention/Lights";
import { Comments } from "../comments/Comments";
import { MapPage } from "../map/MapPage";
import { Overview } from "../overview/Overview";
import { Priorities } from "../priorities/Priorities";
import { partsFor, Settings } from "../settings/Settings";
import { useAddress } from "./address";
import { Entrance } from "./Entrance";
import { Header, type Place } from "./Header";
import { useResource } from "./hooks";
import type { KeyProblem } from "./KeyForm";
import { forgetKey, storedKey, storeKey, takeKeyFromFragment } from "./key";
import { later } from "./later";
import { Scores } from "./Scores";
import { SeenUnits } from "./SeenUnits";

const Reports = later(async () => (await import("../reports/Reports")).page());
const Journey = later(async () => (await import("../journey")).page());
const Operations = later(async () => (await import("../operations")).page());

/** The whole page: who is there first, then the scores or the settings. */
export function App() {
  const { t } = useTranslation();
  const [key, setKey] = useState(() => storedKey());
  const [problem, setProblem] = useState<KeyProblem>();
  const [loginError, setLoginError] = useState<LoginError | undefined>(() => takeLoginError(location, history));
  const [session, setSession] = useState<Session>();
  const [leaving, setLeaving] = useState(false);

  useEffect(() => {
    const controller = new AbortController();
    loadSession(controller.signal)
      .then(setSession)
      .catch((cause) => {
        // A server that cannot tell is asked for scores all the same: that tells better what is wrong.
        if (!isAbort(cause)) {
          setSession(noSession);
        }
      });
    return () => controller.abort();
  }, []);

  const entered = key !== "" || session?.loggedIn === true || session?.development === true;
  const client = useMemo(() => (entered ? new Client(key) : undefined), [entered, key]);
  const loadCaller = useCallback(
    (signal: AbortSignal) => client?.get<Caller>("caller", signal) ?? Promise.reject(new Error("nobody is there")),
    [client],
  );
  const caller = useResource(client === undefined ? undefined : loadCaller);

  const signOut = useCallback(async () => {
    if (key !== "") {
      forgetKey();
      setKey("");
      setProblem(undefined);
      return;
    }
    setLeaving(true);
    try {
      await logOut();
      setProblem(undefined);
    } catch {
      setProblem("sessionKept");
    }
    setLeaving(false);
    setSession((before) => ({ ...(before ?? noSession), loggedIn: false }));
  }, [key]);

  // A key that the server refuses is of no use: ask for another and say why. A session that has ended likewise.
  const refused = useCallback(
    (error: ApiError) => {
      if (key === "") {
        setProblem(error.status === 401 ? "sessionEnded" : "memberForbidden");
        setSession((before) => ({ ...(before ?? noSession), loggedIn: false, development: false }));
        return;
      }
      forgetKey();
      setKey("");
      setProblem(error.status === 401 ? "refused" : "forbidden");
    },
    [key],
  );

  // A link with another key that is opened in this tab changes only the fragment.
  useEffect(() => {
    const changed = () => {
      takeKeyFromFragment(location, history);
      setKey(storedKey());
    };
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);

  const known = key === "" && session === undefined;
  return (
    <>
      {session?.development && (
        <p className="development" role="note">
          {t("development")}
        </p>
      )}
      {client !== undefined && (
        <Inside
          client={client}
          caller={caller.value}
          asking={caller.value === undefined && caller.error === undefined}
          byKey={key !== ""}
          signOut={key === "" && session?.development ? undefined : () => void signOut()}
          leaving={leaving}
          refused={refused}
        />
      )}
      {client === undefined && (
        <>
          <Header caller={undefined} byKey={false} signOut={undefined} />
          {known ? (
            <main className="center">
              <p role="status">{t("loading")}</p>
            </main>
          ) : (
            <Entrance
              session={session ?? noSession}
              problem={problem}
              loginError={loginError}
              submit={(given) => {
                storeKey(given);
                setProblem(undefined);
                setLoginError(undefined);
                setKey(given);
              }}
            />
          )}
        </>
      )}
    </>
  );
}

/** The pages beside scores and settings, and what one must be allowed to see them. */
const pages = [
  ["overview", "reporting.overview.get"],
  ["priorities", "reporting.matrix.query"],
  ["map", "reporting.map.query"],
  ["journey", "reporting.journey.query"],
  ["operations", "reporting.operations.query"],
  ["reports", "reporting.reports.list"],
  ["lights", "segmentation.lights.list"],
  ["cases", "segmentation.cases.list"],
  ["comments", "comment.insights.query"],
] as const;

/** What somebody sees who was let in. */
function Inside(props: {
  client: Client;
  caller: Caller | undefined;
  /** Whether it is not known yet who is there. */
  asking: boolean;
  byKey: boolean;
  signOut: (() => void) | undefined;
  leaving: boolean;
  refused: (error: ApiError) => void;
}) {
  const { caller } = props;
  const { t } = useTranslation();
  const [address, change] = useAddress();
  const permissions = useMemo(() => new Set(caller?.permissions ?? []), [caller]);
  const open = partsFor(permissions);
  const may = (permission: string) => permissions.has(permission);
  const places: Place[] = [
    "scores",
    ...pages.filter(([, permission]) => may(permission)).map(([page]) => page),
    ...(open.length > 0 ? (["settings"] as const) : []),
  ];
  const page = places.find((place) => place === address.page && place !== "settings") ?? "scores";
  const current = address.settings !== "" ? "settings" : page;
  return (
    <>
      <Header
        caller={caller?.principal}
        byKey={props.byKey}
        signOut={props.leaving ? undefined : props.signOut}
        places={
          places.length === 1
            ? undefined
            : {
                open: places,
                current,
                go: (place) =>
                  change({
                    settings: place === "settings" ? (open[0] ?? "") : "",
                    page: place === "scores" || place === "settings" ? "" : place,
                  }),
              }
        }
      />
      <SeenUnits units={caller?.principal?.units} />
      {address.settings !== "" && props.asking && (
        <main className="center">
          <p role="status">{t("loading")}</p>
        </main>
      )}
      {address.settings !== "" && caller !== undefined && (
        <Settings
          client={props.client}
          permissions={permissions}
          shown={address.settings}
          choose={(settings) => change({ settings })}
        />
      )}
      {current === "overview" && <Overview client={props.client} may={may} />}
      {current === "map" && <MapPage client={props.client} />}
      {current === "reports" && <Reports client={props.client} may={may} caller={caller?.principal} />}
      {current === "journey" && <Journey client={props.client} may={may} />}
      {current === "operations" && <Operations client={props.client} may={may} />}
      {current === "priorities" && <Priorities client={props.client} may={may} />}
      {current === "comments" && <Comments client={props.client} may={may} />}
      {current === "lights" && <Lights client={props.client} may={may} units={caller?.principal?.units} />}
      {current === "cases" && <Cases client={props.client} may={may} />}
      {(current === "scores" || current === "settings") &&
        (address.settings === "" || (caller === undefined && !props.asking)) && (
          <Scores client={props.client} refused={props.refused} />
        )}
    </>
  );
}

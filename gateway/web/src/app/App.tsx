import { useCallback, useEffect, useMemo, useState } from "react";
import { Client } from "../api/client";
import type { ApiError } from "../api/error";
import { Header } from "./Header";
import { KeyForm, type KeyProblem } from "./KeyForm";
import { forgetKey, storedKey, storeKey, takeKeyFromFragment } from "./key";
import { Scores } from "./Scores";

/** The whole page: the key first, then the scores. */
export function App() {
  const [key, setKey] = useState(() => storedKey());
  const [problem, setProblem] = useState<KeyProblem>();
  const client = useMemo(() => (key === "" ? undefined : new Client(key)), [key]);

  const signOut = useCallback(() => {
    forgetKey();
    setKey("");
    setProblem(undefined);
  }, []);

  // A key that the server refuses is of no use: ask for another and say why.
  const refused = useCallback((error: ApiError) => {
    forgetKey();
    setKey("");
    setProblem(error.status === 401 ? "refused" : "forbidden");
  }, []);

  // A link with another key that is opened in this tab changes only the fragment.
  useEffect(() => {
    const changed = () => {
      takeKeyFromFragment(location, history);
      setKey(storedKey());
    };
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);

  return (
    <>
      <Header signOut={client === undefined ? undefined : signOut} />
      {client === undefined ? (
        <KeyForm
          problem={problem}
          submit={(entered) => {
            storeKey(entered);
            setProblem(undefined);
            setKey(entered);
          }}
        />
      ) : (
        <Scores client={client} refused={refused} />
      )}
    </>
  );
}

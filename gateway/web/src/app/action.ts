import { useRef, useState } from "react";
import { asApiError } from "../api/client";
import type { ApiError } from "../api/error";

/** An action under way, and why the last one failed. */
export interface Action {
  readonly busy: boolean;
  readonly error: ApiError | undefined;
  /** Runs something; resolves to whether it succeeded. A second one waits for nobody: it is not begun. */
  readonly run: (work: () => Promise<void>) => Promise<boolean>;
}

/** Runs actions one at a time. */
export function useAction(): Action {
  const [state, setState] = useState<{ busy: boolean; error?: ApiError }>({ busy: false });
  const busy = useRef(false);
  const run = async (work: () => Promise<void>) => {
    if (busy.current) {
      return false;
    }
    busy.current = true;
    setState({ busy: true });
    try {
      await work();
      setState({ busy: false });
      return true;
    } catch (cause) {
      setState({ busy: false, error: asApiError(cause) });
      return false;
    } finally {
      busy.current = false;
    }
  };
  return { busy: state.busy, error: state.error, run };
}

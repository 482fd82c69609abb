import { type ComponentType, lazy, type ReactNode, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { networkError } from "../api/error";
import { Problem } from "./Problem";

/**
 * A page that is fetched when it is first shown, so that what is seen first stays light. One that cannot be fetched, since the server is away or has
 * become a newer one meanwhile, says so and can be tried again.
 */
export function later<P extends object>(fetchPage: () => Promise<ComponentType<P>>): ComponentType<P> {
  const Page = lazy(async () => {
    try {
      return { default: await fetchPage() };
    } catch (cause) {
      return { default: () => <Unfetched cause={cause} /> };
    }
  });
  return (props: P) => (
    <Suspense fallback={<Fetching />}>
      <Page {...props} />
    </Suspense>
  );
}

function Centred({ children }: { children: ReactNode }) {
  return <main className="center">{children}</main>;
}

function Fetching() {
  const { t } = useTranslation();
  return (
    <Centred>
      <p role="status">{t("loading")}</p>
    </Centred>
  );
}

function Unfetched({ cause }: { cause: unknown }) {
  return (
    <Centred>
      <Problem error={networkError(cause)} retry={() => location.reload()} />
    </Centred>
  );
}

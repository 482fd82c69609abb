import type { MouseEvent, ReactNode } from "react";
import { type Address, formatAddress } from "./address";

/** A link to another place of the app; it can be opened in a tab of its own. */
export function Go(props: {
  address: Address;
  change: (part: Partial<Address>) => void;
  to: Partial<Address>;
  children: ReactNode;
}) {
  const { address, change, to } = props;
  const go = (e: MouseEvent) => {
    if (e.button === 0 && !e.ctrlKey && !e.metaKey && !e.shiftKey) {
      e.preventDefault();
      change(to);
      scrollTo(0, 0);
    }
  };
  return (
    <a href={formatAddress({ ...address, ...to }) || "?"} onClick={go}>
      {props.children}
    </a>
  );
}

/** What the checks found, in the reader's language. The server's own words stay where they say more
 * than the code does: values, names of steps, columns of a condition. */

import type { Finding } from "../shared/api";
import { isChinese, t } from "../shared/i18n";
import { zh } from "../shared/zh";

export function say(finding: Finding): string {
  const key = `finding:${finding.code}`;
  if (!isChinese() || !zh[key]) return finding.message;
  const named = [...finding.message.matchAll(/'([^']+)'/g)].map((one) => one[1]);
  const more = named.length ? `（${[...new Set(named)].join("、")}）` : "";
  return t(key) + more;
}

export function byElement(findings: Finding[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const one of findings) {
    if (one.element) found.set(one.element, [...(found.get(one.element) ?? []), say(one)]);
  }
  return found;
}

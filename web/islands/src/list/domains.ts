import type { Step } from "../shared/api";

/** Steps by the domain that owns them: `shipment.pick` → `shipment`. */
export function byDomain(steps: Step[]): [string, Step[]][] {
  const found = new Map<string, Step[]>();
  for (const step of steps) {
    const domain = step.name.split(".")[0] as string;
    found.set(domain, [...(found.get(domain) ?? []), step]);
  }
  return [...found];
}

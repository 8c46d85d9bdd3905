/** A flow as a list: rows one under the other, branches indented.
 *
 * Every node stands in the list once. Where a way leads to a node that stands elsewhere, the branch
 * says at which step it goes on. So any flow that is whole can be shown; `edit` changes the elements
 * themselves, and what a change does not touch stays as it was drawn.
 */

import { type El, isEnd, isGateway, kindOf } from "../shared/elements";
import type { Flow } from "./flow";

export type BlockKind = "choice" | "first" | "together";

/** `into`: the ways by which it is reached, which is the place before it. `next`: the ways that
 * lead on behind it, which is the place after it; empty where nothing follows. */
export interface Row {
  kind: "step" | "wait" | "part" | BlockKind;
  node: El;
  into: El[];
  next: El[];
  branches: Branch[];
  catches: Branch[];
  rows: Chain | null;
  /** The gateway where the branches of this block meet, if nothing else does. */
  join: El | null;
}

/** `way`: the sequence flow that begins it. `event`: what opens it, at a first-of or a boundary. */
export interface Branch {
  way: El;
  event: El | null;
  chain: Chain;
}

/** `tail`: the place at its end. `ends`: what comes there. `target`: where it goes on, for "goto". */
export interface Chain {
  rows: Row[];
  tail: El[];
  ends: "on" | "end" | "goto" | "open";
  target: El | null;
}

export interface Outline {
  chain: Chain;
  /** Nodes that no way from the start reaches. */
  loose: El[];
}

/** The list of a flow; null where it has no start to begin at. */
export function outline(flow: Flow): Outline | null {
  const start = flow.start();
  if (!start) return null;
  const reader = new Reader(flow);
  const chain = reader.whole(start);
  const loose = flow.nodes().filter((node) => !reader.claimed.has(node));
  return { chain, loose };
}

/** A branch of so few nodes stays one, even where nothing else follows. */
const LONG = 3;

class Reader {
  readonly claimed = new Set<El>();
  private readonly order = new Map<El, number>();
  private readonly forward = new Map<El, El[]>();

  constructor(private readonly flow: Flow) {}

  /** The list of a scope, from its start event. */
  whole(start: El): Chain {
    this.sort(start);
    this.claimed.add(start);
    return this.chain(this.flow.out(start), new Set());
  }

  /** Nodes in an order in which each stands before those it leads to, ways back left out. */
  private sort(start: El): void {
    const open = new Set<El>();
    const done: El[] = [];
    const visit = (node: El): void => {
      open.add(node);
      const ahead: El[] = [];
      this.forward.set(node, ahead);
      for (const target of this.after(node)) {
        if (open.has(target)) continue;
        ahead.push(target);
        if (!this.forward.has(target)) visit(target);
      }
      open.delete(node);
      done.push(node);
    };
    visit(start);
    done.reverse().forEach((node, place) => this.order.set(node, place));
  }

  private after(node: El): El[] {
    const ways = [node, ...this.flow.boundaries(node)].flatMap((one) => this.flow.out(one));
    return ways.map((way) => way.targetRef as El);
  }

  private reach(from: El): Set<El> {
    const seen = new Set<El>([from]);
    const left = [from];
    for (let node = left.pop(); node; node = left.pop()) {
      for (const target of this.forward.get(node) ?? []) {
        if (!seen.has(target)) {
          seen.add(target);
          left.push(target);
        }
      }
    }
    return seen;
  }

  private chain(ways: El[], stops: ReadonlySet<El>): Chain {
    const rows: Row[] = [];
    let place = ways;
    for (;;) {
      const node = place[0]?.targetRef;
      if (!node) return { rows, tail: place, ends: "open", target: null };
      if (stops.has(node)) return { rows, tail: place, ends: "on", target: node };
      if (this.claimed.has(node)) return { rows, tail: place, ends: "goto", target: node };
      this.claimed.add(node);
      const kind = kindOf(node);
      if (isEnd(kind)) return { rows, tail: place, ends: "end", target: node };
      const out = this.flow.out(node);
      if (isGateway(kind) && out.length === 1 && kind !== "events") {
        place = out; // ways meet here, no more
        continue;
      }
      const row = isGateway(kind) ? this.block(node, out, place, stops) : this.step(node, out, place, stops);
      rows.push(row);
      place = row.next;
      if (!place.length) return { rows, tail: [], ends: "open", target: null };
    }
  }

  private step(node: El, out: El[], into: El[], stops: ReadonlySet<El>): Row {
    const kind = kindOf(node);
    const next = out.slice(0, 1);
    const target = next[0]?.targetRef ?? null;
    const ahead = new Set([...stops, ...(target ? this.reach(target) : [])]);
    const rows = kind === "subprocess" ? this.inside(node) : null;
    const catches = this.flow.boundaries(node).map((event) => {
      this.claimed.add(event);
      const branch = this.branch(this.flow.out(event), event, ahead, target);
      if (branch.chain.ends === "on") next.push(...branch.chain.tail);
      return branch;
    });
    const name = kind === "subprocess" ? "part" : kind === "timer" || kind === "message" ? "wait" : "step";
    return { kind: name, node, into, next, branches: [], catches, rows, join: null };
  }

  private inside(node: El): Chain | null {
    const start = this.flow.start(node);
    return start ? this.whole(start) : null;
  }

  private block(node: El, out: El[], into: El[], stops: ReadonlySet<El>): Row {
    const kind = kindOf(node);
    const join = this.join(out);
    const main = join ? null : this.main(out, stops);
    const target = join ?? (main ? this.behind(main, kind === "events") : null);
    const ahead = new Set(stops);
    for (const one of main && target ? this.reach(target) : target ? [target] : []) ahead.add(one);
    const inOrder = [...out].sort((a, b) => Number(a === node.default) - Number(b === node.default));
    const branches = inOrder.map((way) => {
      const event = kind === "events" ? (way.targetRef as El) : null;
      if (event) this.claimed.add(event);
      const branch = this.branch(event ? this.flow.out(event) : [way], event, ahead, target);
      return { ...branch, way };
    });
    const tails = branches.flatMap(({ chain }) => (chain.ends === "on" ? chain.tail : []));
    const name = kind === "events" ? "first" : kind === "parallel" ? "together" : "choice";
    const row: Row = { kind: name, node, into, next: tails, branches, catches: [], rows: null, join: null };
    if (join && this.closes(join, tails)) {
      this.claimed.add(join);
      row.join = join;
      row.next = this.flow.out(join);
    }
    return row;
  }

  private behind(way: El, isEvent: boolean): El | null {
    const node = way.targetRef as El;
    return isEvent ? (this.flow.out(node)[0]?.targetRef ?? null) : node;
  }

  /** Whether a gateway only brings these ways together again. */
  private closes(join: El, tails: El[]): boolean {
    const into = this.flow.into(join);
    const same = into.length === tails.length && into.every((way) => tails.includes(way));
    return same && isGateway(kindOf(join)) && this.flow.out(join).length === 1;
  }

  /** A branch that goes on at `target`; where it reaches another stop it says so. */
  private branch(ways: El[], event: El | null, stops: ReadonlySet<El>, target: El | null): Branch {
    const chain = this.chain(ways, stops);
    if (chain.ends === "on" && chain.target !== target) chain.ends = "goto";
    return { way: ways[0] as El, event, chain };
  }

  /** Where most branches meet first. */
  private join(ways: El[]): El | null {
    const counts = new Map<El, number>();
    for (const way of ways) {
      for (const node of this.reach(way.targetRef as El)) counts.set(node, (counts.get(node) ?? 0) + 1);
    }
    let best: El | null = null;
    for (const [node, count] of counts) {
      if (count < 2) continue;
      const known = best ? (counts.get(best) as number) : 0;
      const earlier = best ? this.at(node) < this.at(best) : true;
      if (count > known || (count === known && earlier)) best = node;
    }
    return best;
  }

  /** The way with which the list goes on where branches don't meet; the others end by themselves:
   * the one that leads to where the list goes on anyway, else the default unless it is short, else
   * the longest. */
  private main(ways: El[], stops: ReadonlySet<El>): El | null {
    const reached = ways.map((way) => this.reach(way.targetRef as El));
    const on = reached.findIndex((nodes) => [...nodes].some((node) => stops.has(node)));
    if (on >= 0) return ways[on] as El;
    const sizes = reached.map((nodes) => nodes.size);
    const most = Math.max(...sizes);
    const usual = ways.findIndex((way) => way.sourceRef?.default === way);
    const size = sizes[usual] ?? 0;
    if (size > LONG || (size > 1 && size === most)) return ways[usual] as El;
    return most > LONG ? (ways[sizes.indexOf(most)] ?? null) : null;
  }

  private at(node: El): number {
    return this.order.get(node) ?? Number.MAX_SAFE_INTEGER;
  }
}

/** Everything that stands in a row: its node, boundary events, and what is in its branches. */
export function nodesOf(row: Row): El[] {
  const own = row.rows ? chainNodes(row.rows) : [];
  const branches = [...row.branches, ...row.catches].flatMap((branch) => [
    ...(branch.event && branch.event !== row.node ? [branch.event] : []),
    ...chainNodes(branch.chain),
  ]);
  return [row.node, ...own, ...branches, ...(row.join ? [row.join] : [])];
}

function chainNodes(chain: Chain): El[] {
  const end = chain.ends === "end" && chain.target ? [chain.target] : [];
  return [...chain.rows.flatMap(nodesOf), ...end];
}

/** Every row of a list, those in branches too, in the order in which they are read. */
export function* rowsOf(chain: Chain): Generator<Row> {
  for (const row of chain.rows) {
    yield row;
    if (row.rows) yield* rowsOf(row.rows);
    for (const branch of [...row.branches, ...row.catches]) yield* rowsOf(branch.chain);
  }
}

/** What is drawn over a flow: the failing path, findings, counts, differences. */

type Any = any; // eslint-disable-line -- services of bpmn-js, by name

export class Marks {
  private marked: [string, string][] = [];
  private readonly overlays: Any;
  private readonly canvas: Any;
  private readonly registry: Any;

  constructor(viewer: Any) {
    this.overlays = viewer.get("overlays");
    this.canvas = viewer.get("canvas");
    this.registry = viewer.get("elementRegistry");
  }

  clear(): void {
    for (const [id, marker] of this.marked) if (this.registry.get(id)) this.canvas.removeMarker(id, marker);
    this.marked = [];
    this.overlays.remove({ type: "mingchi" });
  }

  /** What is drawn under this id; the process itself is the ground and is not. */
  private drawn(id: string): Any {
    const element = this.registry.get(id);
    return element?.parent ? element : undefined;
  }

  mark(id: string, marker: string): void {
    if (!this.drawn(id)) return;
    this.canvas.addMarker(id, marker);
    this.marked.push([id, marker]);
  }

  badge(id: string, text: string, look: string, title = ""): void {
    const element = this.drawn(id);
    if (!element) return;
    const html = document.createElement("div");
    html.className = `badge ${look}`;
    html.textContent = text;
    html.title = title;
    const position = element.waypoints ? { top: -10, left: 0 } : { top: -12, right: 12 };
    this.overlays.add(id, "mingchi", { position, html });
  }

  /** The nodes of a path, and the ways between them. */
  path(nodes: string[], marker: string): void {
    const passed = new Set(nodes);
    for (const id of passed) this.mark(id, marker);
    nodes.forEach((id, place) => {
      const source = this.registry.get(id);
      const next = nodes[place + 1];
      for (const way of source?.outgoing ?? []) {
        if (way.target?.id === next) this.mark(way.id, marker);
      }
    });
  }

  show(id: string): void {
    const element = this.drawn(id);
    if (element) this.canvas.scrollToElement(element, 80);
  }
}

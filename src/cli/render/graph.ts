/** A graph of logins as text, as DOT (Graphviz), and as SVG drawn by ourselves: nodes on a circle. */
import type { SshEdge, SshGraph } from "../../fleet/modules/ssh/graph.ts";

/** The edges between two nodes. */
interface Bundle {
  readonly from: string;
  readonly to: string;
  /** `key -> user`. */
  readonly labels: readonly string[];
}

function bundles({ edges }: SshGraph): Bundle[] {
  const found = new Map<string, { from: string; to: string; labels: string[] }>();
  for (const edge of edges) {
    const id = JSON.stringify([edge.from, edge.to]);
    const bundle = found.get(id) ?? { from: edge.from, to: edge.to, labels: [] };
    bundle.labels.push(label(edge));
    found.set(id, bundle);
  }
  return [...found.values()];
}

function label({ key, user, limited }: SshEdge): string {
  return `${key} -> ${user}${limited ? " (limited)" : ""}`;
}

/** One line for each login, `foo (key alice) -> bob@bar`. */
export function graphText(graph: SshGraph): string {
  const lines = graph.edges.map(
    ({ from, to, key, user, limited }) =>
      `${from} (key ${key}) -> ${user}@${to}${limited ? " (limited)" : ""}`,
  );
  return lines.join("\n");
}

/** The DOT language of Graphviz, https://graphviz.org/doc/info/lang.html. */
export function graphDot(graph: SshGraph): string {
  const quoted = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  const nodes = graph.nodes.map((node) => `  ${quoted(node)};`);
  const edges = bundles(graph).map(
    ({ from, to, labels }) =>
      `  ${quoted(from)} -> ${quoted(to)} [label=${quoted(labels.join("\n")).replaceAll("\n", "\\n")}];`,
  );
  return ["digraph ssh {", "  node [shape=box];", ...nodes, ...edges, "}"].join("\n");
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const font = 13;
/** Roughly, of a sans-serif font. */
const letter = font * 0.58;
const line = font * 1.3;

/** Pixels; the same graph is the same picture. */
export function graphSvg(graph: SshGraph): string {
  const width = Math.max(60, ...graph.nodes.map((node) => node.length * letter + 24));
  const height = font + 18;
  const all = bundles(graph);
  const widest = Math.max(0, ...all.flatMap(({ labels }) => labels).map((text) => text.length * letter));
  const around = graph.nodes.length * Math.max(width + 30, 90);
  const radius = graph.nodes.length < 2 ? 0 : Math.max(around / (2 * Math.PI), width, widest * 0.8);
  const margin = Math.max(width, widest) / 2 + 60;
  const size = 2 * (radius + margin);
  const places = new Map(
    graph.nodes.map((node, index): [string, Point] => {
      const angle = (2 * Math.PI * index) / graph.nodes.length - Math.PI / 2;
      return [node, { x: size / 2 + radius * Math.cos(angle), y: size / 2 + radius * Math.sin(angle) }];
    }),
  );
  const box = { width, height };
  const edges = all.map((bundle) => edgeSvg(bundle, places.get(bundle.from)!, places.get(bundle.to)!, box));
  const nodes = [...places].map(([node, { x, y }]) =>
    [
      `<rect x="${round(x - width / 2)}" y="${round(y - height / 2)}" width="${round(width)}" height="${height}" rx="6"/>`,
      `<text x="${round(x)}" y="${round(y + font * 0.35)}">${escaped(node)}</text>`,
    ].join(""),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(size)} ${round(size)}" width="${round(size)}" height="${round(size)}" font-family="sans-serif" font-size="${font}" text-anchor="middle">
<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L10 5L0 10z"/></marker></defs>
<rect width="100%" height="100%" fill="white"/>
<g fill="none" stroke="#555" marker-end="url(#arrow)">
${edges.map(({ path }) => path).join("\n")}
</g>
<g fill="#eef" stroke="#335">
${nodes.map((node) => node.replace("<text ", '<text fill="black" stroke="none" ')).join("\n")}
</g>
<g fill="#225" stroke="white" stroke-width="3" paint-order="stroke">
${edges.map(({ labels }) => labels).join("\n")}
</g>
</svg>`;
}

interface Box {
  readonly width: number;
  readonly height: number;
}

function edgeSvg(
  { from, to, labels }: Bundle,
  start: Point,
  end: Point,
  box: Box,
): { path: string; labels: string } {
  if (from === to) {
    const top = start.y - box.height / 2;
    const path = `<path d="M${round(start.x - 14)} ${round(top)}c-30 -45 58 -45 28 0"/>`;
    return { path, labels: labelSvg(labels, { x: start.x, y: top - 36 - (labels.length - 1) * line }) };
  }
  const length = Math.hypot(end.x - start.x, end.y - start.y);
  const middle = { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 };
  // Bent to one side, so that the way there and the way back are two.
  const bend = Math.min(50, length / 5);
  const control = {
    x: middle.x - ((end.y - start.y) / length) * bend,
    y: middle.y + ((end.x - start.x) / length) * bend,
  };
  const a = edgeOfBox(start, control, box);
  const b = edgeOfBox(end, control, box);
  const path = `<path d="M${round(a.x)} ${round(a.y)}Q${round(control.x)} ${round(control.y)} ${round(b.x)} ${round(b.y)}"/>`;
  const at = { x: (middle.x + control.x) / 2, y: (middle.y + control.y) / 2 };
  return { path, labels: labelSvg(labels, { x: at.x, y: at.y - ((labels.length - 1) * line) / 2 }) };
}

/** Where the line from the middle of a box to a point leaves the box. */
function edgeOfBox(center: Point, towards: Point, { width, height }: Box): Point {
  const dx = towards.x - center.x;
  const dy = towards.y - center.y;
  const scale = Math.min(
    dx === 0 ? Number.POSITIVE_INFINITY : width / 2 / Math.abs(dx),
    dy === 0 ? Number.POSITIVE_INFINITY : height / 2 / Math.abs(dy),
  );
  return { x: center.x + dx * scale, y: center.y + dy * scale };
}

function labelSvg(labels: readonly string[], { x, y }: Point): string {
  return labels
    .map(
      (text, index) =>
        `<text x="${round(x)}" y="${round(y + index * line + font * 0.35)}">${escaped(text)}</text>`,
    )
    .join("");
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

// A flame graph as one HTML file that a browser opens, without anything from elsewhere: stacks with equal beginnings are
// merged, wide is much time; colours tell the tiers; a click shows a part of it alone.

import type { Profile, Tier } from "./sampler.js";

interface FlameNode {
  readonly name: string;
  readonly tier: Tier;
  milliseconds: number;
  readonly children: Map<number, FlameNode>;
}

/** What takes less than this part of the whole is left out. */
const MIN_SHARE = 0.0005;
const COLOURS: Readonly<Record<Tier, string>> = { interpreted: "#e8a33d", baseline: "#7fb2e5", optimised: "#86c98a" };
const ROW_PIXELS = 17;

export function flameGraph(profile: Profile, title: string): string {
  const root = merged(profile);
  const rows: string[] = [];
  let depth = 0;
  draw(root, 0, 0);
  const legend = Object.entries(COLOURS).map(([tier, colour]) => `<span style="background:${colour}">${tier}</span>`);
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title>
<style>
body { font: 12px sans-serif; margin: 8px }
#flames { position: relative; overflow: hidden; height: ${(depth + 1) * ROW_PIXELS}px }
#flames div { position: absolute; height: ${ROW_PIXELS - 1}px; overflow: hidden; white-space: nowrap; cursor: pointer; border-radius: 2px }
span { padding: 1px 6px; margin-right: 6px; border-radius: 2px }
</style>
<p>${escaped(title)}: ${(root.milliseconds / 1000).toFixed(2)} s in ${profile.samples.length} samples. ${legend.join("")} Click to enlarge; click the first row to see all.</p>
<div id="flames">
${rows.join("\n")}
</div>
<script>
const all = [...document.querySelectorAll("#flames div")].map((element) => ({
  element, left: Number(element.dataset.left), width: Number(element.dataset.width),
}));
const show = (from, width) => {
  for (const each of all) {
    const left = (each.left - from) / width, part = each.width / width;
    const outside = left + part <= 1e-9 || left >= 1 - 1e-9;
    each.element.style.display = outside ? "none" : "";
    each.element.style.left = 100 * Math.max(0, left) + "%";
    each.element.style.width = 100 * (Math.min(1, left + part) - Math.max(0, left)) + "%";
  }
};
for (const each of all) each.element.onclick = () => show(each.left, each.width);
show(0, 1);
</script>
</html>
`;

  function draw(node: FlameNode, left: number, row: number): void {
    const share = node.milliseconds / Math.max(root.milliseconds, 1e-9);
    if (share < MIN_SHARE) return;
    depth = Math.max(depth, row);
    const label = `${node.name}, ${(100 * share).toFixed(1)}%${row === 0 ? "" : `, ${node.tier}`}`;
    const colour = row === 0 ? "#ddd" : COLOURS[node.tier];
    rows.push(
      `<div style="top:${row * ROW_PIXELS}px;background:${colour}" data-left="${left.toFixed(6)}" data-width="${share.toFixed(6)}" title="${escaped(label)}">${escaped(node.name)}</div>`,
    );
    let start = left;
    for (const child of [...node.children.values()].sort((a, b) => b.milliseconds - a.milliseconds)) {
      draw(child, start, row + 1);
      start += child.milliseconds / Math.max(root.milliseconds, 1e-9);
    }
  }
}

/** The stacks as a tree. */
function merged({ frames, samples, weights }: Profile): FlameNode {
  const root: FlameNode = { name: "all", tier: "interpreted", milliseconds: 0, children: new Map() };
  samples.forEach((stack, position) => {
    let node = root;
    node.milliseconds += weights[position];
    for (const index of stack) {
      let child = node.children.get(index);
      if (child === undefined) {
        child = { ...frames[index], milliseconds: 0, children: new Map() };
        node.children.set(index, child);
      }
      child.milliseconds += weights[position];
      node = child;
    }
  });
  return root;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

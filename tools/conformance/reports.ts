// The results of a conformance run as files that other programs read: TAP 14 and JUnit's XML.

import type { Judged } from "./expectedFailures.js";

/** https://testanything.org/tap-version-14-specification.html; an expected failure counts as skipped. */
export function tapText(results: readonly Judged[]): string {
  const lines = ["TAP version 14", `1..${results.length}`];
  results.forEach((result, index) => {
    const { outcome, message, isExpected } = result;
    const fails = outcome === "failed" && !isExpected;
    const reason = isExpected ? `expected failure: ${message}` : message;
    const directive = outcome === "skipped" || isExpected ? ` # SKIP ${oneLine(reason)}` : "";
    lines.push(`${fails ? "not ok" : "ok"} ${index + 1} - ${result.bytecodes} ${result.name}${directive}`);
    if (fails) lines.push("  ---", `  message: ${JSON.stringify(message)}`, "  ...");
  });
  return `${lines.join("\n")}\n`;
}

/** A testsuite for each bytecode set, as Jenkins' and GitLab's readers take it. Expected failures count as skipped. */
export function junitText(results: readonly Judged[]): string {
  const sets = [...new Set(results.map(({ bytecodes }) => bytecodes))];
  const suites = sets.map((set) => {
    const own = results.filter(({ bytecodes }) => bytecodes === set);
    const failures = own.filter(({ outcome, isExpected }) => outcome === "failed" && !isExpected).length;
    const skipped = own.filter(({ outcome, isExpected }) => outcome === "skipped" || isExpected).length;
    const seconds = own.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / 1000;
    const head = `  <testsuite name="conformance ${set}" tests="${own.length}" failures="${failures}" skipped="${skipped}" time="${seconds.toFixed(3)}">`;
    return [head, ...own.map(testCase), "  </testsuite>"].join("\n");
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join("\n")}\n</testsuites>\n`;
}

function testCase(result: Judged): string {
  const [, stage, className, name] = /^(.*: )?(?:(\w+)>>)?(.*)$/.exec(result.name)!;
  const title = (stage ?? "") + name;
  const head = `    <testcase classname="${xml(className ?? "")}" name="${xml(title)}" time="${(result.milliseconds / 1000).toFixed(3)}"`;
  const text = xml(result.message);
  if (result.outcome === "passed") return `${head}/>`;
  if (result.outcome === "skipped" || result.isExpected) return `${head}><skipped message="${text}"/></testcase>`;
  return `${head}><failure message="${text}"/></testcase>`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

/** Text for an attribute; characters that XML 1.0 does not have become question marks. */
function xml(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\x20-\uffff]/g, "?")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\n", "&#10;");
}

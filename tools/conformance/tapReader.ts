// What a conformance image reports, line by line: TAP 13 with a line `# run NUMBER NAME` before each test, so that the
// test under way is known where the report breaks off.

export type TestOutcome = "passed" | "failed" | "skipped";

export interface TestResult {
  readonly name: string;
  readonly outcome: TestOutcome;
  /** Why it failed or was skipped; empty where it passed. */
  readonly message: string;
  readonly milliseconds: number;
}

export interface TapReader {
  /** Takes a part of the report, cut anywhere. `now` in milliseconds times the tests. */
  take(text: string, now: number): void;
  /** The report has ended: a failure at its very end has no more lines to come. */
  end(): void;
  /** From the line `1..N`; undefined before. */
  readonly planned: number | undefined;
  readonly results: readonly TestResult[];
  /** The test that has begun and not been reported. */
  readonly underWay: { readonly number: number; readonly name: string } | undefined;
}

/** Reads one report from its beginning. */
export function tapReader(): TapReader {
  const results: TestResult[] = [];
  let planned: number | undefined;
  let underWay: { number: number; name: string } | undefined;
  let rest = "";
  let began = 0;
  let failing: { name: string; milliseconds: number; message: string } | undefined;

  function settle(): void {
    if (failing === undefined) return;
    results.push({ ...failing, outcome: "failed", message: failing.message || "failed without a message" });
    failing = undefined;
  }

  function takeLine(line: string, now: number): void {
    const message = /^ {2}message: '(.*)'$/.exec(line);
    if (message !== null && failing !== undefined) {
      failing.message = message[1].replaceAll("''", "'");
      return;
    }
    if (line.startsWith(" ")) return;
    settle();
    const plan = /^1\.\.(\d+)$/.exec(line);
    if (plan !== null) planned = Number(plan[1]);
    const run = /^# run (\d+) (.+)$/.exec(line);
    if (run !== null) {
      underWay = { number: Number(run[1]), name: run[2] };
      began = now;
    }
    const result = /^(not )?ok \d+ - (.*?)(?: # SKIP (.*))?$/.exec(line);
    if (result === null) return;
    const [, not, name, reason] = result;
    const milliseconds = now - began;
    underWay = undefined;
    if (not !== undefined) failing = { name, milliseconds, message: "" };
    else
      results.push({ name, outcome: reason === undefined ? "passed" : "skipped", message: reason ?? "", milliseconds });
  }

  return {
    take(text, now) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) takeLine(line, now);
    },
    end: settle,
    get planned() {
      return planned;
    },
    results,
    get underWay() {
      return underWay;
    },
  };
}

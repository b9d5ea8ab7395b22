// Near misses: names that a person may have meant.

const MAX_SUGGESTIONS = 3;

/** `; did you mean A, B or C?`, or nothing where no name is near. */
export function suggestion(word: string, names: Iterable<string>): string {
  const near = nearest(word, names);
  if (near.length === 0) return "";
  const last = near.pop()!;
  return `; did you mean ${near.length === 0 ? last : `${near.join(", ")} or ${last}`}?`;
}

/** The names nearest to a word, best first: same letters in another case, then few edits, then a common beginning. */
export function nearest(word: string, names: Iterable<string>): string[] {
  const lower = word.toLowerCase();
  const limit = Math.max(1, Math.floor(word.length / 3));
  const found: { name: string; distance: number }[] = [];
  for (const name of new Set(names)) {
    const other = name.toLowerCase();
    if (other === lower) found.push({ name, distance: 0 });
    else if (Math.abs(name.length - word.length) <= limit) {
      const distance = editDistance(lower, other);
      if (distance <= limit) found.push({ name, distance });
    } else if (word.length >= 4 && (other.startsWith(lower) || other.endsWith(lower))) {
      found.push({ name, distance: limit + (name.length - word.length) / 100 });
    }
  }
  found.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return found.slice(0, MAX_SUGGESTIONS).map(({ name }) => name);
}

/** Insertions, deletions, changes and swaps of neighbours that lead from one word to the other. */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(previous[j] + 1, row[j - 1] + 1, change);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], beforePrevious[j - 2] + 1);
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length];
}

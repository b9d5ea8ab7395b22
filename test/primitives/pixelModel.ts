// BitBlt by its definition, one pixel at a time and without regard to speed: what the engine is compared with.

export type Pixels = { words: Uint32Array; width: number; height: number; depth: number };
export type ColorMap = { shifts?: number[]; masks?: number[]; table?: Uint32Array };

export type Copy = {
  rule: number;
  dest: Pixels;
  source?: Pixels;
  halftone?: number[];
  map?: ColorMap;
  destX: number;
  destY: number;
  width: number;
  height: number;
  sourceX: number;
  sourceY: number;
  clip: { x: number; y: number; width: number; height: number };
  alpha: number;
};

/** What a copy answers beside the pixels: the sum of differences (rule 32). */
export type CopyResult = { difference: number };

export function makePixels(width: number, height: number, depth: number, word: () => number): Pixels {
  const words = Uint32Array.from({ length: wordsPerRow(width, depth) * height }, word);
  return { words, width, height, depth };
}

function wordsPerRow(width: number, depth: number): number {
  return Math.ceil((width * Math.abs(depth)) / 32);
}

/** Where a pixel is: its word, and how far from that word's lowest bit. */
function place(pixels: Pixels, x: number, y: number): { word: number; shift: number; mask: number } {
  const depth = Math.abs(pixels.depth);
  const inWord = 32 / depth;
  const position = x % inWord;
  const shift = (pixels.depth > 0 ? inWord - 1 - position : position) * depth;
  const word = y * wordsPerRow(pixels.width, depth) + Math.floor(x / inWord);
  return { word, shift, mask: depth === 32 ? 0xffffffff : 2 ** depth - 1 };
}

export function getPixel(pixels: Pixels, x: number, y: number): number {
  const { word, shift, mask } = place(pixels, x, y);
  return ((pixels.words[word]! >>> shift) & mask) >>> 0;
}

export function putPixel(pixels: Pixels, x: number, y: number, value: number): void {
  const { word, shift, mask } = place(pixels, x, y);
  pixels.words[word] = (pixels.words[word]! & ~(mask << shift)) | ((value & mask) << shift);
}

/** Does the copy on `copy.dest`, tallying in the map's table where the rule says so. */
export function copyPixels(copy: Copy): CopyResult {
  const { dest, clip, rule } = copy;
  const usesSource = copy.source !== undefined && ![0, 5, 10, 15].includes(rule);
  const source = usesSource ? { ...copy.source!, words: copy.source!.words.slice() } : undefined;
  const old = { ...dest, words: dest.words.slice() };
  let difference = 0;
  for (let y = 0; y < dest.height; y++) {
    for (let x = 0; x < dest.width; x++) {
      if (!within(x - copy.destX, copy.width) || !within(y - copy.destY, copy.height)) continue;
      if (!within(x - clip.x, clip.width) || !within(y - clip.y, clip.height)) continue;
      const fromX = x - copy.destX + copy.sourceX;
      const fromY = y - copy.destY + copy.sourceY;
      let pixel = 0xffffffff;
      if (source !== undefined) {
        if (!within(fromX, source.width) || !within(fromY, source.height)) continue;
        pixel = mapPixel(getPixel(source, fromX, fromY), source, dest, copy.map);
      }
      pixel = (pixel & halftoneAt(copy, x, y) & place(dest, x, y).mask) >>> 0;
      const present = getPixel(old, x, y);
      if (rule === 32) difference += distance(pixel, present, Math.abs(dest.depth));
      else if (rule === 33) tally(present, Math.abs(dest.depth), source === undefined ? undefined : copy.map);
      else putPixel(dest, x, y, combine(copy, pixel, present));
    }
  }
  return { difference };
}

function within(value: number, size: number): boolean {
  return value >= 0 && value < size;
}

function halftoneAt(copy: Copy, x: number, y: number): number {
  if (copy.halftone === undefined || [0, 5, 10, 15].includes(copy.rule)) return 0xffffffff;
  return copy.halftone[y % copy.halftone.length]! >>> place(copy.dest, x, y).shift;
}

function colorBits(depth: number): number {
  return depth === 16 ? 5 : 8;
}

/** A source pixel as the map, explicit or implied by the depths, makes it. */
function mapPixel(pixel: number, source: Pixels, dest: Pixels, map: ColorMap | undefined): number {
  const from = Math.abs(source.depth);
  const to = Math.abs(dest.depth);
  let result = pixel;
  if (map?.shifts !== undefined) {
    result = 0;
    map.shifts.forEach((shift, i) => {
      const bits = (pixel & map.masks![i]!) >>> 0;
      result |= shift < 0 ? bits >>> -shift : bits << shift;
    });
    result >>>= 0;
  } else if (from > 8) {
    const tableBits = map?.table === undefined ? 0 : indexBits(map.table);
    const target = tableBits || (to > 8 ? colorBits(to) : colorBits(from));
    if (target !== colorBits(from)) result = recolor(pixel, colorBits(from), target);
  }
  if (result === 0 && pixel !== 0) result = 1;
  return map?.table === undefined ? result : map.table[result % map.table.length]!;
}

/** Bits of each colour in an index of the table; 0 where the table is for pixels, not colours. */
function indexBits(table: Uint32Array): number {
  return { 512: 3, 4096: 4, 32768: 5 }[table.length] ?? 0;
}

/** Red, green and blue with another number of bits, cut or filled with zeros; alpha goes. */
function recolor(pixel: number, bitsIn: number, bitsOut: number): number {
  let result = 0;
  for (let i = 0; i < 3; i++) {
    const component = Math.floor(pixel / 2 ** (i * bitsIn)) % 2 ** bitsIn;
    result += Math.floor(component * 2 ** (bitsOut - bitsIn)) * 2 ** (i * bitsOut);
  }
  return result;
}

/** The fields of a pixel that colour rules work on, lowest first. */
function fields(pixel: number, depth: number): number[] {
  if (depth === 16) return [0, 5, 10].map((shift) => (pixel >>> shift) & 31);
  return depth === 32 ? [0, 8, 16, 24].map((shift) => (pixel >>> shift) & 255) : [pixel];
}

function join(values: number[], depth: number): number {
  const bits = depth === 16 ? 5 : 8;
  return values.reduce((sum, value, i) => sum + value * 2 ** (i * bits), 0);
}

function combine(copy: Copy, s: number, d: number): number {
  const depth = Math.abs(copy.dest.depth);
  const rule = copy.rule;
  // The first rules are their own truth tables; 15 would be all ones, but leaves the destination alone.
  if (rule === 15) return d;
  if (rule < 15) return boole(rule, s, d);
  const largest = depth === 16 ? 31 : depth === 32 ? 255 : 2 ** depth - 1;
  const each = (f: (a: number, b: number) => number): number => {
    const present = fields(d, depth);
    return join(
      fields(s, depth).map((a, i) => f(a, present[i]!)),
      depth,
    );
  };
  const alpha = s >>> 24;
  switch (rule) {
    case 18:
      return s + d;
    case 19:
      return s - d;
    case 20:
      return each((a, b) => Math.min(a + b, largest));
    case 21:
      return each((a, b) => Math.abs(a - b));
    case 24:
      return alpha === 0 ? d : blend((s | 0xff000000) >>> 0, d, alpha, depth);
    case 25:
      return s === 0 ? d : s;
    case 26:
      return s === 0 ? d : 0;
    case 27:
      return each(Math.max);
    case 28:
      return each(Math.min);
    case 29:
      return each((a, b) => Math.min(largest - a, b));
    case 30:
      return blend(s, d, copy.alpha, depth);
    case 31:
      return s === 0 ? d : blend(s, d, copy.alpha, depth);
    case 34:
      return alpha === 0 ? d : each((a, b) => Math.min(a + Math.floor((b * (255 - alpha)) / 256), 255));
    case 37:
      return each((a, b) => Math.floor(((a + 1) * (b + 1) - 1) / (largest + 1)));
    case 39:
      return s === d ? 0 : d;
    case 40:
      return depth === 32 && d !== 0 && d >>> 24 === 0 ? d | (s & 0xff000000) : d;
    default:
      throw new Error(`no model of rule ${rule}`);
  }
}

function boole(rule: number, s: number, d: number): number {
  const terms = [s & d, s & ~d, ~s & d, ~s & ~d];
  // Rule 1 keeps where both are set, 2 where the source alone is, 4 the destination alone, 8 neither.
  return terms.reduce((result, term, i) => ((rule >> i) & 1 ? result | term : result), 0);
}

/** Source over destination in parts of 255, each component rounded up. Colours of five bits lose the sixteenth. */
function blend(s: number, d: number, alpha: number, depth: number): number {
  if (depth < 16) return d;
  const present = fields(d, depth);
  return join(
    fields(s, depth).map((a, i) => Math.ceil((a * alpha + present[i]! * (255 - alpha)) / 255)),
    depth,
  );
}

function distance(s: number, d: number, depth: number): number {
  if (depth < 16) return s === d ? 0 : 1;
  const present = fields(d, depth).slice(0, 3);
  return present.reduce((sum, b, i) => sum + Math.abs(fields(s, depth)[i]! - b), 0);
}

function tally(pixel: number, depth: number, map: ColorMap | undefined): void {
  const table = map?.table;
  if (table === undefined) return;
  const bits = indexBits(table);
  let index = pixel;
  if (depth >= 16) {
    index = recolor(pixel, colorBits(depth), bits);
    if (index === 0 && pixel !== 0) index = 1;
  }
  table[index % table.length]!++;
}

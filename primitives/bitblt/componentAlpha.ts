// Rule 41's arithmetic: the source gives an alpha for each component, the colour comes beside it. This is how text is
// drawn with sub-pixel anti-aliasing.

import { Address } from "../../vm/plugin";
import { blit } from "./operation";

/** A 32-bit pixel under a mask of alphas. BitBltSimulation>>rgbComponentAlpha32:with: */
export function componentAlpha32(mask: u32, to: u32): u32 {
  if (mask == 0) return to;
  const color = blit.componentColor;
  const scale = blit.componentAlpha & 255;
  const alpha = scaled(mask >> 24, scale);
  const red = blendComponent(scaled((mask >> 16) & 255, scale), (color >> 16) & 255, (to >> 16) & 255);
  const green = blendComponent(scaled((mask >> 8) & 255, scale), (color >> 8) & 255, (to >> 8) & 255);
  const blue = blendComponent(scaled(mask & 255, scale), color & 255, to & 255);
  const opacity = min<u32>((((to >> 24) * (255 - alpha)) >> 8) + alpha, 255);
  return (opacity << 24) | (red << 16) | (green << 8) | blue;
}

// @ts-ignore: decorator
@inline
function scaled(alpha: u32, scale: u32): u32 {
  return scale == 255 ? alpha : (alpha * scale) >> 8;
}

function blendComponent(alpha: u32, from: u32, to: u32): u32 {
  const a = lookUp(blit.ungammaTable, from);
  const b = lookUp(blit.ungammaTable, to);
  const blended = min<u32>(((b * (255 - alpha)) >> 8) + ((a * alpha) >> 8), 255);
  return lookUp(blit.gammaTable, blended);
}

/** A byte through a table of 256, where there is one. */
// @ts-ignore: decorator
@inline
function lookUp(table: Address, byte: u32): u32 {
  return table == 0 ? byte : load<u8>(table + byte);
}

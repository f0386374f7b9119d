/**
 * How wide a text is in a font, measured by the browser and remembered.
 * @module
 */
import type { Measure } from './label.ts'

const rulers = new Map<string, Measure>()
const widthsMax = 5000

/** @param font as the `font` of a canvas, e.g. `500 13px system-ui` */
export function rulerOf(font: string): Measure {
  const known = rulers.get(font)
  if (known) return known
  const canvas = document.createElement('canvas').getContext('2d')!
  canvas.font = font
  const widths = new Map<string, number>()
  const measure = (text: string): number => {
    const before = widths.get(text)
    if (before !== undefined) return before
    const { width } = canvas.measureText(text)
    if (widths.size > widthsMax) widths.clear()
    widths.set(text, width)
    return width
  }
  rulers.set(font, measure)
  return measure
}

/**
 * Cuts a name to the width of its cell, by whole characters as a person sees them.
 * @module
 */

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const rulers = new Map<string, CanvasRenderingContext2D>()
const widths = new Map<string, number>()
const widthsMax = 5000

/** @param font as the `font` of a canvas, e.g. `500 13px system-ui` */
export function fit(text: string, widthPx: number, font: string): string {
  if (measure(text, font) <= widthPx) return text
  const characters = [...graphemes.segment(text)].map(({ segment }) => segment)
  let fits = 0
  let tooMany = characters.length
  while (tooMany - fits > 1) {
    const middle = (fits + tooMany) >> 1
    if (measure(`${characters.slice(0, middle).join('')}…`, font) <= widthPx) fits = middle
    else tooMany = middle
  }
  return fits === 0 ? '' : `${characters.slice(0, fits).join('').trimEnd()}…`
}

function measure(text: string, font: string): number {
  const key = `${font}|${text}`
  const known = widths.get(key)
  if (known !== undefined) return known
  let ruler = rulers.get(font)
  if (!ruler) {
    ruler = document.createElement('canvas').getContext('2d')!
    ruler.font = font
    rulers.set(font, ruler)
  }
  const { width } = ruler.measureText(text)
  if (widths.size > widthsMax) widths.clear()
  widths.set(key, width)
  return width
}

/**
 * How a name is written into its cell: lying where it fits, else standing, as titles do on the backs of books.
 *
 * Pure; names are cut by whole characters as a person sees them.
 * @module
 */

/** The width of a text in pixels. */
export type Measure = (text: string) => number

export interface Label {
  readonly lines: readonly string[]
  /** Written from the foot of the cell to its head. */
  readonly isStanding: boolean
}

const lineCountMax = 2

/** @param linePx from one line to the next */
export function labelOf(text: string, widthPx: number, heightPx: number, linePx: number, measure: Measure): Label {
  const linesIn = (roomPx: number) => Math.min(lineCountMax, Math.floor(roomPx / linePx))
  const lying = wrap(text, widthPx, linesIn(heightPx), measure)
  if (!lying.isCut || heightPx <= widthPx) return { lines: lying.lines, isStanding: false }
  return { lines: wrap(text, heightPx, linesIn(widthPx), measure).lines, isStanding: true }
}

/** Cut to one line. */
export function fit(text: string, widthPx: number, measure: Measure): string {
  if (measure(text) <= widthPx) return text
  const characters = [...graphemes.segment(text)].map(({ segment }) => segment)
  let fits = 0
  let tooMany = characters.length
  while (tooMany - fits > 1) {
    const middle = (fits + tooMany) >> 1
    if (measure(`${characters.slice(0, middle).join('')}…`) <= widthPx) fits = middle
    else tooMany = middle
  }
  return fits === 0 ? '' : `${characters.slice(0, fits).join('').trimEnd()}…`
}
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Breaks between words; what the last line cannot hold is cut. */
function wrap(text: string, widthPx: number, lineCount: number, measure: Measure) {
  const words = text.split(/(?<=[\s_-])/u)
  const lines: string[] = []
  while (words.length > 0 && lines.length < lineCount - 1) {
    let line = words.shift()!
    while (words.length > 0 && measure((line + words[0]).trimEnd()) <= widthPx) line += words.shift()
    // A word longer than a line is cut there, so the lines below would lack its end.
    if (measure(line.trimEnd()) > widthPx) {
      words.unshift(line)
      break
    }
    lines.push(line.trimEnd())
  }
  const rest = words.join('')
  if (rest === '') return { lines, isCut: false }
  const last = fit(rest, widthPx, measure)
  return { lines: [...lines, last], isCut: last !== rest }
}

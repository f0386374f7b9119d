/**
 * Looks for given octets in every file of a folder, in all the forms in which a program may have written them down.
 * @module
 */
import { readFile, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'

/** Where a marker was found. */
export interface Trace {
  readonly marker: string
  /** Such as `utf-16le` or `base64+1`. */
  readonly form: string
  /** Relative to the folder; a marker may also be in the name. */
  readonly file: string
}

/** By a label for a person: text, or octets that no text stands for. */
export type Markers = ReadonlyMap<string, string | Uint8Array>

/** Reads every octet of every file once. */
export async function findTraces(folder: string, markers: Markers): Promise<readonly Trace[]> {
  const patterns = [...markers].flatMap(([marker, value]) =>
    [...formsOf(value)].map(([form, octets]) => ({ marker, form, octets })),
  )
  const byStart = new Map<number, (typeof patterns)[number][]>()
  const isStart = new Uint8Array(65_536)
  for (const pattern of patterns) {
    const [first, second] = pattern.octets
    const start = (first! << 8) | second!
    isStart[start] = 1
    byStart.set(start, [...(byStart.get(start) ?? []), pattern])
  }
  const found = new Map<string, Trace>()
  const search = (octets: Uint8Array, file: string): void => {
    for (let at = 0, start = octets[0] ?? 0; at + 1 < octets.length; at++) {
      start = ((start & 0xff) << 8) | octets[at + 1]!
      if (isStart[start] === 0) continue
      for (const { marker, form, octets: sought } of byStart.get(start)!)
        if (isAt(octets, at, sought)) found.set([marker, form, file].join('\0'), { marker, form, file })
    }
  }
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const file = relative(folder, path)
    search(new TextEncoder().encode(file), file)
    if (entry.isFile()) search(await readFile(path), file)
  }
  return [...found.values()]
}

function isAt(octets: Uint8Array, at: number, sought: Uint8Array): boolean {
  for (let index = 2; index < sought.length; index++) if (octets[at + index] !== sought[index]) return false
  return true
}

/** What stands on a disk where a value was written in some form, whatever stood before and after it. */
export function formsOf(value: string | Uint8Array): ReadonlyMap<string, Uint8Array> {
  const forms = new Map<string, Uint8Array>()
  const octets = typeof value === 'string' ? new TextEncoder().encode(value) : value
  forms.set('octets', octets)
  const writings = [{ form: '', octets }]
  if (typeof value === 'string') {
    const little = Uint8Array.from(Buffer.from(value, 'utf16le'))
    const big = little.map((_, at) => little[at ^ 1]!)
    forms.set('utf-16le', little)
    forms.set('utf-16be', big)
    writings.push({ form: ' of utf-16le', octets: little }, { form: ' of utf-16be', octets: big })
  }
  const latin = (text: string): Uint8Array => Uint8Array.from(text, (sign) => sign.charCodeAt(0))
  for (const writing of writings) {
    const hex = Buffer.from(writing.octets).toString('hex')
    forms.set(`hex${writing.form}`, latin(hex))
    forms.set(`HEX${writing.form}`, latin(hex.toUpperCase()))
    for (const skipped of [0, 1, 2]) {
      const text = base64Core(writing.octets, skipped)
      forms.set(`base64+${skipped}${writing.form}`, latin(text))
      forms.set(`base64url+${skipped}${writing.form}`, latin(text.replaceAll('+', '-').replaceAll('/', '_')))
    }
  }
  return forms
}

/** The letters that depend on the octets alone, where they begin `skipped` octets into a group of three. */
function base64Core(octets: Uint8Array, skipped: number): string {
  const letters = Buffer.from([...new Uint8Array(skipped), ...octets]).toString('base64')
  const firstLetter = Math.ceil((skipped * 8) / 6)
  const lastLetter = Math.floor(((skipped + octets.length) * 8) / 6)
  return letters.slice(firstLetter, lastLetter)
}

/**
 * Names that make room for each other: a number where one's own deeds meet, the device and the day where two devices' do.
 * @module
 */
import { utf8 } from '../core/bytes/bytes.ts'
import { nameSizeBytesMax } from '../core/path/path.ts'

/** The name itself where it is free, else with the lowest number that is: `photo (2).jpg`. */
export function numberedName(name: string, isFree: (name: string) => boolean): string {
  if (isFree(name)) return name
  for (let number = 2; ; number++) {
    const candidate = withNote(name, String(number))
    if (isFree(candidate)) return candidate
  }
}

/**
 * What a file or folder is called that came too late for its name: `report (from Phone, 3 May).txt`.
 * @param madeAtMs by the clock of the device that made it
 */
export function nameFrom(name: string, deviceName: string, madeAtMs: number): string {
  const note = `from ${deviceName}, ${dayFormat.format(madeAtMs)}`
  // What has the note already would not become clearer by a second.
  return name.includes(`(${note})`) ? name : withNote(name, note)
}

const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long' })

/** No ending that a program goes by is longer. */
const endingLengthMax = 16

/** The note goes before the ending; where the whole would be too long, the beginning is cut. */
function withNote(name: string, note: string): string {
  const dot = name.lastIndexOf('.')
  const hasEnding = dot > 0 && name.length - dot <= endingLengthMax
  const ending = hasEnding ? name.slice(dot) : ''
  const stem = [...(hasEnding ? name.slice(0, dot) : name)]
  const whole = (): string => `${stem.join('')} (${note})${ending}`
  while (stem.length > 1 && utf8(whole()).length > nameSizeBytesMax) stem.pop()
  return whole()
}

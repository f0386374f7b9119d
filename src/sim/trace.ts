/**
 * The trace of a run: a running hash over everything that happened, and the last lines of it in words.
 *
 * Two runs of one seed must have the same hash; where they have not, something in the system does not come from the seed.
 * The hash is MurmurHash3's mixing in two lanes, 64 bits: it finds accidents, it withstands no attacker.
 * @module
 */

const storyLineCount = 60

export class Trace {
  #high = 0x2545f491
  #low = 0x6c078965
  readonly #story: string[] = []
  readonly #lineCountMax: number

  constructor(lineCountMax = storyLineCount) {
    this.#lineCountMax = lineCountMax
  }

  /** Takes in an event; `octets` are hashed, not told. */
  note(timeMs: number, line: string, octets?: Uint8Array): void {
    this.#mix(timeMs)
    for (let i = 0; i < line.length; i++) this.#mix(line.charCodeAt(i))
    if (octets !== undefined) this.#mixOctets(octets)
  }

  /** As `note`, and kept for the story. */
  tell(timeMs: number, line: string, octets?: Uint8Array): void {
    this.note(timeMs, line, octets)
    if (this.#story.length === this.#lineCountMax) this.#story.shift()
    this.#story.push(`${(timeMs / 1000).toFixed(3).padStart(12)} s  ${line}`)
  }

  /** The last lines that were told, oldest first. */
  get story(): readonly string[] {
    return this.#story
  }

  /** Sixteen hexadecimal digits. */
  get hash(): string {
    return [this.#high, this.#low].map((lane) => (finish(lane) >>> 0).toString(16).padStart(8, '0')).join('')
  }

  #mixOctets(octets: Uint8Array): void {
    this.#mix(octets.length)
    const wordsEnd = octets.length & ~3
    for (let i = 0; i < wordsEnd; i += 4)
      this.#mix(octets[i]! | (octets[i + 1]! << 8) | (octets[i + 2]! << 16) | (octets[i + 3]! << 24))
    for (let i = wordsEnd; i < octets.length; i++) this.#mix(octets[i]!)
  }

  #mix(word: number): void {
    this.#high = step(this.#high, Math.imul(word, 0xcc9e2d51))
    this.#low = step(this.#low, Math.imul(word ^ this.#high, 0x1b873593))
  }
}

function step(hash: number, word: number): number {
  const mixed = hash ^ Math.imul((word << 15) | (word >>> 17), 0x85ebca6b)
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0
}

function finish(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  const again = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return again ^ (again >>> 16)
}

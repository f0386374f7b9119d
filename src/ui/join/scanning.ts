/**
 * The course of reading an invitation: by the camera, from a picture, or from a link that was pasted.
 *
 * Knows no element and no camera; the page draws it.
 * @module
 */
import { codeOf, sentenceOf } from '../fault.ts'
import type { ScannerPort } from '../ports.ts'
import { codeIn } from './link.ts'
import { joinWords } from './words.ts'

/** `asking`: for the camera. `looking`: through it. `reading`: a picture. */
export type ScanState = 'idle' | 'asking' | 'looking' | 'reading'

/** Tells its watchers of every change. */
export class Scanning extends EventTarget {
  state: ScanState = 'idle'
  /** Why it did not work; empty: it did. */
  problem = ''
  /** The camera sees a code that is none of ours. */
  isStranger = false
  readonly #load: () => Promise<ScannerPort>
  readonly #found: (code: string) => void
  #abort = new AbortController()

  /** @param found is given the code of an invitation, once for each way that was tried */
  constructor(load: () => Promise<ScannerPort>, found: (code: string) => void) {
    super()
    this.#load = load
    this.#found = found
  }

  /** Looks through the camera until an invitation is seen, or until `stop`. */
  async look(video: HTMLVideoElement): Promise<void> {
    await this.#try('asking', async (scanner, abort) => {
      await scanner.look(video, {
        signal: abort.signal,
        onRunning: () => this.#to('looking'),
        onText: (text) => this.#seen(text, abort),
      })
    })
  }
  stop(): void {
    this.#abort.abort()
  }

  async readPhoto(photo: Blob): Promise<void> {
    this.stop()
    await this.#try('reading', async (scanner, { signal }) => {
      const text = await scanner.readPhoto(photo)
      if (signal.aborted) return
      const { notInPhoto, strangerPhoto } = joinWords.join.ways
      if (text === null) this.problem = notInPhoto
      else this.#judge(text, strangerPhoto)
    })
  }

  readLink(text: string): void {
    this.problem = ''
    this.#judge(text, joinWords.join.ways.strangerLink)
    this.#tell()
  }

  #judge(text: string, stranger: string): void {
    const code = codeIn(text)
    if (code === null) this.problem = stranger
    else this.#found(code)
  }

  #seen(text: string, abort: AbortController): void {
    if (abort.signal.aborted) return
    const code = codeIn(text)
    if (code !== null) {
      abort.abort()
      this.#found(code)
    } else if (!this.isStranger) {
      this.isStranger = true
      this.#tell()
    }
  }

  async #try(state: ScanState, deed: (scanner: ScannerPort, abort: AbortController) => Promise<void>): Promise<void> {
    const abort = (this.#abort = new AbortController())
    this.problem = ''
    this.isStranger = false
    this.#to(state)
    let problem = ''
    try {
      const scanner = await this.#load()
      if (!abort.signal.aborted) await deed(scanner, abort)
    } catch (error) {
      if (codeOf(error) !== 'cancelled') problem = sentenceOf(error)
    }
    // Another way was tried meanwhile; it is told of from here on.
    if (this.#abort !== abort) return
    this.problem ||= problem
    this.isStranger = false
    this.#to('idle')
  }
  #to(state: ScanState): void {
    this.state = state
    this.#tell()
  }
  #tell(): void {
    this.dispatchEvent(new Event('change'))
  }
}

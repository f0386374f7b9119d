/**
 * The appeal of a device that was put out by what another one said, and not by its own log.
 *
 * The other one may have been put out itself, earlier, and this device be the last to hear of it. So it goes on looking for the others,
 * tells them who it is and nothing more. One that takes it for a device of the tree, and that knows of more removals than the state
 * here, knows that it was not removed.
 * @module
 */
import { type Bytes, ok } from '../core/bytes/bytes.ts'
import type { Connection } from '../port/net.ts'
import { Peers, type PeersOptions } from './peers.ts'

/** They are looked for so long, and so long not. */
const roundMs = 30_000
const pauseMs = 60_000

export interface AppealOptions extends Omit<PeersOptions, 'onUp' | 'onDown' | 'onFrame' | 'farewells'> {
  /** Another device takes this one for one of its own, and knows of more removals. */
  onOverruled(): void
}

export class Appeal {
  readonly #options: AppealOptions
  #peers: Peers | null = null
  #cancel = (): void => {}

  constructor(options: AppealOptions) {
    this.#options = options
    this.#begin()
  }

  accept(connection: Connection, first: Bytes): void {
    if (this.#peers === null) connection.close()
    else this.#peers.accept(connection, first)
  }

  retry(): void {
    this.#peers?.retry()
  }

  close(): void {
    this.#cancel()
    this.#peers?.close()
    this.#peers = null
  }

  /** With new connections each time: what others know is said at the beginning of one. */
  #begin(): void {
    const { introduction, onOverruled, platform } = this.#options
    this.#peers = new Peers({
      ...this.#options,
      onUp: (_id, { revocationHead }) => {
        if (revocationHead.sequence > introduction().revocationHead.sequence) onOverruled()
      },
      onDown() {},
      onFrame: () => ok,
    })
    this.#cancel = platform.clock.after(roundMs, () => {
      this.close()
      this.#cancel = platform.clock.after(pauseMs, () => this.#begin())
    })
  }
}

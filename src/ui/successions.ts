/**
 * Tells of every take-over, on all devices but the one that did it: nobody goes on without another in silence.
 * @module
 */
import type { TreeStatus } from '../node/api.ts'
import type { Notices } from './notices.ts'
import { words } from './words.ts'

export class Successions {
  readonly #notices: Notices
  readonly #look: () => void
  #known: { readonly treeId: string; readonly generation: number } | null = null

  /** @param look shows the devices */
  constructor(notices: Notices, look: () => void) {
    this.#notices = notices
    this.#look = look
  }

  heard({ treeId, decider: { generation, quorum, deviceName } }: TreeStatus): void {
    const before = this.#known
    this.#known = { treeId, generation }
    if (before?.treeId !== treeId || generation <= before.generation || quorum === 'here') return
    this.#notices.news(words.tookOver.text(deviceName), { label: words.tookOver.button, act: this.#look })
  }
}

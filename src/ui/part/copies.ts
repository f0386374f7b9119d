/**
 * The copies badge: on how many devices something is now. Counted, never promised.
 * @module
 */
import { LitElement, css, html } from 'lit'
import type { TreeStatus } from '../../node/api.ts'
import type { Safety } from '../model.ts'
import { words } from '../words.ts'
import { dotStyle } from './dot.css.ts'
import { shared } from './shared.ts'

export class BtCopies extends LitElement {
  static override properties = {
    safety: { attribute: false, hasChanged: (now: Safety, before?: Safety) => !isSame(now, before) },
    tree: { attribute: false },
    brief: { type: Boolean },
  }
  declare safety: Safety
  /** null: of one device. */
  declare tree: TreeStatus | null
  /** In a word, where the sentence stands elsewhere. */
  declare brief: boolean

  static override styles = [
    shared,
    dotStyle,
    css`
      :host {
        display: inline-flex;
      }
      .badge:not(.alone) {
        color: var(--ink-quiet);
      }
      .badge {
        display: inline-flex;
        align-items: center;
        gap: 0.4em;
        font-size: var(--text-1);
      }
    `,
  ]

  constructor() {
    super()
    this.safety = { copyCount: 1, isWaiting: false }
    this.tree = null
    this.brief = false
  }

  override render() {
    const { copyCount, isWaiting } = this.safety
    const text = safetyText(this.safety, this.tree)
    const brief = isWaiting ? words.copies.waiting : words.copies.brief(copyCount)
    return html`<span class="badge ${isWaiting || copyCount < 2 ? 'alone' : ''}" title=${text}>
      <span class="dot"></span><span>${this.brief ? brief : text}</span>
    </span>`
  }
}

/** In a sentence. @param tree null: of one device */
export function safetyText({ copyCount, isWaiting }: Safety, tree: TreeStatus | null): string {
  const { here, none, many, of, waitingFor } = words.copies
  const deviceCount = tree?.deviceCount ?? 1
  if (isWaiting) return waitingFor(tree?.waiting?.deviceNames ?? [])
  if (copyCount === 0) return none
  if (copyCount === 1) return here
  return copyCount < deviceCount ? of(copyCount, deviceCount) : many(copyCount)
}

const isSame = (one: Safety, other: Safety | undefined): boolean =>
  one.copyCount === other?.copyCount && one.isWaiting === other.isWaiting

customElements.define('bt-copies', BtCopies)

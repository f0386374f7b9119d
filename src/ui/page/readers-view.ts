/**
 * Who can read this, through what, and since when.
 * @module
 */
import { LitElement, type PropertyValues, css, html, nothing } from 'lit'
import type { ReaderLine } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { sentenceOf } from '../fault.ts'
import { formatFingerprint } from '../format.ts'
import type { Model } from '../model.ts'
import { problemLine } from '../part/problem.ts'
import { shared } from '../part/shared.ts'
import { words } from '../words.ts'
import '../part/waiting.ts'

export class BtReadersView extends LitElement {
  static override properties = {
    actions: { attribute: false },
    model: { attribute: false },
    itemId: {},
    lines: { state: true },
    problem: { state: true },
  }
  /** Not the node's api itself: a proxy of another thread answers to every name, also to those by which Lit knows directives. */
  declare actions: Actions
  declare model: Model
  declare itemId: string
  declare lines: readonly ReaderLine[] | null
  declare problem: string

  static override styles = [
    shared,
    css`
      li {
        padding-block: var(--space-3);
        border-block-end: 1px solid var(--line);
      }
      li:last-child {
        border: 0;
      }
      .mono {
        color: var(--ink-quiet);
      }
    `,
  ]

  constructor() {
    super()
    this.lines = null
    this.problem = ''
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('itemId')) void this.#ask()
  }

  override render() {
    if (this.problem) return html`<div class="stack">${problemLine(this.problem, () => this.#ask())}</div>`
    if (!this.lines) return html`<bt-waiting .cause=${words.wait.readers}></bt-waiting>`
    if (this.lines.length === 0) return html`<p>${words.readers.nobody}</p>`
    return html`<ul role="list">
        ${this.lines.map(
          (line) =>
            html`<li>
              <h3><bdi>${line.who || words.readers.unnamed}</bdi></h3>
              <p class="quiet small"><bdi>${words.readers.line(line)}</bdi></p>
              ${line.principal ? html`<p class="mono">${formatFingerprint(line.principal)}</p>` : nothing}
            </li>`,
        )}
      </ul>
      ${this.model.tree?.isPlanted ? nothing : html`<p class="quiet small">${words.readers.local}</p>`}`
  }

  async #ask(): Promise<void> {
    const { itemId } = this
    this.lines = null
    this.problem = ''
    const [lines, problem] = await this.actions.api.readersOf(itemId).then(
      (found) => [found, ''] as const,
      (error: unknown) => [null, sentenceOf(error)] as const,
    )
    // Another item may be looked at by then.
    if (itemId !== this.itemId) return
    this.lines = lines
    this.problem = problem
  }
}
customElements.define('bt-readers-view', BtReadersView)

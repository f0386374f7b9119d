/**
 * What this device had kept and the tree then refused for good, until a person decides.
 * @module
 */
import { LitElement, type PropertyValues, css, html, nothing } from 'lit'
import type { Quarantined } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { sentenceOf } from '../fault.ts'
import { formatSize } from '../format.ts'
import type { Model } from '../model.ts'
import { icon } from '../part/icon.ts'
import { problemLine } from '../part/problem.ts'
import { pageStyle, shared } from '../part/shared.ts'
import { words } from '../words.ts'
import '../part/sheet.ts'
import '../part/waiting.ts'

export class BtQuarantinePage extends LitElement {
  static override properties = {
    model: { attribute: false },
    actions: { attribute: false },
    list: { state: true },
    problem: { state: true },
    asked: { state: true },
  }
  declare model: Model
  declare actions: Actions
  /** null until the tree has told. */
  declare list: readonly Quarantined[] | null
  declare problem: string
  /** What is about to be given up; null: nothing is asked. */
  declare asked: Quarantined | null

  static override styles = [
    shared,
    pageStyle,
    css`
      li {
        display: grid;
        gap: var(--space-2);
        padding-block: var(--space-4);
        border-block-end: 1px solid var(--line);
      }
      .name {
        font-weight: 600;
        overflow-wrap: anywhere;
      }
      .about {
        display: flex;
        flex-wrap: wrap;
        gap: 0 var(--space-3);
      }
    `,
  ]

  constructor() {
    super()
    this.list = null
    this.problem = ''
    this.asked = null
  }

  /** Every change of the tree may have been one of these. */
  override updated(changed: PropertyValues<this>): void {
    if (changed.has('model') && changed.get('model')?.tree !== this.model.tree) void this.#look()
  }

  override render() {
    const { list, problem } = this
    return html`<div class="page">
        <h1>${words.quarantine.title}</h1>
        <p class="quiet">${this.#isRemoved ? words.quarantine.helpRemoved : words.quarantine.help}</p>
        ${problemLine(problem, list === null ? () => this.#lookAgain() : null)}
        ${
          list === null
            ? problem
              ? nothing
              : html`<bt-waiting .cause=${words.quarantine.waiting}></bt-waiting>`
            : list.length === 0
              ? html`<p class="card">${words.quarantine.empty}</p>`
              : html`<ul role="list">
                  ${list.map((one) => this.#line(one))}
                </ul>`
        }
      </div>
      ${this.#question()}`
  }

  /** Nothing is tried again then, and the one reason for all of it stands above. */
  get #isRemoved(): boolean {
    return this.model.tree !== null && this.model.tree.removed !== null
  }

  #line(one: Quarantined) {
    const { retry, labelRetry, discard, labelDiscard, labelDownload, made, deed } = words.quarantine
    const isRemoved = this.#isRemoved
    const text = deed(one)
    const hasContent = one.deed === 'addFile' || one.deed === 'writeFile'
    return html`<li>
      <p class="name"><bdi>${text}</bdi></p>
      ${isRemoved ? nothing : html`<p>${one.reason}</p>`}
      <p class="small quiet number about">
        <span>${made(one.madeAtMs)}</span>${hasContent ? html`<span>${formatSize(one.sizeBytes)}</span>` : nothing}
      </p>
      <div class="row">
        ${
          isRemoved
            ? nothing
            : html`<button aria-label=${labelRetry(text)} @click=${() => this.#retry(one)}>
                ${icon('restore')}${retry}
              </button>`
        }
        ${
          hasContent
            ? html`<button
                class=${isRemoved ? '' : 'plain'}
                aria-label=${labelDownload(text)}
                @click=${() => this.actions.download(one.id)}
              >
                ${icon('download')}${words.item.download}
              </button>`
            : nothing
        }
        <button class="plain risky" aria-label=${labelDiscard(text)} @click=${() => (this.asked = one)}>
          ${icon('trash')}${discard}
        </button>
      </div>
    </li>`
  }

  #question() {
    const { asked } = this
    return html`<bt-sheet
      .open=${asked !== null}
      .label=${words.quarantine.ask}
      @bt-sheet-closed=${() => (this.asked = null)}
    >
      <div class="stack">
        ${asked ? html`<p><bdi>${words.quarantine.deed(asked)}</bdi></p>` : nothing}
        <p>${words.quarantine.askHelp}</p>
        <div class="row">
          <button class="danger" @click=${this.#discard}>${words.quarantine.discard}</button>
          <button class="plain" @click=${() => (this.asked = null)}>${words.cancel}</button>
        </div>
      </div>
    </bt-sheet>`
  }

  async #retry({ id }: Quarantined): Promise<void> {
    await this.#try(async () => {
      await this.actions.api.retryQuarantined(id)
      this.actions.notices.done(words.quarantine.retried)
    })
  }

  #discard(): void {
    const { asked } = this
    this.asked = null
    if (asked !== null) void this.#try(() => this.actions.api.discardQuarantined(asked.id))
  }

  #lookAgain(): void {
    this.problem = ''
    void this.#look()
  }
  async #look(): Promise<void> {
    await this.#try(async () => {
      this.list = await this.actions.api.quarantine()
    })
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.problem = ''
    } catch (error) {
      this.problem = sentenceOf(error)
    }
  }
}
customElements.define('bt-quarantine-page', BtQuarantinePage)

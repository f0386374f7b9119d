/**
 * The question which devices decide, with what follows from the answer.
 * @module
 */
import { LitElement, type PropertyValues, css, html, nothing } from 'lit'
import type { Decider, DeviceLine } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { SheetClosedEvent } from '../events.ts'
import { sentenceOf } from '../fault.ts'
import { plantStyle } from '../page/plant-page.css.ts'
import { problemLine } from '../part/problem.ts'
import { shared } from '../part/shared.ts'
import { words as common } from '../words.ts'
import { consequences, consequencesStyle } from './consequences.ts'
import { awaitedOf, decidingOf, ownOf } from './deciding.ts'
import { joinStyle } from './join.css.ts'
import { joinWords } from './words.ts'
import '../part/sheet.ts'
import '../part/waiting.ts'

const { deciders: words } = joinWords
/** A tree takes no more. */
const countMax = 7

/** Somebody wants to go on without the devices that decide. */
export class GoOnWithoutEvent extends Event {
  constructor() {
    super('bt-go-on-without', { bubbles: true, composed: true })
  }
}

export class BtDecidersSheet extends LitElement {
  static override properties = {
    actions: { attribute: false },
    decider: { attribute: false },
    devices: { attribute: false },
    isOpen: { type: Boolean },
    chosen: { state: true },
    isBusy: { state: true },
    problem: { state: true },
  }
  declare actions: Actions
  declare decider: Decider
  declare devices: readonly DeviceLine[]
  declare isOpen: boolean
  /** Principals; what is ticked now. */
  declare chosen: ReadonlySet<string>
  declare isBusy: boolean
  declare problem: string

  static override styles = [
    shared,
    plantStyle,
    joinStyle,
    consequencesStyle,
    css`
      .sheet,
      form {
        display: grid;
        gap: var(--space-4);
      }
      .consequences {
        margin-block-end: 0;
      }
    `,
  ]

  constructor() {
    super()
    this.isOpen = false
    this.chosen = new Set()
    this.isBusy = false
    this.problem = ''
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('isOpen') || !this.isOpen) return
    const { appointed } = this.decider
    this.chosen = new Set(appointed ?? decidingOf(this.decider, this.devices).now.map(({ principal }) => principal))
    this.problem = ''
  }

  override render() {
    return html`<bt-sheet .open=${this.isOpen} .label=${words.title} @bt-sheet-closed=${this.#closed}>
      ${
        this.isOpen
          ? html`<div class="sheet">${this.decider.quorum === 'away' ? this.#refusal() : this.#question()}</div>`
          : nothing
      }
    </bt-sheet>`
  }

  /** Fewer than a majority change nothing: that is for the owner's own word. */
  #refusal() {
    const { now } = decidingOf(this.decider, this.devices)
    return html`<p><bdi>${words.away(now)}</bdi></p>
      <p class="quiet">${words.awayHelp}</p>
      <div class="row">
        <button @click=${this.#goOnWithout}>${words.goOnWithout(now.length)}</button>
        ${this.#cancel()}
      </div>`
  }

  #question() {
    const own = ownOf(this.devices)
    const isAwaited = awaitedOf(own, this.chosen).length > 0
    return html`<p class="quiet">${words.help}</p>
      <form novalidate @submit=${this.#submit}>
        <fieldset class="choices" ?disabled=${this.isBusy}>
          <legend>${words.which}</legend>
          ${own.map((device) => this.#choice(device))}
        </fieldset>
        <div aria-live="polite">
          ${consequences(words.lines(own, this.chosen), ['devices', isAwaited ? 'warn' : 'check', 'undo'])}
        </div>
        ${problemLine(this.problem)} ${this.isBusy ? html`<bt-waiting .cause=${words.waiting}></bt-waiting>` : nothing}
        <div class="row">
          <button class="loud" ?disabled=${this.isBusy}>${words.button}</button>
          ${
            this.decider.appointed === null
              ? nothing
              : html`<button type="button" ?disabled=${this.isBusy} @click=${() => this.#appoint([])}>
                  ${words.leave}
                </button>`
          }
          ${this.#cancel()}
        </div>
      </form>`
  }

  #choice(device: DeviceLine) {
    const { principal, isThis, role, path } = device
    const state = [words.role[role], isThis ? joinWords.devices.isThis : words.path[path]].join(' · ')
    return html`<label class="choice">
      <input type="checkbox" value=${principal} .checked=${this.chosen.has(principal)} @change=${this.#ticked} /><span
        ><bdi>${device.name || common.added.unnamed}</bdi><small class="quiet">${state}</small></span
      >
    </label>`
  }

  #cancel = () => html`<button type="button" class="plain" @click=${this.#close}>${words.cancel}</button>`

  #ticked = ({ target }: Event): void => {
    const { value, checked } = target as HTMLInputElement
    this.chosen = checked
      ? new Set([...this.chosen, value])
      : new Set([...this.chosen].filter((principal) => principal !== value))
    this.problem = ''
  }

  #submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const { size } = this.chosen
    this.problem = size === 0 ? words.none : size > countMax ? words.tooMany(countMax) : ''
    if (this.problem === '') void this.#appoint([...this.chosen])
  }

  async #appoint(principals: readonly string[]): Promise<void> {
    this.isBusy = true
    this.problem = ''
    try {
      await this.actions.api.appoint(crypto.randomUUID(), principals)
      this.#close()
    } catch (error) {
      this.problem = sentenceOf(error)
    } finally {
      this.isBusy = false
    }
  }

  #goOnWithout(): void {
    this.#close()
    this.dispatchEvent(new GoOnWithoutEvent())
  }
  #close(): void {
    this.renderRoot.querySelector('bt-sheet')?.close()
  }
  #closed(event: Event): void {
    event.stopPropagation()
    this.dispatchEvent(new SheetClosedEvent())
  }
}
customElements.define('bt-deciders-sheet', BtDecidersSheet)

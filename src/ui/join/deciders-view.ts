/**
 * Which devices decide, what follows from that, and how far a change of it has come.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import type { Decider, DeviceLine } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { sentenceOf } from '../fault.ts'
import { plantStyle } from '../page/plant-page.css.ts'
import { problemLine } from '../part/problem.ts'
import { sectionStyle, shared } from '../part/shared.ts'
import { type Deciding, decidingOf, ownOf } from './deciding.ts'
import { joinWords } from './words.ts'
import './deciders-sheet.ts'
import '../part/waiting.ts'

const { deciders: words } = joinWords

export class BtDeciders extends LitElement {
  static override properties = {
    actions: { attribute: false },
    decider: { attribute: false },
    devices: { attribute: false },
    isChoosing: { state: true },
    problem: { state: true },
  }
  declare actions: Actions
  declare decider: Decider
  declare devices: readonly DeviceLine[]
  declare isChoosing: boolean
  declare problem: string

  static override styles = [
    shared,
    sectionStyle,
    plantStyle,
    css`
      /* Where there is nothing to choose there is no gap either. */
      :host,
      bt-deciders-sheet {
        display: contents;
      }
    `,
  ]

  constructor() {
    super()
    this.isChoosing = false
    this.problem = ''
  }

  override render() {
    // Of one there is nothing to choose.
    if (ownOf(this.devices).length < 2) return nothing
    const deciding = decidingOf(this.decider, this.devices)
    return html`<section class="card" aria-labelledby="deciders">
        <h2 id="deciders">${words.title}</h2>
        <p><bdi>${words.now(deciding.now)}</bdi></p>
        ${
          deciding.isChanging
            ? this.#change(deciding)
            : html`<p class="quiet small">${this.decider.appointed === null ? words.byTree : words.byOwner}</p>`
        }
        ${problemLine(this.problem)}
        <div class="row">
          <button @click=${() => (this.isChoosing = true)}>${words.open}</button>
          ${
            deciding.isChanging
              ? html`<button class="plain" @click=${() => this.#keep(deciding.now)}>${words.keep}</button>`
              : nothing
          }
        </div>
      </section>
      <bt-deciders-sheet
        .actions=${this.actions}
        .decider=${this.decider}
        .devices=${this.devices}
        .isOpen=${this.isChoosing}
        @bt-sheet-closed=${() => (this.isChoosing = false)}
      ></bt-deciders-sheet>`
  }

  #change({ awaited }: Deciding) {
    const names = this.decider.appointed ?? []
    const chosen = this.devices.filter(({ principal }) => names.includes(principal))
    return html`<p><bdi>${words.next(chosen)}</bdi></p>
      <bt-waiting .cause=${awaited.length > 0 ? words.awaiting(awaited) : words.agreeing}></bt-waiting>`
  }

  /** Who decides now goes on to. */
  async #keep(now: readonly DeviceLine[]): Promise<void> {
    this.problem = ''
    try {
      await this.actions.api.appoint(
        crypto.randomUUID(),
        now.map(({ principal }) => principal),
      )
    } catch (error) {
      this.problem = sentenceOf(error)
    }
  }
}
customElements.define('bt-deciders', BtDeciders)

/**
 * The device that decides is away: what that means, and how to go on without it.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import type { Decider } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { plantStyle } from '../page/plant-page.css.ts'
import { icon } from '../part/icon.ts'
import { problemLine } from '../part/problem.ts'
import { sectionStyle, shared } from '../part/shared.ts'
import { Watching } from '../part/watching.ts'
import type { PasskeyPort } from '../ports.ts'
import { cardForm } from './card-form.ts'
import { consequences, consequencesStyle } from './consequences.ts'
import { TakeOverCourse } from './taking-over.ts'
import { joinWords } from './words.ts'
import '../part/sheet.ts'
import '../part/waiting.ts'

const { decider: words } = joinWords

export class BtDecider extends LitElement {
  static override properties = {
    decider: { attribute: false },
    actions: { attribute: false },
    passkey: { attribute: false },
    course: { state: true },
  }
  declare decider: Decider
  declare actions: Actions
  declare passkey: PasskeyPort
  /** null while nobody wants to go on without it. */
  declare course: TakeOverCourse | null

  static override styles = [
    shared,
    sectionStyle,
    plantStyle,
    consequencesStyle,
    css`
      /* Where there is nothing to say there is no gap either. */
      :host,
      bt-sheet {
        display: contents;
      }
      .sheet {
        display: grid;
        gap: var(--space-4);
      }
    `,
  ]

  constructor() {
    super()
    this.course = null
    new Watching(this, () => this.course ?? undefined)
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#closed()
  }

  override render() {
    const { decider, course } = this
    const title = course ? words.title(decider.deviceName) : ''
    return html`${decider.quorum === 'away' ? this.#card(decider) : nothing}
      <bt-sheet .open=${course !== null} .label=${title} @bt-sheet-closed=${this.#closed}>
        ${course ? this.#question(course) : nothing}
      </bt-sheet>`
  }

  #card({ deviceName, lastSeenAtMs }: Decider) {
    return html`<section class="card" aria-labelledby="away">
      <h2 id="away"><bdi>${words.away(deviceName)}</bdi></h2>
      <p class="quiet small number">${words.lastSeen(lastSeenAtMs)}</p>
      <p>${words.help}</p>
      <div class="row"><button @click=${this.open}>${words.open}</button></div>
    </section>`
  }

  #question(course: TakeOverCourse) {
    const { challenge, isBusy, waitingFor, problem } = course
    const cancel = html`<button type="button" class="plain" @click=${this.#close}>${words.cancel}</button>`
    const byPasskey = () =>
      html`<p class="quiet small">${words.signs}</p>
        ${problemLine(problem)}
        <div class="row">
          <button class="loud" ?disabled=${isBusy} @click=${() => this.#confirm(course, course.confirmByPasskey())}>
            ${icon('key')}${words.button}
          </button>
          <button class="plain" ?disabled=${isBusy} @click=${() => course.useCard()}>${joinWords.useCard}</button>
          ${cancel}
        </div>`
    const byCard = () =>
      cardForm({
        help: challenge?.challenge ? joinWords.cardSigns : words.cardSigns,
        problem,
        buttons: html`<button class="loud" ?disabled=${isBusy}>${words.button}</button>${cancel}`,
        send: (typed) => void this.#confirm(course, course.confirmByCard(typed)),
      })
    return html`<div class="sheet">
      ${consequences(words.lines(this.decider.deviceName), ['devices', 'files', 'key'])}
      ${
        challenge === null
          ? html`${problemLine(problem)}
              <div class="row">${cancel}</div>`
          : challenge.challenge === null || course.isByCard
            ? byCard()
            : byPasskey()
      }
      ${isBusy ? html`<bt-waiting .cause=${waitingFor}></bt-waiting>` : nothing}
    </div>`
  }

  async #confirm(course: TakeOverCourse, confirming: Promise<void>): Promise<void> {
    await confirming
    if (!course.isDone) return
    this.actions.notices.done(words.done)
    this.#close()
  }
  /** Asks whether to go on without it. */
  open(): void {
    this.course = new TakeOverCourse(this.actions.api, this.passkey, location.hostname)
    void this.course.begin()
  }
  #close(): void {
    this.renderRoot.querySelector('bt-sheet')?.close()
  }
  #closed(): void {
    this.course?.end()
    this.course = null
  }
}
customElements.define('bt-decider', BtDecider)

declare global {
  interface HTMLElementTagNameMap {
    'bt-decider': BtDecider
  }
}

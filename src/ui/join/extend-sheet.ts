/**
 * The question until when a limited device has its folder, and the root's word on the answer.
 * @module
 */
import { LitElement, type PropertyValues, css, html, nothing } from 'lit'
import type { DeviceLine } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { SheetClosedEvent } from '../events.ts'
import { plantStyle } from '../page/plant-page.css.ts'
import { problemLine } from '../page/plant-steps.ts'
import { icon } from '../part/icon.ts'
import { shared } from '../part/shared.ts'
import { Watching } from '../part/watching.ts'
import type { PasskeyPort } from '../ports.ts'
import { words as common } from '../words.ts'
import { cardForm } from './card-form.ts'
import { rightsOf } from './choice.ts'
import { ExtensionCourse } from './extending.ts'
import { daysWithin, termDaysMax } from './term.ts'
import { joinWords } from './words.ts'
import '../part/sheet.ts'
import '../part/waiting.ts'

const { extend: words } = joinWords

export class BtExtendSheet extends LitElement {
  static override properties = {
    actions: { attribute: false },
    passkey: { attribute: false },
    device: { attribute: false },
    course: { state: true },
  }
  declare actions: Actions
  declare passkey: PasskeyPort
  /** The sheet is closed while this is null. */
  declare device: DeviceLine | null
  declare course: ExtensionCourse | null

  static override styles = [
    shared,
    plantStyle,
    css`
      .sheet {
        display: grid;
        gap: var(--space-4);
      }
    `,
  ]

  constructor() {
    super()
    this.device = null
    this.course = null
    new Watching(this, () => this.course ?? undefined)
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('device')) return
    this.course?.end()
    const { device } = this
    this.course = device && new ExtensionCourse(this.actions.api, this.passkey, location.hostname, device)
  }

  override render() {
    const { course } = this
    return html`<bt-sheet
      .open=${course !== null}
      .label=${course ? words.title(nameOf(course.device)) : ''}
      @bt-sheet-closed=${this.#closed}
    >
      ${course ? html`<div class="sheet">${course.asked ? this.#answer(course) : this.#day(course)}</div>` : nothing}
    </bt-sheet>`
  }

  #day(course: ExtensionCourse) {
    const { limited } = course.device
    const { first, last } = daysWithin(Date.now(), termDaysMax)
    const submit = (event: SubmitEvent) => {
      event.preventDefault()
      void course.until(String(new FormData(event.target as HTMLFormElement).get('until')), Date.now())
    }
    return html`${limited ? html`<p><bdi>${words.help(limited.folderName, rightsOf(limited))}</bdi></p>` : nothing}
      <form novalidate @submit=${submit}>
        <label>${words.until}<input name="until" type="date" required min=${first} max=${last} /></label>
        ${problemLine(course.problem)}
        <div class="row">
          <button class="loud" ?disabled=${course.isBusy}>${words.goOn}</button>
          ${this.#cancel()}
        </div>
      </form>`
  }

  #answer(course: ExtensionCourse) {
    const { asked, isBusy, waitingFor, problem } = course
    const byPasskey = () =>
      html`<p class="quiet small">${words.signs}</p>
        ${problemLine(problem)}
        <div class="row">
          <button class="loud" ?disabled=${isBusy} @click=${() => this.#confirm(course, course.confirmByPasskey())}>
            ${icon('key')}${words.button}
          </button>
          <button class="plain" ?disabled=${isBusy} @click=${() => course.useCard()}>${joinWords.useCard}</button>
          ${this.#cancel()}
        </div>`
    const byCard = () =>
      cardForm({
        help: asked!.challenge ? joinWords.cardSigns : words.cardSigns,
        problem,
        buttons: html`<button class="loud" ?disabled=${isBusy}>${words.button}</button>${this.#cancel()}`,
        send: (typed) => void this.#confirm(course, course.confirmByCard(typed)),
      })
    return html`<p class="number">${words.asked(asked!.expiresAtMs)}</p>
      ${asked!.challenge === null || course.isByCard ? byCard() : byPasskey()}
      ${isBusy ? html`<bt-waiting .cause=${waitingFor}></bt-waiting>` : nothing}`
  }

  #cancel = () => html`<button type="button" class="plain" @click=${this.#close}>${words.cancel}</button>`

  async #confirm(course: ExtensionCourse, confirming: Promise<void>): Promise<void> {
    await confirming
    if (!course.isDone) return
    this.actions.notices.done(words.done(nameOf(course.device)))
    this.#close()
  }
  #close(): void {
    this.renderRoot.querySelector('bt-sheet')?.close()
  }
  #closed(event: Event): void {
    event.stopPropagation()
    this.dispatchEvent(new SheetClosedEvent())
  }
}
customElements.define('bt-extend-sheet', BtExtendSheet)

const nameOf = ({ name }: DeviceLine): string => name || common.added.unnamed

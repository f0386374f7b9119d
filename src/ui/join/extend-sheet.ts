/**
 * The question until when devices have what they have, of one that is limited or of all, and the root's word on the answer.
 * @module
 */
import { LitElement, type PropertyValues, css, html, nothing } from 'lit'
import type { DeviceLine, Extension } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { SheetClosedEvent } from '../events.ts'
import { plantStyle } from '../page/plant-page.css.ts'
import { icon } from '../part/icon.ts'
import { problemLine } from '../part/problem.ts'
import { shared } from '../part/shared.ts'
import { Watching } from '../part/watching.ts'
import type { PasskeyPort } from '../ports.ts'
import { words as common } from '../words.ts'
import { cardForm } from './card-form.ts'
import { rightsOf } from './choice.ts'
import { ExtensionCourse } from './extending.ts'
import { joinStyle } from './join.css.ts'
import { daysWithin, termDaysMax } from './term.ts'
import { joinWords } from './words.ts'
import '../part/sheet.ts'
import '../part/waiting.ts'

const { extend: words, renew } = joinWords

export class BtExtendSheet extends LitElement {
  static override properties = {
    actions: { attribute: false },
    passkey: { attribute: false },
    devices: { attribute: false },
    course: { state: true },
  }
  declare actions: Actions
  declare passkey: PasskeyPort
  /** One that is limited, or all. The sheet is closed while this is null. */
  declare devices: readonly DeviceLine[] | null
  declare course: ExtensionCourse | null

  static override styles = [
    shared,
    plantStyle,
    joinStyle,
    css`
      .sheet {
        display: grid;
        gap: var(--space-4);
      }
    `,
  ]

  constructor() {
    super()
    this.devices = null
    this.course = null
    new Watching(this, () => this.course ?? undefined)
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('devices')) return
    this.course?.end()
    const { devices } = this
    this.course = devices && new ExtensionCourse(this.actions.api, this.passkey, location.hostname, devices)
  }

  override render() {
    const { course } = this
    return html`<bt-sheet
      .open=${course !== null}
      .label=${course ? titleOf(course) : ''}
      @bt-sheet-closed=${this.#closed}
    >
      ${course ? html`<div class="sheet">${course.asked ? this.#answer(course, course.asked) : this.#question(course)}</div>` : nothing}
    </bt-sheet>`
  }

  #question(course: ExtensionCourse) {
    const { limited } = only(course) ?? { limited: null }
    const { first, last } = daysWithin(Date.now(), termDaysMax)
    const submit = (event: SubmitEvent) => {
      event.preventDefault()
      const data = new FormData(event.target as HTMLFormElement)
      const chosen = limited ? course.devices.map(({ principal }) => principal) : data.getAll('device').map(String)
      void course.until(String(data.get('until')), chosen, Date.now())
    }
    return html`<p>${limited ? html`<bdi>${words.help(limited.folderName, rightsOf(limited))}</bdi>` : renew.help}</p>
      <form novalidate @submit=${submit}>
        ${limited ? nothing : choices(course.devices)}
        <label
          >${words.until}<input name="until" type="date" required min=${first} max=${last} value=${limited ? '' : last}
        /></label>
        ${problemLine(course.problem)}
        <div class="row">
          <button class="loud" ?disabled=${course.isBusy}>${words.goOn}</button>
          ${this.#cancel()}
        </div>
      </form>`
  }

  #answer(course: ExtensionCourse, asked: NonNullable<ExtensionCourse['asked']>) {
    const { isBusy, waitingFor, problem } = course
    const button = only(course)?.limited ? words.button : renew.button
    const byPasskey = () =>
      html`<p class="quiet small">${words.signs}</p>
        ${problemLine(problem)}
        <div class="row">
          <button class="loud" ?disabled=${isBusy} @click=${() => this.#confirm(course, course.confirmByPasskey())}>
            ${icon('key')}${button}
          </button>
          <button class="plain" ?disabled=${isBusy} @click=${() => course.useCard()}>${joinWords.useCard}</button>
          ${this.#cancel()}
        </div>`
    const byCard = () =>
      cardForm({
        help: asked.challenge ? joinWords.cardSigns : words.cardSigns,
        problem,
        buttons: html`<button class="loud" ?disabled=${isBusy}>${button}</button>${this.#cancel()}`,
        send: (typed) => void this.#confirm(course, course.confirmByCard(typed)),
      })
    return html`<ul role="list" class="why" aria-label=${renew.listLabel}>
        ${asked.extensions.map((extension) => html`<li class="number"><bdi>${extensionLine(course, extension)}</bdi></li>`)}
      </ul>
      ${asked.challenge === null || course.isByCard ? byCard() : byPasskey()}
      ${isBusy ? html`<bt-waiting .cause=${waitingFor}></bt-waiting>` : nothing}`
  }

  #cancel = () => html`<button type="button" class="plain" @click=${this.#close}>${words.cancel}</button>`

  async #confirm(course: ExtensionCourse, confirming: Promise<void>): Promise<void> {
    await confirming
    if (!course.isDone) return
    const one = only(course)
    const { length } = course.asked!.extensions
    this.actions.notices.done(one?.limited ? words.done(nameOf(one)) : renew.done(length))
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

/** Where there is one device, and so nothing to choose. */
const only = ({ devices }: ExtensionCourse): DeviceLine | null => (devices.length === 1 ? devices[0]! : null)
const nameOf = ({ name }: DeviceLine): string => name || common.added.unnamed

function titleOf(course: ExtensionCourse): string {
  const one = only(course)
  return one?.limited ? words.title(nameOf(one)) : renew.title
}

/** Own devices are renewed unless their owner says otherwise; when a guest's time ends was chosen by him. */
const choices = (devices: readonly DeviceLine[]) =>
  html`<fieldset class="choices">
    <legend>${renew.which}</legend>
    ${devices.map(
      (device) =>
        html`<label class="choice">
          <input type="checkbox" name="device" value=${device.principal} ?checked=${device.limited === null} /><span
            ><bdi>${nameOf(device)}</bdi
            ><small class="quiet number">${joinWords.devices.term(device.expiresAtMs, Date.now())}</small></span
          >
        </label>`,
    )}
  </fieldset>`

function extensionLine({ devices }: ExtensionCourse, { principal, expiresAtMs }: Extension): string {
  const device = devices.find((each) => each.principal === principal)!
  return renew.line(nameOf(device), expiresAtMs, device.expiresAtMs)
}

/**
 * The sheet on which a passkey is added or removed.
 * @module
 */
import { LitElement, type PropertyValues, css, html, nothing } from 'lit'
import type { PasskeyLine } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { SheetClosedEvent } from '../events.ts'
import { plantStyle } from '../page/plant-page.css.ts'
import { icon } from '../part/icon.ts'
import { problemLine } from '../part/problem.ts'
import { shared } from '../part/shared.ts'
import { Watching } from '../part/watching.ts'
import type { PasskeyPort } from '../ports.ts'
import { cardForm } from './card-form.ts'
import { consequences, consequencesStyle } from './consequences.ts'
import { AdditionCourse, RemovalCourse } from './passkey-course.ts'
import { joinWords } from './words.ts'
import '../part/sheet.ts'
import '../part/waiting.ts'

const { passkeys: words } = joinWords

export type PasskeyDeed =
  | { readonly kind: 'add'; readonly ownerName: string; readonly known: readonly PasskeyLine[] }
  | { readonly kind: 'remove'; readonly id: string; readonly name: string; readonly isLast: boolean }

export class BtPasskeySheet extends LitElement {
  static override properties = {
    actions: { attribute: false },
    passkey: { attribute: false },
    deed: { attribute: false },
    course: { state: true },
  }
  declare actions: Actions
  declare passkey: PasskeyPort
  /** The sheet is closed while this is null. */
  declare deed: PasskeyDeed | null
  declare course: AdditionCourse | RemovalCourse | null

  static override styles = [
    shared,
    plantStyle,
    consequencesStyle,
    css`
      .sheet {
        display: grid;
        gap: var(--space-4);
      }
    `,
  ]

  constructor() {
    super()
    this.deed = null
    this.course = null
    new Watching(this, () => this.course ?? undefined)
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('deed')) return
    this.course?.end()
    const { deed, passkey } = this
    const { api } = this.actions
    const { hostname } = location
    if (deed === null) this.course = null
    else if (deed.kind === 'add') this.course = new AdditionCourse(api, passkey, hostname, deed.ownerName, deed.known)
    else this.course = new RemovalCourse(api, passkey, hostname, deed.id)
  }

  override render() {
    const { course, deed } = this
    const title = deed === null ? '' : deed.kind === 'add' ? words.add.title : words.remove.title(deed.name)
    return html`<bt-sheet .open=${deed !== null} .label=${title} @bt-sheet-closed=${this.#closed}>
      ${
        course === null || deed === null
          ? nothing
          : html`<div class="sheet">
              ${
                course instanceof RemovalCourse
                  ? this.#removal(course, deed.kind === 'remove' && deed.isLast)
                  : course.isMade
                    ? this.#signing(course)
                    : this.#making(course)
              }
              ${course.isBusy ? html`<bt-waiting .cause=${course.waitingFor}></bt-waiting>` : nothing}
            </div>`
      }
    </bt-sheet>`
  }

  #making(course: AdditionCourse) {
    return html`<p>${words.add.help}</p>
      <p class="quiet small">${words.add.prompts}</p>
      ${problemLine(course.problem)}
      <div class="row">
        <button class="loud" ?disabled=${course.isBusy} @click=${() => course.make()}>
          ${icon('key')}${words.add.make}
        </button>
        ${this.#cancel()}
      </div>`
  }

  #signing(course: AdditionCourse) {
    const { isBusy, problem, isByCard } = course
    if (isByCard)
      return cardForm({
        help: words.add.cardSigns,
        problem,
        buttons: html`<button class="loud" ?disabled=${isBusy}>${words.add.button}</button>${this.#cancel()}`,
        send: (typed) => void this.#confirm(course.confirmByCard(typed)),
      })
    return html`<p>${words.add.signs}</p>
      ${problemLine(problem)}
      <div class="row">
        <button class="loud" ?disabled=${isBusy} @click=${() => this.#confirm(course.confirmByPasskey())}>
          ${icon('key')}${words.add.button}
        </button>
        <button class="plain" ?disabled=${isBusy} @click=${() => course.useCard()}>${joinWords.useCard}</button>
        ${this.#cancel()}
      </div>`
  }

  #removal(course: RemovalCourse, isLast: boolean) {
    return html`${consequences(words.remove.lines(isLast), ['key', 'devices', 'restore'])}
    ${cardForm({
      help: words.remove.cardSigns,
      problem: course.problem,
      buttons: html`<button class="danger" ?disabled=${course.isBusy}>${words.remove.button}</button>${this.#cancel()}`,
      send: (typed) => void this.#confirm(course.confirmByCard(typed)),
    })}`
  }

  #cancel = () => html`<button type="button" class="plain" @click=${this.#close}>${words.cancel}</button>`

  async #confirm(confirming: Promise<void>): Promise<void> {
    const { course } = this
    await confirming
    if (course instanceof RemovalCourse && course.isDone) this.actions.notices.done(words.remove.done)
    else if (course instanceof AdditionCourse && course.done !== null)
      this.actions.notices.done(course.done === 'waiting' ? words.add.doneWaiting : words.add.doneCounting)
    else return
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
customElements.define('bt-passkey-sheet', BtPasskeySheet)

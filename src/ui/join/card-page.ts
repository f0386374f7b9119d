/**
 * Another recovery card, step by step: what it means, the words, their check, the words of the old one.
 * @module
 */
import { LitElement, html, nothing } from 'lit'
import type { Actions } from '../actions.ts'
import type { Model } from '../model.ts'
import { plantStyle } from '../page/plant-page.css.ts'
import { checkStep } from '../page/plant-steps.ts'
import { problemLine } from '../part/problem.ts'
import { pageStyle, shared } from '../part/shared.ts'
import { Watching } from '../part/watching.ts'
import type { PasskeyPort } from '../ports.ts'
import { hashOf } from '../route.ts'
import { words } from '../words.ts'
import { CardCourse } from './card-course.ts'
import { cardForm } from './card-form.ts'
import { consequences, consequencesStyle } from './consequences.ts'
import { joinWords } from './words.ts'
import '../page/card-view.ts'
import '../part/waiting.ts'

const { card: own } = joinWords

export class BtCardPage extends LitElement {
  static override properties = {
    model: { attribute: false },
    actions: { attribute: false },
    passkey: { attribute: false },
    hash: {},
  }
  declare model: Model
  declare actions: Actions
  declare passkey: PasskeyPort
  declare hash: string
  #course: CardCourse | undefined
  #drawnStep = ''

  static override styles = [shared, pageStyle, plantStyle, consequencesStyle]

  constructor() {
    super()
    new Watching(this, () => this.#course)
  }

  override willUpdate(): void {
    if (this.#course || !this.model.tree?.root) return
    this.#course = new CardCourse(this.actions.api, this.passkey, location.hostname)
    this.requestUpdate()
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#course?.end()
    this.#course = undefined
  }

  override render() {
    const { tree } = this.model
    const course = this.#course
    if (course === undefined || tree === null) return this.#without(own.notHere)
    const isForm = course.step.kind === 'check' || course.step.kind === 'sign'
    return html`<div class="page">
      ${this.#step(course)} ${isForm ? nothing : problemLine(course.problem)}
      ${course.isBusy ? html`<bt-waiting .cause=${course.waitingFor}></bt-waiting>` : nothing}
    </div>`
  }

  #without(text: string) {
    return html`<div class="page">
      <h1 tabindex="-1">${own.title}</h1>
      <p>${text}</p>
      <div class="row">${this.#back()}</div>
    </div>`
  }

  #step(course: CardCourse) {
    const { step, isBusy } = course
    switch (step.kind) {
      case 'why':
        return html`<h1 tabindex="-1">${own.title}</h1>
          <p>${own.help}</p>
          ${consequences(own.lines, ['key', 'devices', 'restore'])}
          <div class="row">
            <button class="loud" ?disabled=${isBusy} @click=${() => course.draw()}>${own.make}</button>
            ${this.#cancel()}
          </div>`
      case 'card':
        return html`<bt-card-view
          .words=${step.words}
          .ownerName=${this.model.tree?.ownerName ?? ''}
          @bt-sheet-closed=${() => course.haveCard()}
        ></bt-card-view>`
      case 'check':
        return checkStep(course, step.positions)
      case 'sign':
        return html`<h1 tabindex="-1">${own.sign}</h1>
          ${cardForm({
            help: own.signHelp,
            problem: course.problem,
            buttons: html`<button class="loud" ?disabled=${isBusy}>${own.button}</button>${this.#cancel()}`,
            send: (typed) => void course.confirmByCard(typed),
          })}`
      case 'done':
        return html`<h1 tabindex="-1">${own.done}</h1>
          <p>${own.doneHelp}</p>
          <div class="row">${this.#back()}</div>`
    }
  }

  #cancel() {
    return html`<a class="button plain" href=${hashOf('/storage', this.hash)}>${words.cancel}</a>`
  }
  #back() {
    return html`<a class="button loud" href=${hashOf('/storage', this.hash)}>${own.back}</a>`
  }

  /** A new step is read from its heading on. */
  override updated(): void {
    const kind = this.#course?.step.kind ?? ''
    if (kind !== this.#drawnStep && this.#drawnStep !== '') this.renderRoot.querySelector<HTMLElement>('h1')?.focus()
    this.#drawnStep = kind
  }
}
customElements.define('bt-card-page', BtCardPage)

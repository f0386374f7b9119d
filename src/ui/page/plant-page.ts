/**
 * Planting, step by step: names, passkey, recovery card, its check, the signature, moving in.
 * @module
 */
import { LitElement, type PropertyValues, html, nothing } from 'lit'
import type { Actions } from '../actions.ts'
import type { JobsById, Model } from '../model.ts'
import { problemLine } from '../part/problem.ts'
import { pageStyle, shared } from '../part/shared.ts'
import { Watching } from '../part/watching.ts'
import type { PasskeyAvailability, PasskeyPort } from '../ports.ts'
import { hashOf } from '../route.ts'
import { words } from '../words.ts'
import { checkStep, isForm, namesStep, passkeyStep, signStep } from './plant-steps.ts'
import { plantStyle } from './plant-page.css.ts'
import { Planting, countedSteps } from './planting.ts'
import './card-view.ts'
import '../part/waiting.ts'

export class BtPlantPage extends LitElement {
  static override properties = {
    model: { attribute: false },
    jobs: { attribute: false },
    actions: { attribute: false },
    passkey: { attribute: false },
    hash: {},
    availability: { state: true },
  }
  declare model: Model
  declare jobs: JobsById
  declare actions: Actions
  declare passkey: PasskeyPort
  declare hash: string
  declare availability: PasskeyAvailability | null
  #planting: Planting | undefined
  #drawnStep = ''

  static override styles = [shared, pageStyle, plantStyle]

  constructor() {
    super()
    this.availability = null
    new Watching(this, () => this.#planting)
  }

  override willUpdate(): void {
    if (this.#planting) return
    this.#planting = new Planting(this.actions.api, this.passkey)
    this.requestUpdate()
    void this.passkey.availability().then((availability) => (this.availability = availability))
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    void this.#planting?.abandon()
    this.#planting = undefined
  }

  override render() {
    const planting = this.#planting!
    const { step, problem, waitingFor } = planting
    const { tree } = this.model
    if (tree?.isPlanted && step.kind === 'names')
      return html`<div class="page">
        <h1>${words.plant.title}</h1>
        <p><bdi>${words.plant.planted(tree.ownerName)}</bdi></p>
        <div class="row"><a class="button loud" href=${hashOf('/', this.hash)}>${words.plant.done.button}</a></div>
      </div>`
    const at = countedSteps.indexOf(step.kind)
    return html`<div class="page">
      ${at >= 0 ? html`<p class="quiet small number">${words.plant.step(at + 1, countedSteps.length)}</p>` : nothing}
      ${this.#step(planting)} ${isForm(step) ? nothing : problemLine(problem)}
      ${waitingFor && !this.#isMoving ? this.#waiting(planting) : nothing}
    </div>`
  }

  /** Then the job says how far it is. */
  get #isMoving(): boolean {
    return [...this.jobs.values()].some(({ kind }) => kind === 'plant')
  }

  #waiting(planting: Planting) {
    return html`<bt-waiting .cause=${planting.waitingFor}></bt-waiting> ${
        planting.isAtPrompt
          ? html`<div class="row">
              <button class="plain" @click=${() => planting.cancelPrompt()}>${words.cancel}</button>
            </div>`
          : nothing
      }`
  }

  #step(planting: Planting) {
    const { step } = planting
    switch (step.kind) {
      case 'names':
        return namesStep(planting)
      case 'passkey':
        return passkeyStep(planting, this.availability)
      case 'card':
        return html`<bt-card-view
          .words=${step.words}
          .isSecondCard=${step.isSecondCard}
          .ownerName=${planting.ownerName}
          @bt-sheet-closed=${() => planting.haveCard()}
        ></bt-card-view>`
      case 'check':
        return checkStep(planting, step.positions)
      case 'sign':
        return signStep(planting, step.withPasskey)
      case 'moving':
        return html`<h1 tabindex="-1">${words.plant.moving.title}</h1>
          <p>${words.plant.moving.help}</p>`
      case 'done':
        return html`<h1 tabindex="-1">${words.plant.done.title}</h1>
          <p>${words.plant.done.help}</p>
          <div class="row">
            <a class="button loud" href=${hashOf('/', this.hash)}>${words.plant.done.button}</a>
            <a class="button" href=${hashOf('/storage', this.hash)}>${words.plant.done.archive}</a>
          </div>`
    }
  }

  /** A new step is read from its heading on. */
  override updated(_changed: PropertyValues<this>): void {
    const kind = this.#planting?.step.kind ?? ''
    if (kind !== this.#drawnStep && this.#drawnStep !== '') this.renderRoot.querySelector<HTMLElement>('h1')?.focus()
    this.#drawnStep = kind
  }
}
customElements.define('bt-plant-page', BtPlantPage)

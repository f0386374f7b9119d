/**
 * Planting, step by step: names, passkey, recovery card, its check, the signature, moving in.
 * @module
 */
import { LitElement, type PropertyValues, html, nothing } from 'lit'
import type { Actions } from '../actions.ts'
import type { Model } from '../model.ts'
import { icon } from '../part/icon.ts'
import { pageStyle, shared } from '../part/shared.ts'
import { Watching } from '../part/watching.ts'
import type { PasskeyAvailability, PasskeyPort } from '../ports.ts'
import { hashOf } from '../route.ts'
import { words } from '../words.ts'
import { suggestDeviceName } from './device-name.ts'
import { plantStyle } from './plant-page.css.ts'
import { Planting, countedSteps } from './planting.ts'
import './card-view.ts'
import '../part/waiting.ts'

export class BtPlantPage extends LitElement {
  static override properties = {
    model: { attribute: false },
    actions: { attribute: false },
    passkey: { attribute: false },
    hash: {},
    availability: { state: true },
  }
  declare model: Model
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
    if (tree?.planted && step.kind === 'names')
      return html`<div class="page">
        <h1>${words.plant.title}</h1>
        <p><bdi>${words.plant.planted(tree.ownerName)}</bdi></p>
        ${this.#toTree()}
      </div>`
    const at = countedSteps.indexOf(step.kind)
    return html`<div class="page">
      ${at >= 0 ? html`<p class="quiet small number">${words.plant.step(at + 1, countedSteps.length)}</p>` : nothing}
      ${this.#step(planting)}
      ${problem ? html`<p class="problem" role="alert">${icon('warn')}<span>${problem}</span></p>` : nothing}
      ${waitingFor ? this.#waiting(planting) : nothing}
    </div>`
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
        return this.#names(planting)
      case 'passkey':
        return this.#passkeyStep(planting)
      case 'card':
        return html`<bt-card-view
          .words=${step.words}
          .isSecondCard=${step.isSecondCard}
          .ownerName=${planting.ownerName}
          @bt-sheet-closed=${() => planting.haveCard()}
        ></bt-card-view>`
      case 'check':
        return this.#check(planting, step.positions)
      case 'sign':
        return this.#sign(planting, step.withPasskey)
      case 'moving':
        return html`<h1 tabindex="-1">${words.plant.moving.title}</h1>
          <p>${words.plant.moving.help}</p>`
      case 'done':
        return html`<h1 tabindex="-1">${words.plant.done.title}</h1>
          <p>${words.plant.done.help}</p>
          ${this.#toTree()}`
    }
  }

  #names(planting: Planting) {
    const submit = (event: SubmitEvent) => {
      event.preventDefault()
      const data = new FormData(event.target as HTMLFormElement)
      planting.name(textOf(data, 'owner'), textOf(data, 'device'))
    }
    // No field offers to be filled in: a browser would keep what was typed, in the clear.
    return html`<h1 tabindex="-1">${words.plant.whyTitle}</h1>
      <ul class="why" role="list">
        ${words.plant.why.map((line) => html`<li>${icon('sprout')}<span>${line}</span></li>`)}
      </ul>
      <form novalidate @submit=${submit}>
        <label
          >${words.plant.owner}<input
            name="owner"
            dir="auto"
            autocomplete="off"
            maxlength="60"
            required
            .value=${planting.ownerName}
            aria-describedby="owner-help"
        /></label>
        <p class="quiet small" id="owner-help">${words.plant.ownerHelp}</p>
        <label
          >${words.plant.device}<input
            name="device"
            dir="auto"
            autocomplete="off"
            maxlength="60"
            required
            .value=${planting.deviceName || suggestDeviceName(navigator)}
            aria-describedby="device-help"
        /></label>
        <p class="quiet small" id="device-help">${words.plant.deviceHelp}</p>
        <div class="row"><button class="loud">${words.next}</button></div>
      </form>`
  }

  #passkeyStep(planting: Planting) {
    const { availability } = this
    const isBusy = planting.waitingFor !== ''
    if (availability === null) return html`<h1 tabindex="-1">${words.plant.passkey.title}</h1>`
    const isPossible = availability === 'platform' || availability === 'elsewhere'
    return html`<h1 tabindex="-1">${words.plant.passkey.title}</h1>
      <p>${isPossible ? words.plant.passkey.here : words.plant.passkey.none}</p>
      ${
        isPossible && location.hostname === 'localhost'
          ? html`<p class="note">${icon('warn')}<span>${words.plant.passkey.localhost}</span></p>`
          : nothing
      }
      <div class="row">
        ${
          isPossible
            ? html`<button class="loud" ?disabled=${isBusy} @click=${() => planting.makePasskey()}>
                ${icon('key')}${words.plant.passkey.make}
              </button>`
            : nothing
        }
        <button class=${isPossible ? 'plain' : 'loud'} ?disabled=${isBusy} @click=${() => planting.goOnWithCardAlone()}>
          ${words.plant.passkey.cardOnly}
        </button>
      </div>
      ${isPossible ? html`<p class="quiet small">${words.plant.passkey.cardOnlyHelp}</p>` : nothing}`
  }

  #check(planting: Planting, positions: readonly number[]) {
    const submit = (event: SubmitEvent) => {
      event.preventDefault()
      const data = new FormData(event.target as HTMLFormElement)
      void planting.check(positions.map((position) => textOf(data, `word-${position}`)))
    }
    return html`<h1 tabindex="-1">${words.plant.check.title}</h1>
      <p>${words.plant.check.help}</p>
      <form novalidate @submit=${submit}>
        ${positions.map(
          (position) =>
            html`<label>
              ${words.plant.check.word(position + 1)}
              <input name="word-${position}" autocomplete="off" autocapitalize="none" spellcheck="false" required />
            </label>`,
        )}
        <div class="row">
          <button class="loud" ?disabled=${planting.waitingFor !== ''}>${words.plant.check.button}</button>
          <button class="plain" type="button" @click=${() => planting.seeCardAgain()}>
            ${words.plant.check.seeAgain}
          </button>
        </div>
      </form>`
  }

  #sign(planting: Planting, withPasskey: boolean) {
    const { sign } = words.plant
    const isBusy = planting.waitingFor !== ''
    return html`<h1 tabindex="-1">${withPasskey ? sign.title : sign.cardTitle}</h1>
      <p>${withPasskey ? sign.help : sign.cardHelp}</p>
      <div class="row">
        <button class="loud" ?disabled=${isBusy} @click=${() => planting.sign()}>
          ${withPasskey ? sign.button : sign.cardButton}
        </button>
        ${
          withPasskey
            ? html`<button class="plain" ?disabled=${isBusy} @click=${() => planting.goOnWithCardAlone()}>
                ${words.plant.passkey.cardOnly}
              </button>`
            : nothing
        }
      </div>
      ${withPasskey ? html`<p class="quiet small">${words.plant.card.second}</p>` : nothing}`
  }

  #toTree() {
    return html`<div class="row">
      <a class="button loud" href=${hashOf('/', this.hash)}>${words.plant.done.button}</a>
    </div>`
  }

  /** A new step is read from its heading on. */
  override updated(_changed: PropertyValues<this>): void {
    const kind = this.#planting?.step.kind ?? ''
    if (kind !== this.#drawnStep && this.#drawnStep !== '') this.renderRoot.querySelector<HTMLElement>('h1')?.focus()
    this.#drawnStep = kind
  }
}
customElements.define('bt-plant-page', BtPlantPage)

const textOf = (data: FormData, name: string): string => String(data.get(name) ?? '').trim()

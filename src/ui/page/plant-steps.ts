/**
 * The steps of planting that ask something, as they are drawn: names, the passkey, the check of the card, the signature.
 *
 * Pure: each draws what the course of planting says, and tells it the answer.
 * @module
 */
import { html, nothing } from 'lit'
import { icon } from '../part/icon.ts'
import { problemLine } from '../part/problem.ts'
import type { PasskeyAvailability } from '../ports.ts'
import { words } from '../words.ts'
import { suggestDeviceName } from './device-name.ts'
import type { Planting, PlantingStep } from './planting.ts'
import '../part/waiting.ts'

/** Whether a step shows what is wrong by itself, between its fields and its button. */
export const isForm = ({ kind }: PlantingStep): boolean => kind === 'names' || kind === 'check'

export function namesStep(planting: Planting) {
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
      ${problemLine(planting.problem)}
      <div class="row"><button class="loud">${words.next}</button></div>
    </form>`
}

/** @param availability null while the browser is still asked */
export function passkeyStep(planting: Planting, availability: PasskeyAvailability | null) {
  const isBusy = planting.waitingFor !== ''
  if (availability === null)
    return html`<h1 tabindex="-1">${words.plant.passkey.title}</h1>
      <bt-waiting .cause=${words.wait.passkeys}></bt-waiting>`
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

/** What asks three words of a new card back. */
interface CardCheck {
  readonly problem: string
  readonly waitingFor: string
  check(typed: readonly string[]): Promise<void>
  seeCardAgain(): void
}

export function checkStep(course: CardCheck, positions: readonly number[]) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const data = new FormData(event.target as HTMLFormElement)
    void course.check(positions.map((position) => textOf(data, `word-${position}`)))
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
      ${problemLine(course.problem)}
      <div class="row">
        <button class="loud" ?disabled=${course.waitingFor !== ''}>${words.plant.check.button}</button>
        <button class="plain" type="button" @click=${() => course.seeCardAgain()}>${words.plant.check.seeAgain}</button>
      </div>
    </form>`
}

export function signStep(planting: Planting, withPasskey: boolean) {
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

const textOf = (data: FormData, name: string): string => String(data.get(name) ?? '').trim()

/**
 * The devices of the tree, and letting another one in.
 * @module
 */
import { LitElement, type PropertyValues, html, nothing } from 'lit'
import type { DeviceLine, TreeStatus } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { sentenceOf } from '../fault.ts'
import type { Model } from '../model.ts'
import { plantStyle } from '../page/plant-page.css.ts'
import { icon } from '../part/icon.ts'
import { problemLine } from '../part/problem.ts'
import { pageStyle, sectionStyle, shared } from '../part/shared.ts'
import { Watching } from '../part/watching.ts'
import type { HostFactsPort, PasskeyPort } from '../ports.ts'
import { hashOf } from '../route.ts'
import { words } from '../words.ts'
import { inviteStep } from './invite-steps.ts'
import { InviteCourse } from './inviting.ts'
import { foldersOf } from './choice.ts'
import { consequencesStyle } from './consequences.ts'
import { guestView } from './guest-view.ts'
import type { ExtendDeviceEvent, HandOverEvent, RemoveDeviceEvent } from './device-list.ts'
import { joinStyle } from './join.css.ts'
import { joinWords } from './words.ts'
import './decider-view.ts'
import './deciders-view.ts'
import './extend-sheet.ts'
import './remove-sheet.ts'
import './device-list.ts'
import '../part/waiting.ts'

/** How soon a device that came or went is seen, though nothing of the tree has changed. */
const askAgainMs = 5000

export class BtDevicesPage extends LitElement {
  static override properties = {
    model: { attribute: false },
    actions: { attribute: false },
    passkey: { attribute: false },
    hostFacts: { attribute: false },
    hash: {},
    devices: { state: true },
    problem: { state: true },
    leaving: { state: true },
    extended: { state: true },
    handedOver: { state: true },
  }
  declare model: Model
  declare actions: Actions
  declare passkey: PasskeyPort
  declare hostFacts: HostFactsPort
  declare hash: string
  declare devices: readonly DeviceLine[] | null
  declare problem: string
  /** That its owner may want out of the tree. */
  declare leaving: DeviceLine | null
  /** That are to have what they have for longer. */
  declare extended: readonly DeviceLine[] | null
  /** That is to decide in place of this one, as long as it is being asked. */
  declare handedOver: DeviceLine | null
  #course: InviteCourse | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  #drawnStage = ''

  static override styles = [shared, pageStyle, sectionStyle, plantStyle, joinStyle, consequencesStyle]

  constructor() {
    super()
    this.devices = null
    this.problem = ''
    this.leaving = null
    this.extended = null
    this.handedOver = null
    new Watching(this, () => this.#course)
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#timer = setInterval(() => void this.#ask(), askAgainMs)
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearInterval(this.#timer)
    // A code that nobody sees is not to be good for anything.
    if (this.model.inviting?.stage === 'code') void this.#course?.end()
    this.#course = undefined
  }

  override willUpdate(): void {
    this.#course ??= new InviteCourse(this.actions.api, this.passkey, location.hostname)
    this.#course.arrive(this.model.inviting?.stage ?? null)
  }

  override render() {
    const { inviting, tree } = this.model
    const course = this.#course!
    if (inviting) {
      const { hostFacts, hash } = this
      return html`<div class="page">
        ${inviteStep(inviting, { course, hostFacts, hash, devices: this.devices ?? [], folders: foldersOf(this.model) })}
      </div>`
    }
    return html`<div class="page">
      <h1 tabindex="-1">${joinWords.devices.title}</h1>
      ${this.#standing(course, tree)}
      <bt-remove-sheet
        .actions=${this.actions}
        .device=${this.leaving}
        @bt-sheet-closed=${() => (this.leaving = null)}
      ></bt-remove-sheet>
    </div>`
  }

  #list(course: InviteCourse, { decider, expiring }: TreeStatus) {
    const { handedOver, devices } = this
    return html`<p class="quiet">${joinWords.devices.help}</p>
      <bt-decider .decider=${decider} .actions=${this.actions} .passkey=${this.passkey}></bt-decider>
      ${
        expiring
          ? html`<p class="note">
              ${icon('warn')}<span>${joinWords.renew.soon(expiring.deviceCount, expiring.firstAtMs, Date.now())}</span>
            </p>`
          : nothing
      }
      <div class="row">
        <button class="loud" ?disabled=${course.waitingFor !== ''} @click=${() => course.begin()}>
          ${icon('add')}${joinWords.devices.add}
        </button>
        <button ?disabled=${devices === null} @click=${() => (this.extended = devices)}>
          ${icon('key')}${joinWords.renew.open}
        </button>
      </div>
      ${problemLine(course.problem)}
      ${course.waitingFor ? html`<bt-waiting .cause=${course.waitingFor}></bt-waiting>` : nothing}
      ${problemLine(this.problem, devices === null ? () => this.#askAgain() : null)}
      ${
        devices
          ? html`<bt-device-list
              .devices=${devices}
              .decides=${decider.quorum === 'here' && decider.appointed === null && handedOver === null}
              @bt-hand-over=${({ device }: HandOverEvent) => this.#handOver(device)}
              @bt-extend-device=${({ device }: ExtendDeviceEvent) => (this.extended = [device])}
              @bt-remove-device=${({ device }: RemoveDeviceEvent) => (this.leaving = device)}
            ></bt-device-list>`
          : this.problem
            ? nothing
            : html`<bt-waiting .cause=${joinWords.wait.devices}></bt-waiting>`
      }
      ${handedOver ? html`<bt-waiting .cause=${joinWords.handOver.waiting(handedOver.name)}></bt-waiting>` : nothing}
      ${
        devices
          ? html`<bt-deciders
              .decider=${decider}
              .devices=${devices}
              .actions=${this.actions}
              @bt-go-on-without=${() => this.renderRoot.querySelector('bt-decider')?.open()}
            ></bt-deciders>`
          : nothing
      }
      <p><a href=${hashOf('/join', this.hash)}>${joinWords.devices.keep}</a></p>
      <p><a href=${hashOf('/audit', this.hash)}>${joinWords.audit.link}</a></p>
      ${decider.generation > 1 ? html`<p class="quiet small number">${joinWords.decider.taken(decider.generation - 1)}</p>` : nothing}
      <bt-extend-sheet
        .actions=${this.actions}
        .passkey=${this.passkey}
        .devices=${this.extended}
        @bt-sheet-closed=${this.#extended}
      ></bt-extend-sheet>`
  }

  #extended(): void {
    this.extended = null
    void this.#ask()
  }

  #standing(course: InviteCourse, tree: TreeStatus | null) {
    if (tree?.removed) return this.#removed(tree.removed.by, tree.quarantinedCount)
    if (!tree?.isPlanted) return this.#unplanted()
    const own = this.devices?.find(({ isThis }) => isThis)
    if (tree.limited) return guestView(tree, Date.now(), own ? () => (this.leaving = own) : null)
    return this.#list(course, tree)
  }

  #removed(by: string | null, quarantinedCount: number) {
    const { text, again, againFirst, look } = words.removed
    return html`<p>${text(by)}</p>
      <p class="quiet">${again}</p>
      ${
        quarantinedCount > 0
          ? html`<p class="quiet">${againFirst(quarantinedCount)}</p>
              <p><a href=${hashOf('/quarantine', this.hash)}>${look(quarantinedCount)}</a></p>`
          : nothing
      }`
  }

  #unplanted() {
    return html`<p>${joinWords.devices.unplanted}</p>
      <div class="row">
        <a class="button loud" href=${hashOf('/plant', this.hash)}>${words.plant.offer.button}</a>
        <a class="button" href=${hashOf('/join', this.hash)}>${joinWords.devices.join}</a>
      </div>`
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has('model')) void this.#ask()
    const stage = this.model.inviting?.stage ?? 'none'
    // A new step is read from its heading on.
    if (stage !== this.#drawnStage && this.#drawnStage !== '') this.renderRoot.querySelector<HTMLElement>('h1')?.focus()
    this.#drawnStage = stage
  }

  async #handOver(device: DeviceLine): Promise<void> {
    const name = device.name || words.added.unnamed
    this.handedOver = device
    try {
      await this.actions.api.handOver(device.principal)
      this.actions.notices.done(joinWords.handOver.done(name))
      await this.#ask()
    } catch (error) {
      this.actions.notices.problem(sentenceOf(error))
    } finally {
      this.handedOver = null
    }
  }

  #askAgain(): void {
    this.problem = ''
    void this.#ask()
  }
  async #ask(): Promise<void> {
    if (!this.model.tree?.isPlanted) return
    try {
      this.devices = await this.actions.api.devices()
      this.problem = ''
    } catch (error) {
      this.problem = sentenceOf(error)
    }
  }
}
customElements.define('bt-devices-page', BtDevicesPage)

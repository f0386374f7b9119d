/**
 * A pretend phone: another profile of this browser in a frame, what to do with it next, and the cord that can be pulled.
 *
 * In the frame is the same site, with a node of its own; what the two say to each other goes over WebRTC. The code goes over as
 * the link does, in the address.
 * @module
 */
import { LitElement, type PropertyValues, html, nothing } from 'lit'
import type { Actions } from '../actions.ts'
import type { Model } from '../model.ts'
import { icon } from '../part/icon.ts'
import { problemLine } from '../part/problem.ts'
import { shared } from '../part/shared.ts'
import { Watching } from '../part/watching.ts'
import type { PretendPort } from '../ports.ts'
import { framedHash, hashOf, pretendHash, routeOf, trialHash, trialOverHash } from '../route.ts'
import { type Guide, guideAt } from './guiding.ts'
import { pretendStyle } from './pretend-phone.css.ts'
import { Pretending } from './pretending.ts'
import { demoWords } from './words.ts'
import '../part/sheet.ts'
import '../part/waiting.ts'

export class BtPretendPhone extends LitElement {
  static override properties = {
    model: { attribute: false },
    actions: { attribute: false },
    port: { attribute: false },
    hash: {},
    beside: { type: Boolean, reflect: true },
    isLeaving: { state: true },
  }
  declare model: Model
  declare actions: Actions
  declare port: PretendPort
  declare hash: string
  /** Beside the page, not below it. */
  declare beside: boolean
  declare isLeaving: boolean
  #pretending: Pretending | undefined
  #stopWatching = (): void => {}
  /** Where the frame begins. From there on it goes its own way. */
  #address = ''

  static override styles = [shared, pretendStyle]

  constructor() {
    super()
    this.beside = false
    this.isLeaving = false
    new Watching(this, () => this.#pretending)
  }
  override connectedCallback(): void {
    super.connectedCallback()
    if (this.hasUpdated) this.#watch()
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#stopWatching()
  }
  override willUpdate(changed: PropertyValues<this>): void {
    this.#pretending ??= new Pretending(this.actions.api, this.port)
    if (changed.has('port')) {
      this.#watch()
      this.#address = this.#firstAddress()
    }
  }
  #watch(): void {
    this.#stopWatching()
    this.#stopWatching = this.port.watch(() => this.requestUpdate())
  }
  #firstAddress(): string {
    const { port, model } = this
    return framedHash(port.profile, port.tree()?.treeId === model.tree?.treeId ? '/' : '/join')
  }

  override render() {
    const pretending = this.#pretending!
    const { tree, inviting } = this.model
    if (!tree) return nothing
    const { isPulled, isAway, problem, waitingFor, scannedCode } = pretending
    const isScanned = inviting?.stage === 'code' && inviting.code === scannedCode
    const guide = guideAt({ own: tree, phone: this.port.tree(), inviting, isScanned, isPulled })
    return html`<aside class=${isPulled ? 'pulled' : ''} aria-label=${demoWords.title}>
        <div class="head">
          <h2>${demoWords.title}</h2>
          <button class="plain only-icon" aria-label=${demoWords.leave} @click=${() => (this.isLeaving = true)}>
            ${icon('close')}
          </button>
        </div>
        <div class="guide">
          <p role="status">${this.#sentence(guide, pretending)}</p>
          ${problemLine(problem)}
          ${waitingFor ? html`<bt-waiting .cause=${waitingFor}></bt-waiting>` : this.#deed(guide, pretending)}
        </div>
        <div class="phone">
          ${guide === 'share' || guide === 'cut' ? this.#cord(pretending) : html`<span></span>`}
          <div class="screen">
            ${
              isAway
                ? nothing
                : html`<iframe
                    src=${this.#address}
                    title=${demoWords.frame}
                    @load=${() => this.#setCord(pretending.isPulled)}
                  ></iframe>`
            }
          </div>
        </div>
      </aside>
      ${this.#leaving(pretending)}`
  }

  #sentence(guide: Guide, { hasCard }: Pretending): string {
    if (guide === 'plant' && this.port.isTrial) return demoWords.trial
    return guide === 'approval' && hasCard ? demoWords.trialApproval : demoWords.guide[guide]
  }

  #deed(guide: Guide, pretending: Pretending) {
    const { button } = demoWords
    const deed = (text: string, act: () => unknown, kind = 'loud') =>
      html`<div class="row"><button class=${kind} @click=${act}>${text}</button></div>`
    const link = (text: string, hash: string) => html`<div class="row"><a class="button" href=${hash}>${text}</a></div>`
    const { hash } = this
    switch (guide) {
      case 'plant':
        if (this.port.isTrial) return deed(button.plantTrial, () => this.#begin(() => pretending.plantTrial()))
        return html`${link(button.plant, hashOf('/plant', hash))} ${link(button.tryIt, trialHash)}`
      case 'begin':
        return deed(button.begin, () => this.#begin(() => pretending.begin()))
      case 'scan':
        return deed(button.scan, () => this.#scan(pretending))
      case 'approval':
        return pretending.hasCard ? deed(button.approveTrial, () => pretending.approveTrial()) : nothing
      case 'other':
        return deed(button.other, () => this.#remove(pretending))
      case 'share':
        return routeOf(hash) === '/' ? nothing : link(button.tree, hashOf('/', hash))
      default:
        return nothing
    }
  }

  #cord({ isPulled }: Pretending) {
    return html`<button class="cord" @click=${() => this.#setCord(!isPulled)}>
      <span class="end"></span><span class="line"></span>
      <span class="pull">${isPulled ? demoWords.putBack : demoWords.pull}</span>
      <span class="line"></span><span class="end"></span>
    </button>`
  }

  #leaving(pretending: Pretending) {
    const { away } = demoWords
    const { isTrial } = this.port
    return html`<bt-sheet
      .open=${this.isLeaving}
      .label=${away.title}
      @bt-sheet-closed=${() => (this.isLeaving = false)}
    >
      <div class="away">
        <p>${isTrial ? away.staysTrial : away.stays}</p>
        ${isTrial ? nothing : html`<p>${away.listed}</p>`} ${problemLine(pretending.problem)}
        ${pretending.waitingFor ? html`<bt-waiting .cause=${pretending.waitingFor}></bt-waiting>` : nothing}
        <div class="row">
          <button class="loud" @click=${() => this.#leave(false)}>${away.keep}</button>
          <button @click=${async () => (await this.#remove(pretending)) && this.#leave(true)}>
            ${isTrial ? away.removeTrial : away.remove}
          </button>
        </div>
      </div>
    </bt-sheet>`
  }

  /** Where the code is shown, and the digits are asked for. */
  async #begin(deed: () => Promise<boolean>): Promise<void> {
    if (await deed()) location.hash = hashOf('/devices', location.hash)
  }
  #scan(pretending: Pretending): void {
    const { inviting } = this.model
    if (inviting?.stage !== 'code') return
    const address = framedHash(this.port.profile, '/join', inviting.code)
    this.#screen?.location.replace(new URL(address, location.href))
    pretending.scanned(inviting.code)
    if (!this.beside) this.scrollIntoView({ block: 'start' })
  }
  async #setCord(isPulled: boolean): Promise<void> {
    if (this.#screen) await this.port.setCord(this.#screen, isPulled)
    this.#pretending?.setPulled(isPulled)
  }
  async #remove(pretending: Pretending): Promise<boolean> {
    this.#address = framedHash(this.port.profile, '/join')
    return pretending.remove(() => this.updateComplete)
  }
  #leave(isRemoved: boolean): void {
    const home = isRemoved ? trialOverHash : '#/'
    location.hash = this.port.isTrial ? home : pretendHash(this.hash, false)
  }
  get #screen(): Window | null {
    return this.renderRoot.querySelector('iframe')?.contentWindow ?? null
  }
}
customElements.define('bt-pretend-phone', BtPretendPhone)

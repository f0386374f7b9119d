/**
 * The drawing of a stage: devices as a tree, their connections, and messages on their way.
 * @module
 */
import { LitElement, type PropertyValues, html, nothing, svg } from 'lit'
import { classMap } from 'lit/directives/class-map.js'
import type { StageDevice, StageParcel, StagePicture } from '../../port/stage.ts'
import { shared } from '../part/shared.ts'
import { words } from '../words.ts'
import { type Point, between, leaderOf, placesOf } from './places.ts'
import { stageStyle } from './stage-view.css.ts'

/** Somebody chose a device. */
export class DeviceChosenEvent extends Event {
  readonly device: number
  constructor(device: number) {
    super('bt-device-chosen', { bubbles: true, composed: true })
    this.device = device
  }
}

/** How much of the way to its new place a device goes in one frame. */
const settleShare = 0.14

export class BtStageView extends LitElement {
  static override properties = {
    picture: { attribute: false },
    pace: { attribute: false },
    chosen: { attribute: false },
  }
  declare picture: StagePicture
  /** Simulated milliseconds in a second. */
  declare pace: number
  declare chosen: number | null

  #arrivedAtMs = 0
  #points: readonly Point[] = []
  #frame = 0

  static override styles = [shared, stageStyle]

  override connectedCallback(): void {
    super.connectedCallback()
    const draw = (): void => {
      this.#frame = requestAnimationFrame(draw)
      this.requestUpdate()
    }
    draw()
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    cancelAnimationFrame(this.#frame)
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('picture')) this.#arrivedAtMs = performance.now()
    const targets = placesOf(this.picture.devices)
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches
    this.#points = targets.map((target, at) => {
      const from = this.#points[at]
      return from === undefined || isCalm ? target : between(from, target, settleShare)
    })
  }

  /** By script, since the page's policy allows no styles within its text. */
  override updated(): void {
    for (const [at, { style }] of this.renderRoot.querySelectorAll<HTMLElement>('.device').entries()) {
      const { x, y } = this.#points[at]!
      style.left = `${x}%`
      style.top = `${y}%`
    }
  }

  override render() {
    const { devices, paths } = this.picture
    return html`<div class="drawing" role="group" aria-label=${words.sim.stageLabel}>
      <svg aria-hidden="true">
        ${paths.map(([one, other]) => this.#path(one, other, leaderOf(devices)))}
        ${this.picture.parcels.map((parcel) => this.#parcel(parcel))}
      </svg>
      ${leaderOf(devices) === null ? html`<p class="nobody quiet">${words.sim.nobodyLeads}</p>` : nothing}
      ${devices.map((device, at) => this.#device(device, at))}
    </div>`
  }

  #path(one: number, other: number, leader: number | null) {
    const [from, to] = [this.#points[one]!, this.#points[other]!]
    const isCut = this.picture.devices[one]!.isApart !== this.picture.devices[other]!.isApart
    const isBranch = one === leader || other === leader
    return svg`<line class=${classMap({ path: true, branch: isBranch && !isCut, cut: isCut })}
      x1="${from.x}%" y1="${from.y}%" x2="${to.x}%" y2="${to.y}%" />`
  }

  #parcel({ from, to, kind, sentAtMs, dueAtMs }: StageParcel) {
    const sinceMs = ((performance.now() - this.#arrivedAtMs) / 1000) * this.pace
    const share = (this.picture.nowMs + sinceMs - sentAtMs) / Math.max(1, dueAtMs - sentAtMs)
    const [source, target] = [this.#points[from], this.#points[to]]
    if (share >= 1 || source === undefined || target === undefined) return nothing
    const { x, y } = between(source, target, share)
    return svg`<circle class="parcel ${kind}" cx="${x}%" cy="${y}%" r=${kind === 'entries' || kind === 'vote' ? 5 : 3} />`
  }

  #device(device: StageDevice, at: number) {
    const { name, term, role, health, isApart } = device
    const state = stateOf(device, this.picture.nowMs)
    return html`<button
      class=${classMap({ device: true, [role]: true, [health]: true, apart: isApart })}
      aria-pressed=${this.chosen === at}
      aria-label=${words.sim.node(name, state, term)}
      @click=${() => this.dispatchEvent(new DeviceChosenEvent(at))}
    >
      <span class="disc number">${term}</span>
      <span class="name">${name}</span>
      <span class="state">${state}</span>
    </button>`
  }
}
customElements.define('bt-stage-view', BtStageView)

/** What a device does now, in a few words. */
export function stateOf({ role, health, wakesAtMs, isApart, isSlow }: StageDevice, nowMs: number): string {
  const doing =
    health === 'frozen' ? words.sim.asleep(wakesAtMs - nowMs) : words.sim.health[health] || words.sim.roles[role]
  return [doing, ...(isApart ? [words.sim.apart] : []), ...(isSlow ? [words.sim.slow] : [])].join(', ')
}

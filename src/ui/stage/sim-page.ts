/**
 * The simulator page: this app's own node on several simulated devices, to be watched and disturbed (`#/sim`).
 * @module
 */
import { LitElement, type PropertyValues, html, nothing } from 'lit'
import type { ParcelKind, StageDeed, StageEvent, StagePicture, StagePort } from '../../port/stage.ts'
import { sentenceOf } from '../fault.ts'
import { icon } from '../part/icon.ts'
import { problemLine } from '../part/problem.ts'
import { pageStyle, sectionStyle, shared } from '../part/shared.ts'
import '../part/waiting.ts'
import type { OpenStage } from '../ports.ts'
import { type Play, playDeviceCounts, playHash, playOf, seedMax } from '../route.ts'
import { words } from '../words.ts'
import { simStyle } from './sim-page.css.ts'
import './stage-log.ts'
import './stage-view.ts'
import { type DeviceChosenEvent, stateOf } from './stage-view.ts'

const paces = [0, 100, 1000, 10_000] as const
type Pace = (typeof paces)[number]
const parcelKinds: readonly ParcelKind[] = ['entries', 'answer', 'heartbeat', 'vote', 'other']
const eventCountShown = 12

export class BtSimPage extends LitElement {
  static override properties = {
    load: { attribute: false },
    hash: { attribute: false },
    picture: { state: true },
    share: { state: true },
    pace: { state: true },
    chosen: { state: true },
    areWriting: { state: true },
    isTroubled: { state: true },
    problem: { state: true },
    note: { state: true },
  }
  declare load: () => Promise<OpenStage>
  /** The present address, which says what is played. */
  declare hash: string
  declare picture: StagePicture | null
  declare share: number
  declare pace: Pace
  declare chosen: number | null
  declare areWriting: boolean
  declare isTroubled: boolean
  declare problem: string
  declare note: string

  #stage: StagePort | null = null
  /** Of the stage that is asked for; an older one that comes late is closed. */
  #playCount = 0

  static override styles = [shared, pageStyle, sectionStyle, simStyle]

  constructor() {
    super()
    this.pace = 1000
    this.#reset()
  }
  #reset(): void {
    this.picture = null
    this.share = 0
    this.chosen = null
    this.areWriting = true
    this.isTroubled = false
    this.problem = ''
    this.note = ''
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#close()
  }
  #close(): void {
    this.#playCount++
    this.#stage?.close()
    this.#stage = null
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('hash')
    const isOther = before === undefined || JSON.stringify(playOf(before)) !== JSON.stringify(playOf(this.hash))
    if (changed.has('hash') && isOther) this.#begin()
  }

  #begin = (): void => {
    this.#close()
    this.#reset()
    const play = playOf(this.hash)
    this.isTroubled = play.isTroubled
    const count = this.#playCount
    const isNow = (): boolean => count === this.#playCount
    const watch = {
      onProgress: (share: number) => void (isNow() && (this.share = share)),
      onPicture: (picture: StagePicture) => void (isNow() && (this.picture = picture)),
      onFailure: (message: string) => void (isNow() && (this.problem = words.sim.failed(message))),
    }
    this.load().then(
      (open) => {
        if (!isNow()) return
        this.#stage = open(play, watch)
        this.#stage.pace(this.pace)
      },
      (error: unknown) => void (isNow() && (this.problem = sentenceOf(error))),
    )
  }

  override render() {
    return html`<div class="page">
      <h1>${words.sim.title}</h1>
      <p class="quiet">${words.sim.help}</p>
      ${problemLine(this.problem)} ${this.picture ? this.#play(this.picture) : this.#preparing()}
      ${this.#scene(playOf(this.hash))}
    </div>`
  }

  #preparing() {
    if (this.problem) return nothing
    return html`<section class="wide">
      <p id="preparing" class="number">${words.sim.preparing(this.share)}</p>
      <progress aria-labelledby="preparing" max="1" .value=${this.share}></progress>
    </section>`
  }

  #play(picture: StagePicture) {
    return html`<div class="play" @bt-device-chosen=${this.#choose}>
      <div class="stack sight">
        <bt-stage-view .picture=${picture} .pace=${this.pace} .chosen=${this.chosen}></bt-stage-view>
        ${this.#legend()}
      </div>
      <div class="stack side">
        ${this.#paces()} ${this.#device(picture)}
        <div class="row">
          ${this.#toggle(words.sim.people, this.areWriting, this.#setPeople)}
          ${this.#toggle(words.sim.trouble, this.isTroubled, this.#setTrouble)}
          <button @click=${() => this.#act({ kind: 'heal' })}>${icon('link')}${words.sim.heal}</button>
        </div>
        ${this.#figures(picture)}
      </div>
      <section class="logs">
        <h2>${words.sim.logs}</h2>
        <bt-stage-log class="wide" .devices=${picture.devices}></bt-stage-log>
        <p class="quiet small">${words.sim.logsHelp}</p>
      </section>
      ${this.#story(picture)}
    </div>`
  }

  #legend() {
    return html`<ul class="legend small" aria-label=${words.sim.legend}>
      ${parcelKinds.map((kind) => html`<li class=${kind}>${words.sim.parcels[kind]}</li>`)}
    </ul>`
  }

  #paces() {
    return html`<fieldset class="paces">
      <legend class="unseen">${words.sim.paceLabel}</legend>
      ${paces.map(
        (pace) =>
          html`<label>
            <input type="radio" name="pace" .checked=${this.pace === pace} @change=${() => this.#setPace(pace)} />
            <span title=${words.sim.paceLong[pace]}>${words.sim.paces[pace]}${pace === 0 ? nothing : '×'}</span>
          </label>`,
      )}
    </fieldset>`
  }

  #toggle(label: string, isOn: boolean, set: (isOn: boolean) => void) {
    return html`<button aria-pressed=${isOn} @click=${() => set(!isOn)}>
      ${isOn ? icon('check') : nothing}${label}
    </button>`
  }

  #device({ devices, nowMs }: StagePicture) {
    const at = this.chosen
    const device = at === null ? undefined : devices[at]
    if (device === undefined) return html`<p class="quiet">${words.sim.choose}</p>`
    const isOff = device.health === 'off'
    const isRunning = device.health === 'awake' || device.health === 'frozen'
    const act = (kind: Extract<StageDeed, { readonly device: number }>['kind']) => () =>
      this.#act({ kind, device: at! })
    return html`<section class="card wide">
      <h2>${device.name} <span class="quiet">${stateOf(device, nowMs)}</span></h2>
      <p class="number">${words.sim.chosen(device.term, device.appliedIndex, device.fileCount)}</p>
      ${device.waitingCount > 0 ? html`<p class="note">${words.sim.waiting(device.waitingCount)}</p>` : nothing}
      <div class="row">
        ${
          isOff
            ? html`<button class="loud" @click=${act('start')}>${words.sim.open}</button>`
            : html`<button ?disabled=${!isRunning} @click=${act('kill')}>${words.sim.close}</button>`
        }
        <button ?disabled=${device.health !== 'awake'} @click=${act('freeze')}>${words.sim.freeze}</button>
        <button @click=${act('part')}>${device.isApart ? words.sim.rejoin : words.sim.part}</button>
        <button ?disabled=${!isRunning} @click=${act('slow')}>
          ${device.isSlow ? words.sim.speedUp : words.sim.slowDown}
        </button>
        <button ?disabled=${!isRunning} @click=${act('write')}>${words.sim.write}</button>
      </div>
    </section>`
  }

  #figures({ nowMs, acknowledgedCount, electionCount, violations }: StagePicture) {
    return html`<dl class="number wide">
        <div>
          <dt>${words.sim.clock}</dt>
          <dd>${words.sim.time(nowMs)}</dd>
        </div>
        <div>
          <dt>${words.sim.acknowledged}</dt>
          <dd>${acknowledgedCount}</dd>
        </div>
        <div>
          <dt>${words.sim.elections}</dt>
          <dd>${electionCount}</dd>
        </div>
        <div title=${words.sim.rulesHelp}>
          <dt>${words.sim.rules}</dt>
          <dd>${violations.length}</dd>
        </div>
      </dl>
      ${problemLine(violations.join('; '))}`
  }

  #story({ story, devices }: StagePicture) {
    const nameOf = (event: StageEvent): string => ('device' in event ? devices[event.device]!.name : '')
    return html`<section class="told">
      <h2>${words.sim.story}</h2>
      <ol class="story small number">
        ${story
          .slice(-eventCountShown)
          .toReversed()
          .map(
            (event) =>
              html`<li class=${event.kind}>
                <span class="quiet">${words.sim.time(event.atMs)}</span> ${sentenceFor(event, nameOf(event))}
              </li>`,
          )}
      </ol>
    </section>`
  }

  #scene(play: Play) {
    return html`<section class="scene wide">
      <h2>${words.sim.scene}</h2>
      <div class="row">
        <label>
          ${words.sim.deviceCount}
          <select @change=${(event: Event) => this.#visit({ ...play, deviceCount: Number(valueOf(event)) })}>
            ${playDeviceCounts.map((count) => html`<option value=${count} ?selected=${count === play.deviceCount}>${count}</option>`)}
          </select>
        </label>
        <label>
          ${words.sim.seed}
          <input
            type="number"
            min="1"
            max=${seedMax}
            .value=${String(play.seed)}
            @change=${(event: Event) => this.#visit({ ...play, seed: Number(valueOf(event)) })}
          />
        </label>
      </div>
      <p class="quiet small">${words.sim.seedHelp}</p>
      <div class="row">
        <button @click=${() => this.#visit({ ...play, seed: 1 + Math.floor(Math.random() * seedMax) })}>
          ${words.sim.another}
        </button>
        <button @click=${this.#begin}>${icon('restore')}${words.sim.again}</button>
        <button @click=${this.#share}>${icon('copy')}${words.sim.share}</button>
      </div>
      <p role="status">${this.note}</p>
    </section>`
  }

  #visit(play: Play): void {
    location.hash = playHash(play, this.hash)
  }
  #share = async (): Promise<void> => {
    const { origin, pathname } = location
    // Of the present address nothing else goes along: the profile in it is this browser's.
    const hash = playHash({ ...playOf(this.hash), isTroubled: this.isTroubled }, '')
    try {
      await navigator.clipboard.writeText(origin + pathname + hash)
      this.note = words.sim.shared
    } catch {
      // Permission, or a page without focus.
      this.note = words.sim.notShared(origin + pathname + hash)
    }
  }

  #act(deed: StageDeed): void {
    this.#stage?.act(deed)
  }
  #choose = ({ device }: DeviceChosenEvent): void => {
    this.chosen = this.chosen === device ? null : device
  }
  #setPace(pace: Pace): void {
    this.pace = pace
    this.#stage?.pace(pace)
  }
  #setPeople = (areWriting: boolean): void => {
    this.areWriting = areWriting
    this.#act({ kind: 'people', areWriting })
  }
  #setTrouble = (isComing: boolean): void => {
    this.isTroubled = isComing
    this.#act({ kind: 'trouble', isComing })
  }
}
customElements.define('bt-sim-page', BtSimPage)

const valueOf = (event: Event): string => (event.target as HTMLInputElement | HTMLSelectElement).value

function sentenceFor(event: StageEvent, name: string): string {
  const { events } = words.sim
  switch (event.kind) {
    case 'leads':
      return events.leads(name, event.term)
    case 'froze':
      return events.froze(name, event.durationMs)
    case 'taken':
      return events.taken(name, event.name, event.durationMs)
    case 'kept':
    case 'unanswered':
      return events[event.kind](name, event.name)
    case 'healed':
      return events.healed
    default:
      return events[event.kind](name)
  }
}

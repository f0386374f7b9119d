/**
 * What the tree takes up here, how long it stays, and a copy of it elsewhere.
 * @module
 */
import { LitElement, type PropertyValues, html, nothing, svg } from 'lit'
import type { StorageReport } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { sentenceOf } from '../fault.ts'
import { formatCount, formatFingerprint, formatSize } from '../format.ts'
import type { Model } from '../model.ts'
import { icon } from '../part/icon.ts'
import { pageStyle, sectionStyle, shared } from '../part/shared.ts'
import { hashOf } from '../route.ts'
import { words } from '../words.ts'
import { storageStyle } from './storage-page.css.ts'
import '../part/copies.ts'
import '../part/waiting.ts'

export class BtStoragePage extends LitElement {
  static override properties = {
    model: { attribute: false },
    actions: { attribute: false },
    hash: {},
    report: { state: true },
    persisted: { state: true },
    refusal: { state: true },
    exported: { state: true },
    problem: { state: true },
  }
  declare model: Model
  declare actions: Actions
  declare hash: string
  declare report: StorageReport | null
  /** null where the browser cannot promise at all. */
  declare persisted: boolean | null
  declare refusal: string
  /** An id once the archive is ready to be downloaded. */
  declare exported: 'no' | 'preparing' | { readonly id: string }
  declare problem: string

  static override styles = [shared, pageStyle, sectionStyle, storageStyle]

  constructor() {
    super()
    this.report = null
    this.persisted = null
    this.refusal = ''
    this.exported = 'no'
    this.problem = ''
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has('model')) void this.#measure()
  }

  override render() {
    return html`<div class="page">
      <h1>${words.storage.title}</h1>
      ${this.problem ? html`<p class="problem" role="alert">${icon('warn')}<span>${this.problem}</span></p>` : nothing}
      ${this.report ? this.#space(this.report) : html`<bt-waiting .cause=${words.wait.storage}></bt-waiting>`}
      ${this.#stays()} ${this.#copy()} ${this.#keys()}
    </div>`
  }

  #space({ usedBytes, quotaBytes, treeBytes, trashBytes, fileCount }: StorageReport) {
    const upkeepBytes = Math.max(0, usedBytes - treeBytes - trashBytes)
    const lines = [
      ['tree', words.storage.tree, treeBytes],
      ['in-trash', words.storage.trash, trashBytes],
      ['upkeep', words.storage.upkeep, upkeepBytes],
    ] as const
    // The bar shows what is used, not the quota: a browser's quota is so large that nothing would be seen.
    const whole = Math.max(1, treeBytes + trashBytes + upkeepBytes)
    let start = 0
    return html`<section>
      <p class="used number">${words.storage.used(usedBytes, quotaBytes)}</p>
      <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label=${words.storage.barLabel}>
        ${lines.map(([kind, , sizeBytes]) => {
          const width = (100 * sizeBytes) / whole
          const x = start
          start += width
          return bar(kind, x, width)
        })}
      </svg>
      <dl class="legend number">
        ${lines.map(
          ([kind, text, sizeBytes]) =>
            html`<div>
              <dt><span class="swatch ${kind}"></span>${text}</dt>
              <dd>${formatSize(sizeBytes)}</dd>
            </div>`,
        )}
        <div>
          <dt>${words.storage.files}</dt>
          <dd>${formatCount(fileCount)}</dd>
        </div>
      </dl>
      <bt-copies
        .copyCount=${this.model.tree?.deviceCount ?? 1}
        .deviceCount=${this.model.tree?.deviceCount ?? 1}
      ></bt-copies>
    </section>`
  }

  #stays() {
    const text =
      this.persisted === null
        ? words.storage.cannotAsk
        : this.persisted
          ? words.storage.persisted
          : words.storage.notPersisted
    return html`<section class="card">
      <h2>${words.storage.keepTitle}</h2>
      <p class=${this.persisted ? 'quiet' : 'note'}>${this.persisted ? nothing : icon('warn')}<span>${text}</span></p>
      ${this.persisted === false ? html`<button @click=${this.#persist}>${words.storage.askPersist}</button>` : nothing}
      <p class="quiet small" role="status">${this.refusal}</p>
    </section>`
  }

  #copy() {
    const { exported } = this
    const isPlanted = this.model.tree?.planted === true
    return html`<section class="card">
      <h2>${words.storage.copyTitle}</h2>
      <p class="quiet">${isPlanted ? words.storage.copyHelp : words.storage.copyUnplanted}</p>
      ${
        isPlanted
          ? html`<div class="row">
              ${
                typeof exported === 'object'
                  ? html`<button class="loud" @click=${() => this.actions.download(exported.id)}>
                      ${icon('download')}${words.storage.download}
                    </button>`
                  : html`<button ?disabled=${exported === 'preparing'} @click=${this.#export}>
                      ${exported === 'preparing' ? words.storage.copying : words.storage.copy}
                    </button>`
              }
            </div>`
          : html`<div class="row">
              <a class="button loud" href=${hashOf('/plant', this.hash)}>${words.plant.start}</a>
              <a class="button" href=${hashOf('/recover', this.hash)}>${words.storage.recover}</a>
            </div>`
      }
    </section>`
  }

  #keys() {
    const { tree } = this.model
    if (!tree) return nothing
    const line = (term: string, text: string, isFingerprint = false) =>
      text === ''
        ? nothing
        : html`<div>
            <dt>${term}</dt>
            <dd class=${isFingerprint ? 'mono' : ''}><bdi>${isFingerprint ? formatFingerprint(text) : text}</bdi></dd>
          </div>`
    return html`<section>
      <h2>${words.storage.keysTitle}</h2>
      ${tree.planted ? nothing : html`<p class="quiet">${words.storage.unplanted}</p>`}
      <dl>
        ${line(words.storage.owner, tree.ownerName)} ${line(words.storage.device, tree.deviceName)}
        ${tree.root ? line(words.storage.rootKept, words.storage.rootBy[tree.root.passkey]) : nothing}
        ${line(words.storage.principal, tree.principal, true)} ${line(words.storage.treeId, tree.treeId, true)}
        ${line(words.storage.stateRoot, tree.stateRoot, true)}
      </dl>
      <p class="quiet small">${words.storage.stateRootHelp}</p>
    </section>`
  }

  async #measure(): Promise<void> {
    try {
      this.persisted = (await navigator.storage?.persisted?.()) ?? null
      this.report = await this.actions.api.storage()
      this.problem = ''
    } catch (error) {
      this.problem = sentenceOf(error)
    }
  }
  async #persist(): Promise<void> {
    this.persisted = await navigator.storage.persist()
    this.refusal = this.persisted ? '' : words.storage.refused
  }
  async #export(): Promise<void> {
    this.exported = 'preparing'
    try {
      const id = await this.actions.api.beginExport(crypto.randomUUID())
      this.exported = { id }
      this.actions.download(id)
    } catch (error) {
      this.exported = 'no'
      this.problem = sentenceOf(error)
    }
  }
}
customElements.define('bt-storage-page', BtStoragePage)

const bar = (kind: string, x: number, width: number) =>
  svg`<rect class=${kind} x=${x} y="0" width=${width} height="4"></rect>`

/**
 * A trial of fragments: a file becomes forty, some are destroyed, and it comes back until too few are left.
 * @module
 */
import { LitElement, html, nothing } from 'lit'
import { CancelledError, toHex } from '../../core/bytes/bytes.ts'
import type { Actions } from '../actions.ts'
import { sentenceOf } from '../fault.ts'
import { formatFingerprint } from '../format.ts'
import { type Model, isPlaced } from '../model.ts'
import { icon } from '../part/icon.ts'
import { problemLine } from '../part/problem.ts'
import { pageStyle, sectionStyle, shared } from '../part/shared.ts'
import type { FragmentsPort, LongWork, MadeFragments } from '../ports.ts'
import { words } from '../words.ts'
import { fragmentsStyle } from './fragments-page.css.ts'

/** n and m as proposed for stripes at large. */
const fragmentCount = 40
const neededCount = 16
/** Fragments are 2.9 times the file, all in memory. */
const fileSizeBytesMax = 256 * 1024 * 1024

export class BtFragmentsPage extends LitElement {
  static override properties = {
    model: { attribute: false },
    actions: { attribute: false },
    load: { attribute: false },
    made: { state: true },
    held: { state: true },
    working: { state: true },
    restored: { state: true },
    problem: { state: true },
  }
  declare model: Model
  declare actions: Actions
  declare load: () => Promise<FragmentsPort>
  declare made: MadeFragments | null
  /** Those of `made` that are left; a set of its own for each change. */
  declare held: ReadonlySet<number>
  /** What is under way, in words, and its share. */
  declare working: { readonly text: (share: number) => string; readonly share: number } | null
  declare restored: string | null
  declare problem: string

  #fileName = ''
  #abort: AbortController | null = null

  static override styles = [shared, pageStyle, sectionStyle, fragmentsStyle]

  constructor() {
    super()
    this.made = null
    this.held = new Set()
    this.working = null
    this.restored = null
    this.problem = ''
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#abort?.abort()
    this.#forget()
  }

  override render() {
    return html`<div class="page">
      <h1>${words.fragments.title}</h1>
      <p class="quiet">${words.fragments.help}</p>
      <section>
        ${this.#treeFiles()}
        <label class="wide">
          ${words.fragments.choose}
          <input type="file" ?disabled=${this.working !== null} @change=${this.#chosen} />
        </label>
        <p class="quiet small">${words.fragments.limit(fileSizeBytesMax)}</p>
      </section>
      ${problemLine(this.problem)} ${this.working ? this.#progress(this.working) : nothing}
      ${this.made ? this.#fragments(this.made) : nothing}
    </div>`
  }

  #treeFiles() {
    const files = [...this.model.items.values()]
      .filter(({ id, kind, sizeBytes }) => kind === 'file' && sizeBytes > 0 && isPlaced(this.model, id))
      .toSorted((left, right) => left.name.localeCompare(right.name))
    if (files.length === 0) return nothing
    return html`<label class="wide">
      ${words.fragments.ofTree}
      <select ?disabled=${this.working !== null} @change=${this.#chosenOfTree}>
        <option value="">${words.fragments.noneOfTree}</option>
        ${files.map(({ id, name }) => html`<option value=${id}>${name}</option>`)}
      </select>
    </label>`
  }

  #progress({ text, share }: NonNullable<BtFragmentsPage['working']>) {
    return html`<section>
      <p id="work" class="number">${text(share)}</p>
      <progress aria-labelledby="work" max="1" .value=${share}></progress>
      <button @click=${() => this.#abort?.abort()}>${words.cancel}</button>
    </section>`
  }

  #fragments({ sizeBytes, contentRoot }: MadeFragments) {
    const { held, restored } = this
    const isEnough = held.size >= neededCount
    const spareCount = held.size - neededCount
    return html`<section class="card">
      <h2>${words.fragments.made(fragmentCount, sizeBytes, neededCount)}</h2>
      <p class="number" role="status">${words.fragments.left(held.size, neededCount)}</p>
      <ul aria-label=${words.fragments.listLabel}>
        ${Array.from({ length: fragmentCount }, (_, id) => this.#seed(id))}
      </ul>
      ${isEnough ? nothing : html`<p class="note">${icon('warn')}<span>${words.fragments.tooFew(held.size)}</span></p>`}
      <div class="row">
        <button class="loud" ?disabled=${!isEnough || this.working !== null} @click=${this.#restore}>
          ${icon('restore')}${words.fragments.restore}
        </button>
        ${
          spareCount > 0
            ? html`<button ?disabled=${this.working !== null} @click=${this.#destroyMany}>
                ${words.fragments.destroyMany(spareCount)}
              </button>`
            : nothing
        }
      </div>
      <div class="stack" role="status">
        ${
          restored
            ? html`<p class="done">${icon('check')}<span>${words.fragments.restored}</span></p>
                <a class="button" href=${restored} download=${this.#fileName}>
                  ${icon('download')}${words.fragments.save}
                </a>`
            : nothing
        }
      </div>
      <dl>
        <dt>${words.fragments.hash}</dt>
        <dd class="mono">${formatFingerprint(toHex(contentRoot))}</dd>
      </dl>
    </section>`
  }

  #seed(id: number) {
    const isHeld = this.held.has(id)
    const label = isHeld ? words.fragments.here(id + 1) : words.fragments.gone(id + 1)
    return html`<li>
      <button
        class="seed number"
        ?disabled=${!isHeld || this.working !== null}
        aria-label=${label}
        @click=${() => this.#destroy([id])}
      >
        ${id + 1}
      </button>
    </li>`
  }

  #chosen = (event: Event): void => {
    const file = (event.target as HTMLInputElement).files?.[0]
    if (file) this.#make(file.name, file.size, async () => file)
  }

  #chosenOfTree = (event: Event): void => {
    const item = this.model.items.get((event.target as HTMLSelectElement).value)
    if (item) this.#make(item.name, item.sizeBytes, ({ signal }) => this.#read(item.id, signal))
  }

  #make(name: string, sizeBytes: number, read: (work: LongWork) => Promise<Blob>): void {
    this.#forget()
    this.#fileName = name
    if (sizeBytes === 0 || sizeBytes > fileSizeBytesMax) {
      this.problem = sizeBytes === 0 ? words.fragments.empty : words.fragments.limit(fileSizeBytesMax)
      return
    }
    void this.#work(words.fragments.making, async (work) => {
      const fragments = await this.load()
      this.made = await fragments.make(await read(work), fragmentCount, neededCount, work)
      this.held = new Set(this.made.held())
    })
  }

  /** A block of the tree, whole. */
  async #read(id: string, signal: AbortSignal): Promise<Blob> {
    const { api } = this.actions
    const { streamId } = await api.openContent(id)
    try {
      const pieces: Uint8Array<ArrayBuffer>[] = []
      for (;;) {
        if (signal.aborted) throw new CancelledError()
        const piece = await api.nextChunk(streamId)
        if (piece === null) return new Blob(pieces)
        pieces.push(piece as Uint8Array<ArrayBuffer>)
      }
    } finally {
      await api.closeContent(streamId)
    }
  }

  #restore = (): void => {
    const { made } = this
    if (!made) return
    this.#dropRestored()
    void this.#work(words.fragments.restoring, async (work) => {
      this.restored = URL.createObjectURL(await made.restore(work))
    })
  }

  /** All that can be spared, so that just enough are left. */
  #destroyMany = (): void => {
    const ids = [...this.held]
    for (let last = ids.length - 1; last > 0; last--) {
      const other = Math.floor(Math.random() * (last + 1))
      ;[ids[last], ids[other]] = [ids[other]!, ids[last]!]
    }
    this.#destroy(ids.slice(neededCount))
  }

  #destroy(ids: readonly number[]): void {
    const { made } = this
    if (!made) return
    this.#dropRestored()
    for (const id of ids) made.destroy(id)
    this.held = new Set(made.held())
  }

  async #work(text: (share: number) => string, run: (work: LongWork) => Promise<void>): Promise<void> {
    this.#abort = new AbortController()
    this.problem = ''
    this.working = { text, share: 0 }
    try {
      await run({
        signal: this.#abort.signal,
        onProgress: (share) => (this.working = { text, share }),
      })
    } catch (error) {
      if (!(error instanceof CancelledError)) this.problem = sentenceOf(error)
    }
    this.working = null
  }

  #dropRestored(): void {
    if (this.restored) URL.revokeObjectURL(this.restored)
    this.restored = null
  }
  #forget(): void {
    this.#dropRestored()
    this.made = null
    this.problem = ''
  }
}
customElements.define('bt-fragments-page', BtFragmentsPage)

/**
 * The question whether a device is to be put out of the tree, with what that does and what it can not do; and its end.
 * @module
 */
import { LitElement, type PropertyValues, html, nothing } from 'lit'
import type { DeviceLine, RemovalPreview } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { SheetClosedEvent } from '../events.ts'
import { sentenceOf } from '../fault.ts'
import { problemLine } from '../part/problem.ts'
import { shared } from '../part/shared.ts'
import { words } from '../words.ts'
import { consequences, consequencesStyle } from './consequences.ts'
import { joinWords } from './words.ts'
import '../part/sheet.ts'
import '../part/waiting.ts'

const { remove } = joinWords

export class BtRemoveSheet extends LitElement {
  static override properties = {
    actions: { attribute: false },
    device: { attribute: false },
    preview: { state: true },
    isRemoving: { state: true },
    problem: { state: true },
  }
  declare actions: Actions
  /** The sheet is closed while this is null. */
  declare device: DeviceLine | null
  /** null until the tree has told what it would do. */
  declare preview: RemovalPreview | null
  declare isRemoving: boolean
  declare problem: string

  static override styles = [shared, consequencesStyle]

  constructor() {
    super()
    this.device = null
    this.preview = null
    this.isRemoving = false
    this.problem = ''
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has('device') && this.device !== null) void this.#look(this.device)
  }

  override render() {
    const { device } = this
    const name = device?.name || words.added.unnamed
    const title = device?.isThis ? remove.leaveTitle : remove.title(name)
    return html`<bt-sheet .open=${device !== null} .label=${device ? title : ''} @bt-sheet-closed=${this.#closed}>
      ${device ? this.#question(device, name) : nothing}
    </bt-sheet>`
  }

  #question(device: DeviceLine, name: string) {
    const { isThis } = device
    const { preview } = this
    return html`${
        isThis
          ? consequences(remove.leaveLines, ['key', 'readers', 'restore'])
          : preview
            ? consequences(remove.lines(name, preview), ['key', 'files', 'storage', 'readers', 'restore', 'link'])
            : this.problem
              ? nothing
              : html`<bt-waiting .cause=${remove.looking}></bt-waiting>`
      }
      ${problemLine(this.problem)}
      ${this.isRemoving ? html`<bt-waiting .cause=${remove.waiting}></bt-waiting>` : nothing}
      <div class="row">
        <button
          class="danger"
          ?disabled=${this.isRemoving || !(isThis || preview || this.problem)}
          @click=${() => this.#remove(device, name)}
        >
          ${isThis ? remove.leave : remove.button}
        </button>
        <button class="plain" @click=${this.#close}>${remove.cancel}</button>
      </div>`
  }

  /** Of this device it is known what leaving does; of another it is asked when the sheet opens. */
  async #look({ principal, isThis }: DeviceLine): Promise<void> {
    this.preview = null
    this.problem = ''
    if (isThis) return
    try {
      const preview = await this.actions.api.previewRemoval(principal)
      if (this.device?.principal === principal) this.preview = preview
    } catch (error) {
      this.problem = sentenceOf(error)
    }
  }

  async #remove({ principal, isThis }: DeviceLine, name: string): Promise<void> {
    this.isRemoving = true
    this.problem = ''
    try {
      await this.actions.api.removeDevice(crypto.randomUUID(), principal)
      // Of this one the page itself says so from now on.
      if (!isThis) this.actions.notices.done(words.removed.done(name))
      this.#close()
    } catch (error) {
      this.problem = sentenceOf(error)
    } finally {
      this.isRemoving = false
    }
  }

  #close(): void {
    this.renderRoot.querySelector('bt-sheet')?.close()
  }
  #closed(event: Event): void {
    event.stopPropagation()
    this.problem = ''
    this.dispatchEvent(new SheetClosedEvent())
  }
}
customElements.define('bt-remove-sheet', BtRemoveSheet)

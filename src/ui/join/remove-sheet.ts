/**
 * The question whether a device is to be put out of the tree, with what that does and what it can not do; and its end.
 * @module
 */
import { LitElement, html, nothing } from 'lit'
import type { DeviceLine } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { SheetClosedEvent } from '../events.ts'
import { sentenceOf } from '../fault.ts'
import { problemLine } from '../page/plant-steps.ts'
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
    isRemoving: { state: true },
    problem: { state: true },
  }
  declare actions: Actions
  /** The sheet is closed while this is null. */
  declare device: DeviceLine | null
  declare isRemoving: boolean
  declare problem: string

  static override styles = [shared, consequencesStyle]

  constructor() {
    super()
    this.device = null
    this.isRemoving = false
    this.problem = ''
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
    const lines = isThis ? remove.leaveLines : remove.lines(name)
    return html`${consequences(lines, ['key', 'readers', 'restore'])} ${problemLine(this.problem)}
      ${this.isRemoving ? html`<bt-waiting .cause=${remove.waiting}></bt-waiting>` : nothing}
      <div class="row">
        <button class="danger" ?disabled=${this.isRemoving} @click=${() => this.#remove(device, name)}>
          ${isThis ? remove.leave : remove.button}
        </button>
        <button class="plain" @click=${this.#close}>${remove.cancel}</button>
      </div>`
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
